"""Pre-training of the compact encoder over a packed token stream, resumable at any step.

Masked language modelling from scratch, or from a larger encoder's layers and beside it as a teacher.
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import BertConfig, BertForMaskedLM, BertModel

from sikap.errors import InputError
from training.device import autocast, device, has_compiler
from training.teacher import Teacher

IGNORED_IDS = 5  # the special tokens come first in the vocabulary; they are never masked
CLS, SEP, MASK = 2, 3, 4


@dataclass(frozen=True)
class Settings:
    """What a pre-training run is made of.

    Args:
        minutes: training time; the learning rate falls to zero over it.
        layers, width, heads: the shape of the BERT encoder; its feed-forward layer is four times `width`. Where it starts
            from a larger encoder only `layers` counts.
        start: name of the encoder that is taught on; empty where none is.
        teacher: name of the file that carries a larger encoder; empty where there is none.
        distilled: weight of the distance from the teacher's hidden states beside the loss of the masked words.
        tokens: tokens a step. Small steps learn faster at this scale (see docs/log.md).
        length: tokens a sequence, and `long_length` over the last `long_share` of the time.
        masked: share of tokens to predict (80 % masked, 10 % replaced, 10 % kept).
        learning_rate: peak of AdamW, after a warm-up over the first 2 % of the time.
        checkpoint_minutes: how often the state is saved.
        compiled: fuse the encoder with torch.compile where there is a C++ compiler; gives a third more tokens a second.
    """

    minutes: float = 60.0
    layers: int = 4
    width: int = 256
    heads: int = 4
    start: str = ""
    teacher: str = ""
    distilled: float = 5.0
    tokens: int = 2048
    length: int = 128
    long_length: int = 256
    long_share: float = 0.15
    masked: float = 0.2
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    checkpoint_minutes: float = 5.0
    compiled: bool = True
    seed: int = 0


FROM_LARGER: Final = Settings(layers=6, tokens=4096, learning_rate=5e-4)
"""Where it starts from a larger encoder: six layers of twelve, larger steps, a lower rate."""


def build_model(settings: Settings, vocabulary: int, vectors: NDArray[np.float32] | None) -> BertForMaskedLM:
    """A BERT of the given shape with random weights, its word embedding started from `vectors` where given."""
    torch.manual_seed(settings.seed)
    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=settings.width,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        intermediate_size=4 * settings.width,
        max_position_embeddings=512,
        hidden_dropout_prob=0.0,  # one pass over little data: dropout only slows it down
        attention_probs_dropout_prob=0.0,
    )
    model = BertForMaskedLM(config)
    if vectors is not None:
        with torch.no_grad():
            model.bert.embeddings.word_embeddings.weight.copy_(torch.from_numpy(vectors))
    return model


def sample(stream: NDArray[np.uint16], tokens: int, length: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """A batch of `tokens // length` sequences cut from random places of the stream: [CLS] … [SEP]."""
    starts = generator.integers(0, len(stream) - length, size=tokens // length)
    batch: NDArray[np.int64] = stream[starts[:, None] + np.arange(length)].astype(np.int64)
    batch[:, 0], batch[:, -1] = CLS, SEP
    return batch


def mask(
    batch: NDArray[np.int64], share: float, vocabulary: int, generator: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """BERT's corruption: of the chosen tokens 80 % become [MASK], 10 % a random word, 10 % stay.

    Returns the corrupted batch and the mask of the tokens to predict, both of the batch's shape.
    """
    chosen = (generator.random(batch.shape) < share) & (batch >= IGNORED_IDS)
    fate = generator.random(batch.shape)
    corrupted = np.where(chosen & (fate < 0.8), MASK, batch)
    random_words = generator.integers(IGNORED_IDS, vocabulary, size=batch.shape)
    return np.where(chosen & (fate >= 0.9), random_words, corrupted), chosen


def masked_model(encoder: BertModel) -> BertForMaskedLM:
    """A masked language model around an encoder that has none: a fresh head that begins as the tied embedding alone."""
    model = BertForMaskedLM(encoder.config)
    model.bert.load_state_dict(encoder.state_dict())
    model.tie_weights()
    with torch.no_grad():
        model.cls.predictions.transform.dense.weight.copy_(torch.eye(encoder.config.hidden_size))
    return model


def rate(progress: float, peak: float) -> float:
    """Learning rate at a share of the time: linear warm-up over 2 %, then linear decay to zero."""
    return peak * min(progress / 0.02, max(0.0, (1 - progress) / 0.98))


class Pretraining:
    """One run: the model, its optimiser, and the state that a checkpoint keeps (step, tokens, seconds, curve)."""

    def __init__(
        self,
        settings: Settings,
        stream: NDArray[np.uint16],
        held: NDArray[np.uint16],
        model: BertForMaskedLM,
        teacher: BertModel | None = None,
    ) -> None:
        self.settings, self.stream, self.held = settings, stream, held
        self.device = device()
        self.model = model.to(self.device).train()  # type: ignore[arg-type]  # the stub lacks devices
        # The backward pass of torch's fused attention is slow on a CPU: in bf16 plain products read half as many tokens again.
        self.model.set_attn_implementation("eager")
        compiled = settings.compiled and has_compiler()
        if compiled:
            self.model.bert.encoder.compile()
        shown = torch.from_numpy(sample(held, 8192, settings.length, np.random.default_rng(1))).to(self.device)
        self.teacher = Teacher(teacher, shown, compiled) if teacher else None
        decayed = [p for p in model.parameters() if p.ndim > 1]
        rest = [p for p in model.parameters() if p.ndim <= 1]
        groups = [
            {"params": decayed, "weight_decay": settings.weight_decay},
            {"params": rest, "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.98), fused=True)
        self.step, self.tokens, self.seconds = 0, 0, 0.0
        self.curve: list[dict[str, float]] = []

    @property
    def progress(self) -> float:
        """Share of the training time that is spent, 0 to 1."""
        return min(1.0, self.seconds / (60 * self.settings.minutes))

    def run(self, folder: Path, report: Callable[["Pretraining"], None]) -> None:
        """Train until the time is spent, saving into `folder`; `report` is called once every 20 steps."""
        saved = self.seconds
        while self.progress < 1:
            started = time.monotonic()
            self.train_step()
            self.seconds += time.monotonic() - started
            if self.step % 20 == 0:
                report(self)
            if self.seconds - saved > 60 * self.settings.checkpoint_minutes or self.progress >= 1:
                saved = self.seconds
                self.curve.append({"tokens": self.tokens, "minutes": self.seconds / 60, "loss": self.held_out_loss()})
                self.save(folder)

    def train_step(self) -> None:
        """One optimiser step on a batch drawn by (seed, step), so that a resumed run draws what it would have."""
        settings = self.settings
        generator = np.random.default_rng((settings.seed, self.step))
        length = settings.long_length if self.progress > 1 - settings.long_share else settings.length
        batch = sample(self.stream, settings.tokens, length, generator)
        for group in self.optimizer.param_groups:
            group["lr"] = rate(self.progress, settings.learning_rate)
        words, apart = self._losses(batch, generator)
        loss = words + settings.distilled * apart
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        self.tokens += batch.size

    def _losses(self, batch: NDArray[np.int64], generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Mean cross-entropy (nats) of the masked words, and the distance from the teacher, 0 where there is none."""
        corrupted, chosen = mask(batch, self.settings.masked, self.model.config.vocab_size, generator)
        ids, original, hidden = (torch.from_numpy(array).to(self.device) for array in (corrupted, batch, chosen))
        with autocast(self.device):
            states = self.model.bert(ids, output_hidden_states=self.teacher is not None)
            logits = self.model.cls(states.last_hidden_state[hidden])  # for the masked words alone
        words = nn.functional.cross_entropy(logits.float(), original[hidden])
        return words, self.teacher.distance(states.hidden_states, original) if self.teacher else words.new_zeros(())

    @torch.no_grad()
    def held_out_loss(self, batches: int = 16) -> float:
        """Loss on held-out text, always the same sequences and masks, so that figures can be compared."""
        generator = np.random.default_rng(7)
        draws = [sample(self.held, 2048, self.settings.length, generator) for _ in range(batches)]
        return math.fsum(self._losses(draw, generator)[0].item() for draw in draws) / batches

    def save(self, folder: Path) -> None:
        """Write weights and optimiser state to `folder` (safetensors), each file replaced in one move."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {f"model.{name}": value for name, value in self.model.named_parameters()}
        for name, parameter in self.model.named_parameters():
            for key, value in self.optimizer.state.get(parameter, {}).items():
                tensors[f"{key}.{name}"] = value.reshape(1) if value.ndim == 0 else value
        state = {"step": self.step, "tokens": self.tokens, "seconds": self.seconds, "curve": self.curve}
        state |= {"settings": asdict(self.settings), "device": str(self.device)}
        save_file(
            {k: v.detach().contiguous() for k, v in tensors.items()},
            folder / "checkpoint.tmp",
            {"state": json.dumps(state)},
        )
        (folder / "checkpoint.tmp").replace(folder / "checkpoint.safetensors")
        (folder / "state.json").write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")

    def restore(self, folder: Path) -> None:
        """Go on from what `save` wrote. Raises InputError where it was written with other settings."""
        with safe_open(folder / "checkpoint.safetensors", "pt") as file:  # one file: never torn, never of another step
            state = json.loads(file.metadata()["state"])
        if state["settings"] != asdict(self.settings):
            changed = [key for key, value in asdict(self.settings).items() if state["settings"].get(key) != value]
            raise InputError(
                f"{folder}: holds an unfinished run with another {', '.join(changed)}; go on with those settings, or remove the folder"
            )
        tensors = load_file(folder / "checkpoint.safetensors")
        for name, parameter in self.model.named_parameters():
            with torch.no_grad():
                parameter.copy_(tensors[f"model.{name}"])
            moments = {key: tensors[f"{key}.{name}"].to(self.device) for key in ("exp_avg", "exp_avg_sq")}
            self.optimizer.state[parameter] = {"step": tensors[f"step.{name}"].reshape(()), **moments}
        self.step, self.tokens, self.seconds = state["step"], state["tokens"], state["seconds"]
        self.curve = state["curve"]
