"""Export: a trained network as an OpenVINO graph, in int8 where that keeps the answers, else with weights alone in int8, else in bf16."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from models.bundle import Precision
from models.network import StanceNetwork
from models.runtime import openvino, pad
from training.metrics import Judged, macro_f1, resamples

KEPT_SHARE: Final = 0.985  # of validation paragraphs whose stance int8 must keep
CALIBRATION_WINDOWS: Final = 300


def to_graph(network: StanceNetwork) -> openvino.Model:
    """The network as an OpenVINO graph with inputs `input_ids` and `attention_mask` of any shape (batch, length)."""
    ids = torch.ones((2, 32), dtype=torch.long)
    mask = torch.ones_like(ids)
    mask[1, 20:] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's own, about shapes that stay dynamic
        return openvino.convert_model(network.cpu().eval(), example_input=(ids, mask))


def to_int8(graph: openvino.Model, windows: Sequence[list[int]], filler: int) -> openvino.Model:
    """The graph after NNCF's post-training quantisation, its ranges taken from real training windows."""
    import nncf  # slow to import, and only an export needs it

    def feed(window: list[int]) -> dict[str, Any]:
        ids, mask = pad([window], filler)
        return {"input_ids": ids, "attention_mask": mask}

    every = max(1, len(windows) // CALIBRATION_WINDOWS)  # spread over all topics: files lie one after another
    samples = nncf.Dataset(list(windows)[::every][:CALIBRATION_WINDOWS], feed)
    return nncf.quantize(
        graph, samples, subset_size=min(CALIBRATION_WINDOWS, len(windows)), model_type=nncf.ModelType.TRANSFORMER
    )


def to_int8_weights(graph: openvino.Model) -> openvino.Model:
    """A copy of the graph whose weights alone are stored in int8, half the bytes of fp16.

    OpenVINO quantises what meets them as it runs, 32 numbers at a time (`DYNAMIC_QUANTIZATION_GROUP_SIZE`), so no ranges are fixed beforehand.
    """
    import nncf

    return nncf.compress_weights(graph.clone(), mode=nncf.CompressWeightsMode.INT8_ASYM)


def candidates(
    graph: openvino.Model, windows: Sequence[list[int]], filler: int
) -> dict[Precision, Callable[[], openvino.Model]]:
    """How to make what may ship, the smallest and fastest first: the first that keeps the answers does."""
    return {
        "int8": lambda: to_int8(graph, windows, filler),
        "int8-weights": lambda: to_int8_weights(graph),
        "bf16": lambda: graph,
    }


def save_graph(graph: openvino.Model, folder: Path) -> None:
    """Write `model.xml` and `model.bin`; weights that are not int8 are kept in fp16."""
    openvino.save_model(graph, folder / "model.xml", compress_to_fp16=True)


@dataclass(frozen=True)
class Comparison:
    """How a quantised graph's answers compare with the full ones on the same paragraphs.

    `kept` is the share of paragraphs with the same stance; the interval is of the paired difference in macro-F1.
    """

    kept: float
    difference: float
    interval: tuple[float, float]

    @property
    def passes(self) -> bool:
        """The rule: enough labels are kept, and the loss of macro-F1 is not beyond chance."""
        return self.kept >= KEPT_SHARE and self.interval[1] >= 0


def compare(full: Sequence[Judged], reduced: Sequence[Judged], rounds: int = 1000) -> Comparison:
    """Judge a reduced graph against the full one by a paired bootstrap over documents."""
    kept = float(np.mean([a.predicted == b.predicted for a, b in zip(full, reduced, strict=True)]))
    pairs = zip(resamples(full, rounds, 0), resamples(reduced, rounds, 0), strict=True)
    differences = [macro_f1(after) - macro_f1(before) for before, after in pairs]
    low, high = np.percentile(differences, [2.5, 97.5])
    return Comparison(kept, macro_f1(reduced) - macro_f1(full), (float(low), float(high)))
