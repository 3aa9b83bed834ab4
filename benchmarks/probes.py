"""Probes: an encoder fine-tuned on four tasks of IndoNLU, beside published figures and a linear baseline measured here.

    python benchmarks/probes.py ../indonlu [--encoder models/compact] [--tasks SmSA,EmoT,WReTE,NERP] [--seeds 3] [--first 0]

The folder holds IndoNLU's own files with their published splits (Wilie et al., AACL 2020, arXiv:2009.05387). Of the epochs the
one that does best on the validation split is judged on the test split: macro-F1, for NERP F1 of whole entities.
"""

import copy
import csv
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline, make_union
from torch import Tensor, nn

from models.runtime import pad
from sikap.errors import InputError
from training.dataset import STEP, batches
from training.device import autocast, device
from training.encoder import COMPACT, Encoder, load_encoder
from training.fit import suitable_rate

# IndoNLU's own, read in Wongso et al., 2024 (NusaBERT, arXiv:2403.01817), which repeats them.
PUBLISHED: Final = {
    "IndoBERT-base-p1, 124 M": {"SmSA": 87.73, "EmoT": 75.48, "WReTE": 78.55, "NERP": 75.52},
    "IndoBERT-lite-base-p1, 12 M": {"SmSA": 90.85, "EmoT": 73.88, "WReTE": 82.17, "NERP": 46.58},
    "mBERT, 167 M": {"SmSA": 84.14, "EmoT": 67.30, "WReTE": 84.40, "NERP": 69.27},
}
LONGEST: Final = 192  # tokens; a few reviews are longer, and are cut
TOKENS: Final = 1024  # a batch
IGNORED: Final = -100


@dataclass(frozen=True)
class Example:
    """One or two texts, or words; and a label, or one for each word."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """A task's folder, its reader, the epochs it gets, and whether words are labelled instead of texts."""

    folder: str
    read: Callable[[Path], list[Example]]
    epochs: int
    words: bool = False


