"""Where a network is trained, and in which precision."""

import torch


def device() -> torch.device:
    """The GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast(place: torch.device) -> torch.autocast:
    """bf16 where `place` computes in it natively; a CPU that has to imitate it runs at a fifth of its fp32 speed."""
    return torch.autocast(place.type, dtype=torch.bfloat16, enabled=place.type != "cpu" or _cpu_has_bf16())


def _cpu_has_bf16() -> bool:
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "avx10_2", "bf16"))
