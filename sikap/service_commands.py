"""`sikap serve` and `sikap drain`: a server's beginning and its end."""

import contextlib
import importlib.util
import os
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from sikap.errors import InputError

if TYPE_CHECKING:
    from serving.settings import Settings

service = typer.Typer()
console = Console(stderr=True)
ROOT = Path(__file__).parents[1]
LOOPBACK = ("127.", "localhost", "::1")
Port = Annotated[int, typer.Option(min=1, max=65535, help="The server's port.")]


@service.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to bind; any but this machine's own needs keys.")] = "127.0.0.1",
    port: Port = 3000,
    keys: Annotated[
        Path | None, typer.Option(help="File of API keys, NAME:KEY a line; the same as SIKAP_KEYS_FILE.")
    ] = None,
) -> None:
    """Serve the HTTP API and the page."""
    from models.shelf import bundles_root, load_current
    from serving.settings import Settings, drain_switch

    if keys:
        os.environ["SIKAP_KEYS_FILE"] = str(keys.resolve())
    settings = Settings.from_environment()
    load_current(bundles_root())  # a damaged bundle is told here, where one sees it
    _check_tracing(settings)
    _check_address(host, port, settings)
    home = _home(port)
    home.mkdir(parents=True, exist_ok=True)
    drain_switch(home).unlink(missing_ok=True)
    # The service makes no calls of its own to anyone; `true` is the only value that BentoML takes for it.
    environment = {
        "SIKAP_LOG": "text" if sys.stdout.isatty() else "json",
        **os.environ,
        "BENTOML_DO_NOT_TRACK": "true",
        "BENTOML_HOME": str(home),
        "SIKAP_MODELS": str(bundles_root().resolve()),
    }
    _say(f"Sikap at http://{host}:{port}  (Ctrl+C stops it)")
    command = [
        sys.executable,
        "-m",
        "serving.supervisor",
        "serve",
        "serving.service:Sikap",
        "--host",
        host,
        "--port",
        str(port),
    ]
    os.chdir(ROOT)
    os.execve(sys.executable, command, environment)


@service.command()
def drain(
    port: Port = 3000,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait, for load balancers to look elsewhere.")] = 0,
) -> None:
    """Have a server on this machine say that it is not ready, before it is stopped; it still answers what comes."""
    from serving.settings import drain_switch

    switch = drain_switch(_home(port))
    if not switch.parent.is_dir():
        raise InputError(
            f"{switch.parent}: no server has run at port {port} here; name its port, or set BENTOML_HOME as it has"
        )
    switch.touch()
    console.print(
        f"the server at port {port} says that it is not ready; stop it with SIGTERM, or undo with: rm {switch}"
    )
    time.sleep(wait)


def _say(text: str) -> None:
    """Tell the operator, where there is one to read it: a full disk for logs is no reason not to start."""
    with contextlib.suppress(OSError):
        console.print(text)


def _home(port: int) -> Path:
    """Two servers cannot share a home, and a relative path counts from here, not from where the server runs."""
    return Path(os.environ.get("BENTOML_HOME") or ROOT / ".bentoml" / str(port)).resolve()


def _check_address(host: str, port: int, settings: "Settings") -> None:
    """Refuse an address that cannot be bound, or that others reach while there are no keys."""
    if not host.startswith(LOOPBACK) and not settings.keys:
        raise InputError(
            f"{host}: without keys the service binds to this machine alone (127.0.0.1); name a file of keys with "
            "--keys or SIKAP_KEYS_FILE, a line `NAME:KEY` each, keys made with `openssl rand -hex 32`"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            pass
    except OSError as error:
        raise InputError(f"{host}:{port}: {error.strerror or error}; choose another with --host or --port") from error
    if not settings.keys:
        _say("[yellow]note[/]: no keys, so only this machine can use it (docs/serving.md)")


def _check_tracing(settings: "Settings") -> None:
    if settings.traces and not importlib.util.find_spec("opentelemetry.exporter"):
        from importlib.metadata import version

        package = f"opentelemetry-exporter-otlp-proto-http=={version('opentelemetry-sdk')}"
        raise InputError(
            f"traces are to go to {settings.traces}, but the exporter is not installed: .venv/bin/pip install {package}"
        )
