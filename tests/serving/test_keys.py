"""API keys: read from the environment and a file, told by name, and never shown."""

from pathlib import Path

import pytest

from serving.keys import Keys
from sikap.errors import InputError

A, B, C = "a" * 16, "b" * 32, "c" * 64


def test_keys_come_from_the_environment_and_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# kunci redaksi\n\nriset : {B}\n  arsip:{C}  \n")
    keys = Keys.from_environment({"SIKAP_KEYS": f"redaksi:{A},", "SIKAP_KEYS_FILE": str(file)})
    assert [keys.holder(key) for key in (A, B, C)] == ["redaksi", "riset", "arsip"]
    assert [keys.holder(key) for key in ("", A[:-1], A + "a", "a\ud800", "é" * 16)] == [None] * 5


def test_without_keys_there_are_none() -> None:
    keys = Keys.from_environment({})
    assert not keys
    assert keys.holder("") is None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (A, "without a name"),
        (f"nama panjang sekali:{A}", "without a name"),
        ("redaksi:pendek", "has 6 characters, expected at least 16"),
        (f"redaksi:{A} {A}", "no spaces"),
        (f"redaksi:{A},redaksi:{B}", "given before"),
        (f"redaksi:{A},riset:{A}", "given before"),
    ],
)
def test_a_wrong_entry_is_told_without_its_key(given: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as refused:
        Keys.from_environment({"SIKAP_KEYS": given})
    assert str(refused.value).startswith("SIKAP_KEYS: ")
    assert A not in str(refused.value)
    assert "pendek" not in str(refused.value)


def test_a_wrong_line_of_a_file_is_told_by_its_number(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"redaksi:{A}\n\nriset={B}\n")
    with pytest.raises(InputError, match="keys:3: ") as refused:
        Keys.from_environment({"SIKAP_KEYS_FILE": str(file)})
    assert B not in str(refused.value)


@pytest.mark.parametrize("content", [None, b"", b"# kosong\n", b"\xff\xfe"])
def test_a_file_without_keys_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "keys"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match="keys: "):
        Keys.from_environment({"SIKAP_KEYS_FILE": str(file)})


def test_the_keys_themselves_are_not_kept() -> None:
    assert A not in repr(Keys.from_environment({"SIKAP_KEYS": f"redaksi:{A}"}))
