"""bf16 on CPUs that have it, fp32 on those that would imitate it."""

import pytest
import torch

from training.device import autocast, device


@pytest.mark.parametrize(("has", "wanted"), [(True, torch.bfloat16), (False, torch.float32)])
def test_a_cpu_without_bf16_computes_in_fp32(has: bool, wanted: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": has})
    with autocast(torch.device("cpu")):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == wanted


def test_the_device_is_one_that_is_there() -> None:
    assert torch.ones(1, device=device()).sum().item() == 1
