"""The GEMM limit: how many operations a second OpenVINO's matrix product reaches in a precision, alone and well fed."""

import statistics
import time

import numpy as np
from openvino import opset13 as op

from models.runtime import arithmetic, openvino

ROWS, DEEP = 1_024, 1_536
ROUNDS = 30


def _int8(node: openvino.Node, step: float, levels: int) -> openvino.Node:
    """Quantised as NNCF does it: symmetric, activations in 256 levels and weights in 255."""
    low, high = np.float32(-(levels // 2) * step), np.float32(127 * step)
    return op.fake_quantize(node, low, high, low, high, levels)


def gemm_limit(precision: str, threads: int) -> float:
    """GFLOP/s (an int8 operation counts as one) of a product of 1024x1536 and 1536x1536, the best of 30.

    What is not int8 computes as in the runtime, so `bf16` is f32 on a CPU that has none.
    """
    core = openvino.Core()
    given = op.parameter([ROWS, DEEP], np.float32)
    weights = op.constant(np.random.default_rng(0).standard_normal((DEEP, DEEP), dtype=np.float32) / 40)
    left = _int8(given, 4 / 127, 256) if precision == "int8" else given
    right = _int8(weights, 0.001, 255) if precision == "int8" else weights
    model = openvino.Model([op.matmul(left, right, False, True)], [given])
    config = {
        "INFERENCE_PRECISION_HINT": arithmetic(precision, core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")),
        "INFERENCE_NUM_THREADS": threads,
        "ENABLE_CPU_PINNING": "NO",
    }
    compiled = core.compile_model(model, "CPU", config)
    values = np.random.default_rng(1).standard_normal((ROWS, DEEP), dtype=np.float32)
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        compiled(values)
        times.append(time.perf_counter() - began)
    return 2 * ROWS * DEEP * DEEP / statistics.quantiles(times, n=10)[0] / 1e9


if __name__ == "__main__":
    for precision in ("f32", "bf16", "int8"):
        print(f"{precision}: {gemm_limit(precision, 2):.0f} GFLOP/s")