def read_smsa(path: Path) -> list[Example]:
    """A text and its sentiment a line, parted by a tab."""
    rows = (line.rsplit("\t", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return [Example((text,), (label,)) for text, label in rows]


def read_csv(path: Path) -> list[Example]:
    """EmoT (`label`, `tweet`) and WReTE (`sent_A`, `sent_B`, `category`, `label`)."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = ["tweet"] if "tweet" in rows[0] else ["sent_A", "sent_B"]
    return [Example(tuple(row[column] for column in columns), (row["label"],)) for row in rows]


def read_nerp(path: Path) -> list[Example]:
    """A word and its tag a line, parted by a tab; sentences parted by empty lines."""
    blocks = path.read_text(encoding="utf-8").strip().split("\n\n")
    pairs = [[line.split("\t") for line in block.split("\n") if line.strip()] for block in blocks]
    return [Example(tuple(word for word, _ in rows), tuple(tag for _, tag in rows)) for rows in pairs]


TASKS: Final = {
    "SmSA": Task("smsa_doc-sentiment-prosa", read_smsa, 4),
    "EmoT": Task("emot_emotion-twitter", read_csv, 8),
    "WReTE": Task("wrete_entailment-ui", read_csv, 20),
    "NERP": Task("nerp_ner-prosa", read_nerp, 6, words=True),
}


class Probe(nn.Module):
    """An encoder with one linear head: over each token, or over the mean and the maximum of all."""

    def __init__(self, encoder: Encoder, classes: int, words: bool) -> None:
        super().__init__()
        width = encoder.model.config.hidden_size
        self.encoder, self.words = encoder.model, words
        for module in self.encoder.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.1
        self.head = nn.Sequential(nn.Dropout(0.1), nn.Linear(width if words else 2 * width, classes))

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Logits of shape (batch, length, classes) or (batch, classes)."""
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        if self.words:
            return self.head(hidden)  # type: ignore[no-any-return]
        real = mask.unsqueeze(-1).to(hidden.dtype)
        pooled = torch.cat([(hidden * real).sum(1) / real.sum(1), (hidden - 1e4 * (1 - real)).amax(1)], dim=-1)
        return self.head(pooled)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Rows:
    """Token ids, and targets: a number, or one a token with IGNORED where no word begins."""

    ids: list[list[int]]
    targets: list[list[int]]


def encode(examples: Sequence[Example], encoder: Encoder, names: Sequence[str], words: bool) -> Rows:
    """Tokenise as the encoder does; a word's label goes to its first token."""
    ids, targets = [], []
    for example in examples:
        found = encoder.tokenizer.encode(
            list(example.texts) if words else example.texts[0], *example.texts[1:][: not words], is_pretokenized=words
        )
        kept = [*found.ids[: LONGEST - 1], found.ids[-1]] if len(found.ids) > LONGEST else found.ids
        ids.append(kept)
        if words:
            places: list[int] = []
            seen: set[int] = set()
            for number in found.word_ids[: len(kept)]:
                fresh = number is not None and number not in seen
                places.append(names.index(example.labels[number]) if fresh and number is not None else IGNORED)
                seen |= {number} if number is not None else set()
            targets.append(places)
        else:
            targets.append([names.index(example.labels[0])])
    return Rows(ids, targets)


def run_seed(encoder: Encoder, task: Task, parts: dict[str, list[Example]], names: list[str], seed: int) -> float:
    """Fine-tune once; the test figure of the epoch that does best on validation."""
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    model = Probe(Encoder(encoder.name, copy.deepcopy(encoder.model), encoder.tokenizer), len(names), task.words).to(
        device()
    )
    rows = {split: encode(examples, encoder, names, task.words) for split, examples in parts.items()}
    rate = suitable_rate(encoder.model.config.hidden_size)
    groups = [{"params": model.encoder.parameters(), "lr": rate}, {"params": model.head.parameters(), "lr": 2 * rate}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    lengths = [len(its) for its in rows["train"].ids]
    plan = [batches(lengths, TOKENS, generator) for _ in range(task.epochs)]
    steps, step, best = sum(map(len, plan)), 0, (-1.0, 0.0)
    for epoch in plan:
        model.train()
        for batch in epoch:
            progress = step / steps
            for group, factor in zip(optimizer.param_groups, (1, 2), strict=True):
                group["lr"] = factor * rate * min(progress / 0.1 + 1e-3, (1 - progress) / 0.9)
            logits, targets = forward(model, rows["train"], batch)
            loss = nn.functional.cross_entropy(logits, targets, ignore_index=IGNORED)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
        figures = [score(model, rows[split], names, task.words) for split in ("valid", "test")]
        best = max(best, (figures[0], figures[1]), key=lambda pair: pair[0])
    return best[1]


def forward(model: Probe, rows: Rows, batch: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Flat logits (n, classes) and targets (n,) of a batch."""
    place = device()
    ids, mask = (torch.from_numpy(array).to(place) for array in pad([rows.ids[index] for index in batch], 0, STEP))
    with autocast(place):
        logits = model(ids, mask).float()
    if not model.words:
        return logits, torch.tensor([rows.targets[index][0] for index in batch], device=place)
    targets = torch.full(ids.shape, IGNORED, device=place)
    for number, index in enumerate(batch):
        targets[number, : len(rows.targets[index])] = torch.tensor(rows.targets[index])
    return logits.flatten(0, 1), targets.flatten()


@torch.inference_mode()
def score(model: Probe, rows: Rows, names: Sequence[str], words: bool) -> float:
    """Macro-F1 of the classes, or F1 of whole entities, in per cent."""
    model.eval()
    gold: list[list[int]] = []
    found: list[list[int]] = []
    for start in range(0, len(rows.ids), 32):
        batch = range(start, min(start + 32, len(rows.ids)))
        logits, targets = forward(model, rows, batch)
        answers, wanted = logits.argmax(-1), targets
        shape = (len(batch), -1)
        for answer, target in zip(answers.reshape(shape), wanted.reshape(shape), strict=True):
            real = target != IGNORED
            found.append(answer[real].tolist())
            gold.append(target[real].tolist())
    if not words:
        return 100 * float(f1_score([g[0] for g in gold], [f[0] for f in found], average="macro"))
    true, said = (
        [entities([names[tag] for tag in tags], number) for number, tags in enumerate(part)] for part in (gold, found)
    )
    wanted_set, said_set = set().union(*true), set().union(*said)
    shared = len(wanted_set & said_set)
    return 200 * shared / max(1, len(wanted_set) + len(said_set))


def entities(tags: Sequence[str], sentence: int) -> set[tuple[int, int, int, str]]:
    """(sentence, start, end, kind) of every entity in BIO tags; a stray I begins one, as conlleval has it."""
    found, start, kind = set(), 0, ""
    for index, tag in enumerate([*tags, "O"]):
        letter, _, its = tag.partition("-")
        if kind and (letter != "I" or its != kind):
            found.add((sentence, start, index, kind))
            kind = ""
        if letter in ("B", "I") and not kind:
            start, kind = index, its
    return found


def linear(parts: dict[str, list[Example]]) -> float:
    """Macro-F1 of TF-IDF (words 1-2, characters 3-5) with balanced logistic regression, in per cent."""
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    model = make_pipeline(
        make_union(words, characters), LogisticRegression(class_weight="balanced", C=4, max_iter=2000)
    )
    texts, labels = (
        {split: [part(e) for e in rows] for split, rows in parts.items()}
        for part in (lambda e: " ".join(e.texts), lambda e: e.labels[0])
    )
    model.fit(texts["train"], labels["train"])
    return 100 * float(f1_score(labels["test"], model.predict(texts["test"]), average="macro"))


def main(
    folder: Annotated[Path, typer.Argument(help="IndoNLU's folder of tasks.")],
    encoder: Annotated[str, typer.Option(help="Folder or hub id of a BERT.")] = str(COMPACT),
    tasks: Annotated[str, typer.Option(help="Names, parted by commas.")] = ",".join(TASKS),
    seeds: Annotated[int, typer.Option(min=1)] = 3,
    first: Annotated[
        int, typer.Option(min=0, help="Number of the first seed, to go on after those of another run.")
    ] = 0,
) -> None:
    """Print our row beside the published ones."""
    console = Console()
    loaded = load_encoder(encoder)
    parameters = sum(p.numel() for p in loaded.model.parameters()) / 1e6
    ours, base = {}, {}
    for name in tasks.split(","):
        if name not in TASKS:
            raise InputError(f"--tasks: found {name!r}, expected some of {', '.join(TASKS)}")
        task = TASKS[name]
        files = {split: next((folder / task.folder).glob(f"{split}.*"), None) for split in ("train", "valid", "test")}
        if None in files.values():
            raise InputError(f"{folder / task.folder}: expected the files train, valid and test of {name}")
        parts = {split: task.read(path) for split, path in files.items() if path}
        names = sorted({label for examples in parts.values() for example in examples for label in example.labels})
        figures = []
        for seed in range(first, first + seeds):
            figures.append(run_seed(loaded, task, parts, names, seed))
            console.print(f"{name}, seed {seed}: {figures[-1]:.2f}")
        ours[name] = f"{statistics.mean(figures):.2f} ({min(figures):.1f} to {max(figures):.1f})"
        if not task.words:
            base[name] = f"{linear(parts):.2f}"
    table = Table("encoder", *TASKS)
    table.add_row(f"{loaded.name}, {parameters:.1f} M, {seeds} seeds", *(ours.get(name, "") for name in TASKS))
    table.add_row("TF-IDF + logistic regression, measured here", *(base.get(name, "") for name in TASKS))
    for title, row in PUBLISHED.items():
        table.add_row(f"{title} (IndoNLU)", *(f"{row[name]:.2f}" if name in row else "" for name in TASKS))
    console.print(table)


if __name__ == "__main__":
    try:
        typer.run(main)
    except InputError as error:
        raise SystemExit(f"error: {error}") from None
