"""Sikap's service beside three others with a classifier of the same encoder, each in an environment of its own.

Run by `make bench`. The others give a label a paragraph; Sikap also gives spans, holders and a profile. Each contender
answers the same articles from 16 clients, one after the other on the same machine; the ratio is what counts. Environments
are made under .venv/contenders on first use (several hundred MB each). `--only plain --seconds 5` is a quick look.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from load import Job, closed_loop, rate_of
from rich.console import Console
from rich.table import Table
from server import ROOT, Server
from service import CLIENTS, article_jobs

from labels.store import read_articles
from serving.classifier import body_of, prepare
from training.encoder import COMPACT

HERE = Path(__file__).parent / "contenders"
TORCH = ("torch==2.13.0", "transformers==5.23.0")
AIM = 5  # times as fast as each


@dataclass(frozen=True)
class Contender:
    """A server to measure: what it needs installed, how it starts ({python}, {port}, {model}), how it is asked."""

    title: str
    packages: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    ready: str = "/readyz"
    path: str = "/classify"
    body: Callable[[list[str]], object] = field(default=lambda texts: {"texts": texts})
    environment: dict[str, str] = field(default_factory=dict)

    def python(self, name: str) -> Path:
        """Its interpreter, in an environment that is made where there is none."""
        home = ROOT / ".venv" / "contenders" / name
        if not (home / "installed").exists():
            Console().print(f"installing {', '.join(self.packages)}")
            subprocess.run([sys.executable, "-m", "venv", home], check=True)
            subprocess.run([home / "bin" / "pip", "install", "--quiet", *self.packages], check=True)
            (home / "installed").touch()
        return home / "bin" / "python"


CONTENDERS = {
    "plain": Contender(
        "FastAPI + transformers.pipeline",
        (*TORCH, "fastapi==0.165.0", "uvicorn==0.54.0"),
        ("{python}", "-m", "uvicorn", "plain:app", "--app-dir", str(HERE), "--port", "{port}", "--log-level", "warning"),
        "/ready",
    ),
    "lit": Contender("LitServe", (*TORCH, "litserve==0.2.19"), ("{python}", str(HERE / "lit.py")), "/health"),
    "infinity": Contender(
        "infinity-emb /classify",
        # Its release asks for older transformers than ours.
        ("torch==2.13.0", "infinity-emb[server,torch]==0.0.78", "transformers<4.50", "optimum<1.25", "click<8.2"),
        ("{python}", "-m", "infinity_emb.cli", "v2", "--model-id", "{model}", "--port", "{port}", "--device", "cpu", "--engine", "torch", "--served-model-name", "sikap", "--no-bettertransformer"),
        "/health",
        body=lambda texts: {"input": texts, "model": "sikap"},
        environment={"DO_NOT_TRACK": "1", "INFINITY_ANONYMOUS_USAGE_STATS": "0"},
    ),
}  # fmt: skip


def save_model(folder: Path) -> None:
    """The compact encoder with a fresh classifier: speed does not depend on what it learned."""
    from transformers import BertForSequenceClassification, PreTrainedTokenizerFast
    from transformers.utils import logging

    logging.set_verbosity_error()  # it would report at length that the classifier is fresh
    logging.disable_progress_bar()
    # The others read it in the precision that it is saved in, and a CPU is slow in the fp16 of the shipped weights.
    BertForSequenceClassification.from_pretrained(COMPACT, num_labels=4, dtype="float32").save_pretrained(folder)
    PreTrainedTokenizerFast.from_pretrained(COMPACT).save_pretrained(folder)
    settings = folder / "tokenizer_config.json"  # older releases know its class by its older name
    named = json.loads(settings.read_text()) | {"tokenizer_class": "PreTrainedTokenizerFast"}
    settings.write_text(json.dumps(named))


def measure(server: Server, jobs: list[Job], seconds: float) -> float:
    with server:
        asyncio.run(closed_loop(server.port, jobs, CLIENTS, min(5, seconds)))
        return rate_of(asyncio.run(closed_loop(server.port, jobs, CLIENTS, seconds)), seconds)


def measure_other(name: str, model: Path, seconds: float) -> float:
    contender = CONTENDERS[name]
    texts = [body_of(prepare(article.text)) for article in read_articles()][:200]
    jobs = [Job.of(contender.path, contender.body(those), len(those)) for those in texts]
    filled = [
        part.replace("{python}", str(contender.python(name))).replace("{model}", str(model))
        for part in contender.command
    ]
    server = Server(filled, contender.ready, MODEL=str(model), HF_HUB_OFFLINE="1", **contender.environment)
    return measure(server, jobs, seconds)


def _beside(ours: float, rate: float) -> tuple[str, ...]:
    if not rate:
        return ("it answered nothing",)
    return f"{ours / rate:.1f} times", f"at least {AIM} times", "" if ours >= AIM * rate else "missed"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=30, help="of each measurement")
    arguments.add_argument("--only", choices=CONTENDERS, help="one of the others")
    given = arguments.parse_args()
    table = Table("", "paragraphs a second", "Sikap is faster by", "aim", "")
    ours = measure(Server(), article_jobs()[0], given.seconds)
    table.add_row("Sikap", f"{ours:.0f}")
    with tempfile.TemporaryDirectory() as folder:
        save_model(Path(folder))
        for name in [given.only] if given.only else CONTENDERS:
            try:
                rate = measure_other(name, Path(folder), given.seconds)
                table.add_row(CONTENDERS[name].title, f"{rate:.0f}", *_beside(ours, rate))
            except (RuntimeError, subprocess.CalledProcessError) as error:
                table.add_row(CONTENDERS[name].title, "", f"did not run: {str(error)[-200:]}")
    Console().print(f"{CLIENTS} clients, {given.seconds:g} s each, load average at the end {os.getloadavg()[0]:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
