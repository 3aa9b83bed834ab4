"""Fitting: an encoder and labelled paragraphs in, a trained stance network out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from torch import Tensor, nn

from labels.stance import Stance
from models.decoding import Logits
from models.network import Logits as Heads
from models.network import StanceNetwork
from models.runtime import batches as even_batches
from models.runtime import pad
from models.tags import HOLDER_TAGS, STANCE_TAGS
from models.tokenizing import Tokenizing
from training import parallel
from training.dataset import STEP, batches
from training.device import autocast, device

IGNORED = -100  # the target of padding and special tokens, which cross_entropy leaves out


@dataclass(frozen=True)
class TrainingArguments:
    """How a network is fitted.

    Args:
        epochs: passes over the training paragraphs.
        learning_rate: peak of AdamW; None takes what suits the encoder's width (`suitable_rate`).
        head_factor: how much faster the fresh heads learn than the encoder.
        tokens: tokens a batch, padding included.
        tag_weight, holder_weight: weights of the tag losses beside the stance loss.
        smoothing: label smoothing of the stance loss.
        class_power: stance classes weigh as (1 / share) to this power.
        dropout: inside the encoder and before the heads.
        masked: share of input tokens hidden behind [MASK], so that no single word decides.
        seed: of everything random.
    """

    epochs: int = 3
    learning_rate: float | None = None
    head_factor: float = 2.0
    tokens: int = 1024
    tag_weight: float = 1.0
    holder_weight: float = 0.5
    smoothing: float = 0.05
    class_power: float = 0.25
    weight_decay: float = 0.01
    dropout: float = 0.1
    masked: float = 0.15
    seed: int = 0


def suitable_rate(width: int) -> float:
    """The peak learning rate for an encoder's hidden size: 4e-4 up to 256, 1.8e-4 at 384, 4.4e-5 at 768."""
    return 4e-4 * min(1.0, 256 / width) ** 2


@dataclass(frozen=True)
class Batch:
    """Padded rows: `ids`, `mask`, `tags` and `holders` of shape (rows, length), `scores` of shape (rows, 4)."""

    ids: Tensor
    mask: Tensor
    scores: Tensor
    tags: Tensor
    holders: Tensor


def parameter_groups(network: StanceNetwork, arguments: TrainingArguments) -> list[dict[str, Any]]:
    """The encoder's parameters at the peak rate, the heads' at a multiple of it."""
    rate = arguments.learning_rate or suitable_rate(network.encoder.config.hidden_size)
    encoder = list(network.encoder.parameters())
    known = {id(parameter) for parameter in encoder}
    heads = [parameter for parameter in network.parameters() if id(parameter) not in known]
    return [{"params": encoder, "lr": rate}, {"params": heads, "lr": rate * arguments.head_factor}]


def joint_loss(network: StanceNetwork, batch: Batch, weights: Tensor, arguments: TrainingArguments) -> Tensor:
    """Losses (nats) of the three heads, weighted and added up."""
    with autocast(batch.ids.device):
        logits = network(batch.ids, batch.mask)
    stance = stance_loss(logits.stance.float(), batch.scores, weights, arguments.smoothing)
    return stance + tag_losses(logits, batch, arguments)


def tag_losses(logits: Heads, batch: Batch, arguments: TrainingArguments) -> Tensor:
    """Losses (nats) of the stance tags and the holder tags, weighted and added up."""
    tags, holders = (
        nn.functional.cross_entropy(heads.float().reshape(-1, size), targets.reshape(-1), ignore_index=IGNORED)
        for heads, targets, size in (
            (logits.tags, batch.tags, len(STANCE_TAGS)),
            (logits.holders, batch.holders, len(HOLDER_TAGS)),
        )
    )
    return arguments.tag_weight * tags + arguments.holder_weight * holders


