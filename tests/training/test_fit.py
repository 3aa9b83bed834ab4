"""Fitting: the loss falls, a seed decides everything, and torch runs a network as the runtime does."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset

from labels.article import Article
from models.network import StanceNetwork
from models.tokenizing import Tokenizing
from training.dataset import build_dataset, paragraphs_of
from training.encoder import load_encoder
from training.fit import TorchRunner, TrainingArguments, fit, hide, stance_loss, suitable_rate

QUICK = TrainingArguments(epochs=1, learning_rate=5e-3)


@pytest.fixture(scope="module")
def dataset(tiny_articles: list[Article], tiny_tokenizing: Tokenizing) -> Dataset:
    return build_dataset(paragraphs_of(tiny_articles[:6]), tiny_tokenizing)


def fresh(encoder: Path) -> StanceNetwork:
    torch.manual_seed(0)
    return StanceNetwork(load_encoder(encoder).model)


Fitted = Callable[[Dataset, TrainingArguments], dict[str, torch.Tensor]]


@pytest.fixture
def fitted(tiny_encoder: Path, tiny_tokenizing: Tokenizing) -> Fitted:
    def run(dataset: Dataset, arguments: TrainingArguments) -> dict[str, torch.Tensor]:
        return fit(fresh(tiny_encoder), dataset, tiny_tokenizing, arguments, lambda *_: None).cpu().state_dict()

    return run


def test_every_step_is_reported_and_the_loss_falls(
    tiny_encoder: Path, tiny_tokenizing: Tokenizing, dataset: Dataset
) -> None:
    steps: list[tuple[int, int, float]] = []
    network = fit(
        fresh(tiny_encoder),
        dataset,
        tiny_tokenizing,
        TrainingArguments(epochs=5, learning_rate=5e-3),
        lambda *step: steps.append(step),
    )
    assert [step for step, _, _ in steps] == list(range(1, steps[0][1] + 1))
    assert np.mean([loss for *_, loss in steps[-3:]]) < np.mean([loss for *_, loss in steps[:3]]) - 0.3
    assert not network.training


def test_the_same_seed_gives_the_same_weights_and_another_one_others(fitted: Fitted, dataset: Dataset) -> None:
    first, again = (fitted(dataset, QUICK) for _ in range(2))
    other = fitted(dataset, TrainingArguments(epochs=1, learning_rate=5e-3, seed=1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["stance_head.weight"], other["stance_head.weight"])


def test_a_stance_that_no_row_has_is_no_obstacle(fitted: Fitted, dataset: Dataset) -> None:
    fewer = dataset.filter(lambda row: row["stance"] in (2, 3), keep_in_memory=True)
    assert all(torch.isfinite(tensor).all() for tensor in fitted(fewer, QUICK).values())


def test_torch_answers_in_order_without_special_tokens(tiny_encoder: Path) -> None:
    run = TorchRunner(fresh(tiny_encoder), 0)
    windows = [[2, 9, 8, 7, 3], [2, *range(5, 40), 3], [2, 3], [2, 9, 3]]
    together = run(windows)
    for ids, found in zip(windows, together, strict=True):
        assert found.tags.shape == (len(ids) - 2, 7)
        np.testing.assert_allclose(found.stance, run([ids])[0].stance, atol=1e-5)


def test_hiding_leaves_padding_alone_and_takes_about_its_share() -> None:
    torch.manual_seed(0)
    ids, mask = torch.full((20, 50), 7), torch.ones(20, 50, dtype=torch.long)
    mask[:, 40:] = 0
    hide(ids, mask, 4, 0.2)
    assert (ids[:, 40:] == 7).all()
    assert 0.15 < (ids[:, :40] == 4).float().mean() < 0.25


def test_the_loss_of_certain_targets_is_torchs_own_and_that_of_soft_ones_is_least_where_they_are_met() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 4, generator=generator)
    targets = torch.tensor([0, 1, 2, 3, 3, 1])
    weights = torch.tensor([2.0, 1.0, 1.5, 0.5])
    wanted = torch.nn.functional.cross_entropy(logits, targets, weight=weights, label_smoothing=0.1)
    assert torch.allclose(stance_loss(logits, torch.eye(4)[targets], weights, 0.1), wanted)
    soft = torch.tensor([[0.7, 0.1, 0.1, 0.1]])
    even = torch.ones(4)
    assert stance_loss(soft.log(), soft, even, 0.0) < stance_loss(torch.eye(4)[:1], soft, even, 0.0)


@pytest.mark.parametrize(("width", "rate"), [(32, 4e-4), (256, 4e-4), (384, 1.78e-4), (768, 4.4e-5)])
def test_wide_encoders_learn_slowly(width: int, rate: float) -> None:
    assert suitable_rate(width) == pytest.approx(rate, rel=0.02)
