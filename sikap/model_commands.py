"""`sikap models`: the bundles on the shelf, and which one is current."""

from typing import Annotated

import typer
from rich.console import Console

models = typer.Typer(no_args_is_help=True, help="List, show, promote and roll back model bundles.")
Name = Annotated[str, typer.Argument(help="NAME/VERSION as in `sikap models list`.")]


@models.command("list")
def list_() -> None:
    """List the bundles; the current one has a star."""
    from models.shelf import bundles_root, current_bundle, list_bundles

    root = bundles_root()
    names = list_bundles(root)
    current = current_bundle(root) if names else ""
    for name in names:
        Console().print(f"{'*' if name == current else ' '} {name}", highlight=False, markup=False)


@models.command()
def show(name: Annotated[str, typer.Argument(help="NAME/VERSION; default: the current bundle.")] = "") -> None:
    """Show a bundle's card."""
    from rich.markdown import Markdown

    from models.bundle import load_bundle
    from models.shelf import bundles_root, current_bundle

    root = bundles_root()
    bundle = load_bundle(root / (name or current_bundle(root)))
    Console().print(Markdown((bundle.folder / "README.md").read_text(encoding="utf-8")))


@models.command()
def promote(name: Name) -> None:
    """Verify a bundle and make it the current one."""
    from models.shelf import bundles_root
    from models.shelf import promote as run

    run(name, bundles_root())
    Console().print(f"{name} is current; a running server takes it up within seconds", markup=False)


@models.command()
def rollback() -> None:
    """Make the bundle current again that was so before."""
    from models.shelf import bundles_root
    from models.shelf import rollback as run

    manifest = run(bundles_root()).manifest
    Console().print(f"{manifest.name}/{manifest.version} is current again", markup=False)