def fit(
    network: StanceNetwork,
    dataset: Dataset,
    tokenizing: Tokenizing,
    arguments: TrainingArguments,
    report: Callable[[int, int, float], None],
    groups: Callable[[StanceNetwork, TrainingArguments], list[dict[str, Any]]] = parameter_groups,
    loss_of: Callable[[StanceNetwork, Batch, Tensor, TrainingArguments], Tensor] = joint_loss,
) -> StanceNetwork:
    """Train `network` in place and return it in evaluation mode.

    `report(step, steps, loss)` is called after every step. Same seed, data and machine: same weights. Of several processes
    (training/parallel.py) each takes its share of the batches, and all step along the mean of their gradients. `groups` and
    `loss_of` are for comparing other ways of fitting (benchmarks/recipes.py).
    """
    torch.manual_seed(arguments.seed + 1000 * parallel.rank())
    generator = np.random.default_rng(arguments.seed)
    rows = dataset.to_list()
    lengths = [len(row["input_ids"]) for row in rows]
    epochs = [batches(lengths, arguments.tokens, generator) for _ in range(arguments.epochs)]
    plan = [batch for epoch in epochs for batch in epoch]
    plan = plan[parallel.rank() :: parallel.size()][: len(plan) // parallel.size()]
    place = device()
    network.to(place).train()
    optimizer = torch.optim.AdamW(groups(network, arguments), weight_decay=arguments.weight_decay, fused=True)
    peaks = [group["lr"] for group in optimizer.param_groups]
    weights = _class_weights([row["stance"] for row in rows], arguments.class_power).to(place)
    for step, batch in enumerate(plan):
        progress = step / len(plan)
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * min(progress / 0.1 + 1e-3, (1 - progress) / 0.9)
        inputs = _collate([rows[index] for index in batch], tokenizing.pad, place)
        hide(inputs.ids, inputs.mask, tokenizing.mask, arguments.masked)
        loss = loss_of(network, inputs, weights, arguments)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        parallel.average_gradients(network)
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        report(step + 1, len(plan), loss.item())
    return network.eval()


def hide(ids: Tensor, mask: Tensor, hidden: int, share: float) -> None:
    """Put the token `hidden` in place of a random `share` of the real tokens, in place. Shapes (batch, length)."""
    if share:
        ids.masked_fill_((torch.rand(ids.shape, device=ids.device) < share) & (mask == 1), hidden)


def _class_weights(stances: Sequence[int], power: float) -> Tensor:
    shares = np.bincount(stances, minlength=len(Stance)) / len(stances)
    weights = np.where(shares > 0, np.maximum(shares, 1e-6) ** -power, 0)
    return torch.tensor(weights / weights.mean(), dtype=torch.float32)


def _collate(rows: Sequence[dict[str, list[int]]], filler: int, place: torch.device) -> Batch:
    ids, mask = pad([row["input_ids"] for row in rows], filler, STEP)
    targets = []
    for field in ("tags", "holders"):
        padded = np.full(ids.shape, IGNORED)
        for number, row in enumerate(rows):
            inner = row[field][1:-1]
            padded[number, 1 : 1 + len(inner)] = inner
        targets.append(padded)
    scores = np.array([row["scores"] for row in rows], dtype=np.float32)
    return Batch(*(torch.from_numpy(array).to(place) for array in (ids, mask, scores, *targets)))


def stance_loss(logits: Tensor, scores: Tensor, weights: Tensor, smoothing: float) -> Tensor:
    """Weighted cross-entropy (nats) of logits against target `scores`, both of shape (batch, 4).

    For targets that are all of one stance it is torch's own, divided by the weights of the targets; torch's for soft targets isn't.
    """
    smooth = (1 - smoothing) * scores + smoothing / scores.shape[1]
    losses = -(weights * smooth * logits.log_softmax(-1)).sum(-1)
    return losses.sum() / (weights * scores).sum()


class TorchRunner:
    """Runs a network under torch as the runtime runs its graph: the same windows in, the same logits out (fp32)."""

    def __init__(self, network: StanceNetwork, filler: int) -> None:
        self.network, self.filler = network.eval(), filler

    @torch.inference_mode()
    def __call__(self, windows: Sequence[list[int]]) -> list[Logits]:
        """The logits of each window, in the order given, those of the special tokens left out."""
        place = next(self.network.parameters()).device
        results: dict[int, Logits] = {}
        for group in even_batches([len(window) for window in windows]):
            arrays = pad([windows[index] for index in group], self.filler)
            heads = self.network(*(torch.from_numpy(array).to(place) for array in arrays))
            stance, tags, holders = (head.float().cpu().numpy() for head in heads)
            for row, index in enumerate(group):
                inner = slice(1, len(windows[index]) - 1)
                results[index] = Logits(stance[row], tags[row, inner], holders[row, inner])
        return [results[index] for index in range(len(windows))]
