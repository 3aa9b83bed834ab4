"""The network: shapes of its heads, padding that it does not see, and what it saves and loads."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from models.network import StanceNetwork
from training.encoder import load_encoder


@pytest.fixture(scope="module")
def network(tiny_encoder: Path) -> StanceNetwork:
    torch.manual_seed(0)
    return StanceNetwork(load_encoder(tiny_encoder).model).eval()


def test_three_heads(network: StanceNetwork) -> None:
    ids = torch.randint(5, 50, (2, 16), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = network(ids, torch.ones_like(ids))
    assert [tuple(head.shape) for head in found] == [(2, 4), (2, 16, 7), (2, 16, 3)]


def test_masked_places_do_not_count(network: StanceNetwork) -> None:
    ids = torch.tensor([[2, 9, 8, 3, 0, 0], [2, 9, 8, 3, 40, 41]])
    mask = torch.tensor([[1, 1, 1, 1, 0, 0]] * 2)
    with torch.no_grad():
        padded = network(ids, mask)
        exact = network(ids[:1, :4], mask[:1, :4])
    torch.testing.assert_close(padded.stance[0], padded.stance[1])
    torch.testing.assert_close(padded.stance[:1], exact.stance, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(padded.tags[:1, :4], exact.tags, atol=1e-5, rtol=1e-4)


def test_what_is_saved_is_loaded(network: StanceNetwork, tmp_path: Path) -> None:
    network.save(tmp_path)
    loaded = StanceNetwork.load(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "model.safetensors"]
    assert not loaded.training
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, loaded.state_dict()[name]), name
    ids = torch.tensor([[2, 9, 8, 3]])
    with torch.no_grad():
        for before, after in zip(network(ids, torch.ones_like(ids)), loaded(ids, torch.ones_like(ids)), strict=True):
            assert torch.equal(before, after)


def test_weights_are_saved_in_full_precision(network: StanceNetwork, tmp_path: Path) -> None:
    network.save(tmp_path)
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        assert {file.get_tensor(name).dtype for name in file.keys() if "weight" in name} == {torch.float32}  # noqa: SIM118
