"""Export: the graph answers as the network does in every precision, and the rule that chooses one."""

from pathlib import Path

import numpy as np
import openvino
import pytest
import torch

from labels.article import Article
from models.network import StanceNetwork
from models.runtime import Runtime
from models.tokenizing import Tokenizing
from training.encoder import load_encoder
from training.export import KEPT_SHARE, Comparison, candidates, compare, save_graph, to_graph
from training.fit import TorchRunner
from training.metrics import Judged

# What a logit may move by. Those of this network are below 2; int8 keeps about two digits.
TOLERANCE = {"f32": 2e-3, "bf16": 0.05, "int8-weights": 0.1, "int8": 0.3}


@pytest.fixture(scope="module")
def network(tiny_encoder: Path) -> StanceNetwork:
    torch.manual_seed(0)
    return StanceNetwork(load_encoder(tiny_encoder).model).eval()


@pytest.fixture(scope="module")
def plain(network: StanceNetwork) -> openvino.Model:
    return to_graph(network)


@pytest.fixture(scope="module")
def windows(tiny_articles: list[Article], tiny_tokenizing: Tokenizing) -> list[list[int]]:
    texts = [paragraph.text for article in tiny_articles for paragraph in article.paragraphs()]
    return [window.ids for window in tiny_tokenizing.windows(tiny_tokenizing.tokens(texts))]


@pytest.mark.parametrize("precision", ["f32", "bf16", "int8-weights", "int8"])
def test_the_graph_answers_as_the_network(
    network: StanceNetwork, plain: openvino.Model, windows: list[list[int]], precision: str, tmp_path: Path
) -> None:
    save_graph({"f32": lambda: plain, **candidates(plain, windows, 0)}[precision](), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.bin", "model.xml"]
    shapes = [windows[0], windows[1][:5], [2, 3]]  # lengths that the tracer did not see
    found = Runtime(tmp_path / "model.xml", precision, 0, threads=1)(shapes)
    for full, reduced in zip(TorchRunner(network, 0)(shapes), found, strict=True):
        for head in ("stance", "tags", "holders"):
            np.testing.assert_allclose(getattr(reduced, head), getattr(full, head), atol=TOLERANCE[precision])


def sample(predicted: list[str], gold: list[str]) -> list[Judged]:
    return [Judged(number // 2, g, p, (0.25,) * 4) for number, (g, p) in enumerate(zip(gold, predicted, strict=True))]


GOLD = ["denial", "condemnation", "legal-justification", "neutral-report"] * 50


def test_equal_answers_pass() -> None:
    found = compare(sample(GOLD, GOLD), sample(GOLD, GOLD), rounds=20)
    assert (found.kept, found.difference, found.interval, found.passes) == (1.0, 0.0, (0.0, 0.0), True)


def test_too_many_changed_answers_fail_even_where_they_are_better() -> None:
    worse = ["denial" if number < 4 else label for number, label in enumerate(GOLD)]  # 3 of 200 changed
    found = compare(sample(worse, GOLD), sample(GOLD, GOLD), rounds=50)
    assert found.kept == pytest.approx(0.985)
    assert found.passes
    much = ["denial" if number < 8 else label for number, label in enumerate(GOLD)]
    found = compare(sample(much, GOLD), sample(GOLD, GOLD), rounds=50)
    assert found.kept < KEPT_SHARE
    assert found.difference > 0
    assert not found.passes


def test_a_loss_beyond_chance_fails() -> None:
    assert not Comparison(0.99, -0.02, (-0.03, -0.001)).passes
    assert Comparison(0.99, -0.02, (-0.05, 0.0)).passes
    assert not Comparison(0.98, 0.02, (0.01, 0.03)).passes
