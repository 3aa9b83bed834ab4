"""Several networks fitted from one start, their weights averaged (Wortsman et al., ICML 2022)."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from datasets import Dataset
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from labels.article import LabelledParagraph
from models.decoding import Calibration
from models.network import StanceNetwork
from models.predictor import Predictor
from models.tokenizing import Tokenizing
from training.calibrate import NO_SHIFT, fit_calibration, prior_shift, stance_shares
from training.dataset import training_set
from training.device import device
from training.encoder import Encoder
from training.fit import TorchRunner, TrainingArguments, fit

Losses = list[float]


def fit_predictor(
    encoder: Encoder,
    training: Sequence[LabelledParagraph],
    validation: Sequence[LabelledParagraph],
    arguments: TrainingArguments,
    console: Console,
    seeds: int = 1,
    what: str = "seed",
    natural: bool = True,
) -> Predictor:
    """Fit on `training`, calibrate on `validation`; `natural` shifts the stances to their natural prior."""
    tokenizing = encoder.tokenizing
    dataset = training_set(training, tokenizing)
    network, _ = fit_seeds(encoder, dataset, tokenizing, arguments, seeds, console, what)
    shift = prior_shift(stance_shares(training)) if natural else NO_SHIFT
    return calibrated_predictor(network, tokenizing, validation, shift)


def calibrated_predictor(
    network: StanceNetwork, tokenizing: Tokenizing, validation: Sequence[LabelledParagraph], shift: Sequence[float]
) -> Predictor:
    """A predictor around a fitted network, its temperatures fitted on `validation` with `shift` added to the stance logits."""
    runner = TorchRunner(network.to(device()), tokenizing.pad)
    calibration = fit_calibration(Predictor(tokenizing, runner, Calibration()), validation, shift)
    return Predictor(tokenizing, runner, calibration)


def fit_seeds(
    encoder: Encoder,
    dataset: Dataset,
    tokenizing: Tokenizing,
    arguments: TrainingArguments,
    seeds: int,
    console: Console,
    what: str = "seed",
) -> tuple[StanceNetwork, list[Losses]]:
    """Fit one network a seed and average their weights. Returns it on the CPU, and each seed's loss at every step."""
    torch.manual_seed(arguments.seed)
    network = StanceNetwork(encoder.model, arguments.dropout)
    start = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    total = {name: torch.zeros_like(tensor) for name, tensor in start.items()}
    curves: list[Losses] = []
    columns = (TextColumn("      {task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as progress:
        for seed in range(seeds):
            title = f"{what} {seed + 1} of {seeds}"
            task = progress.add_task(title, total=None)
            losses: Losses = []

            def show(
                step: int, steps: int, loss: float, task: int = task, title: str = title, losses: Losses = losses
            ) -> None:
                losses.append(loss)
                progress.update(task, completed=step, total=steps, description=f"{title}, loss {loss:.3f}")  # type: ignore[arg-type]

            network.load_state_dict(start)
            fit(network, dataset, tokenizing, replace(arguments, seed=arguments.seed + seed), show)
            curves.append(losses)
            for name, tensor in network.state_dict().items():
                total[name] += tensor.cpu() / seeds if tensor.is_floating_point() else tensor.cpu() * (seed == 0)
    network.load_state_dict(total)
    return network.cpu().eval(), curves
