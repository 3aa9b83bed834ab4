"""Where a network is trained, and in which precision."""

import os
import shutil
import sys

import torch


def device() -> torch.device:
    """The GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def has_bf16(place: torch.device) -> bool:
    """Whether `place` computes in bf16 natively; a CPU that has to imitate it runs at a fifth of its fp32 speed."""
    names = ("avx512_bf16", "amx_bf16", "avx10_2", "bf16")
    return place.type != "cpu" or any(torch.cpu.get_capabilities().get(name) for name in names)


def has_compiler() -> bool:
    """Whether torch.compile finds the C++ compiler that it looks for (torch/_inductor/config.py)."""
    return shutil.which(os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")) is not None


def autocast(place: torch.device) -> torch.autocast:
    """Mixed precision, bf16 with fp32, where `place` has it; nothing elsewhere."""
    return torch.autocast(place.type, dtype=torch.bfloat16, enabled=has_bf16(place))
