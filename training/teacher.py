"""The encoder that a smaller one learns from: its hidden states of whole text, which the student guesses from masked text."""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor
from transformers import BertModel

from training.device import autocast

LAST_WEIGHT: Final = 3.0  # the last layer counts so many times as one below it: it is what a classifier reads


class Teacher:
    """A frozen encoder, and how far a student's hidden states are from its own.

    Args:
        model: the teacher; its vocabulary is the student's, and its layers a multiple of the student's.
        sample: token ids, shape (batch, length), from which the spread of each dimension is taken.
        compiled: fuse its layers with torch.compile.
    """

    def __init__(self, model: BertModel, sample: Tensor, compiled: bool = False) -> None:
        self.model = model.to(sample.device).eval().requires_grad_(False)  # type: ignore[arg-type]  # the stub lacks devices
        if compiled:
            self.model.encoder.compile()
        # A few dimensions of such encoders are a hundred times as wide as the rest; each counts alike.
        self.spread = [states.flatten(0, 1).std(0).clamp_min(1e-3) for states in self.states(sample)]

    @torch.no_grad()
    def states(self, ids: Tensor) -> list[Tensor]:
        """Hidden states of the embedding and of every layer, each of shape (batch, length, width), fp32."""
        with autocast(ids.device):
            return [states.float() for states in self.model(ids, output_hidden_states=True).hidden_states]

    def distance(self, student: Sequence[Tensor], ids: Tensor) -> Tensor:
        """Mean squared distance of the student's layers from those they stand for, each dimension in units of its spread.

        `student` holds the embedding's states and each layer's, of the same text as `ids`, masked or not.
        """
        layers = len(student) - 1
        step = self.model.config.num_hidden_layers / layers
        wanted = self.states(ids)
        total = torch.zeros((), device=ids.device)
        for number in range(1, layers + 1):
            place = round(number * step)
            apart = ((student[number].float() - wanted[place]) / self.spread[place]).square().mean()
            total = total + apart * (LAST_WEIGHT if number == layers else 1.0)
        return total / (layers - 1 + LAST_WEIGHT)
