"""A bundle is whole, or is refused with its path, what is wrong, and what to do."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labels.stance import Stance
from models import bundle as module
from models.bundle import GRAPH, MANIFEST, TOKENIZER, WEIGHTS, Bundle, Manifest, load_bundle, save_bundle, sha256
from sikap.errors import BundleError

WHAT_TO_DO = ("restore", "train", "make train", "git checkout")


@pytest.fixture
def copy(tiny_bundle: Bundle, tmp_path: Path) -> Path:
    """A copy of the tiny bundle, to be damaged."""
    return shutil.copytree(tiny_bundle.folder, tmp_path / "bundle")


def edit(folder: Path, **changes: Any) -> None:
    path = folder / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def refusal(folder: Path, named: Path) -> str:
    """The message with which a bundle is refused; it names the path and says what to do."""
    with pytest.raises(BundleError) as caught:
        load_bundle(folder)
    message = caught.value.message
    assert str(named) in message
    assert any(words in message for words in WHAT_TO_DO), message
    return message


def test_a_whole_bundle_is_loaded(copy: Path, tiny_bundle: Bundle) -> None:
    found = load_bundle(copy)
    assert found.manifest == tiny_bundle.manifest
    assert set(found.manifest.files) == {path.name for path in copy.iterdir()} - {MANIFEST}


def test_no_bundle_at_all(tmp_path: Path) -> None:
    assert "no model bundle here" in refusal(tmp_path / "nowhere", tmp_path / "nowhere" / MANIFEST)


@pytest.mark.parametrize("name", [GRAPH, WEIGHTS, TOKENIZER])
def test_a_missing_file(copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert "missing" in refusal(copy, copy / name)


@pytest.mark.parametrize("name", [GRAPH, WEIGHTS, TOKENIZER, "README.md"])
def test_a_damaged_file(copy: Path, name: str) -> None:
    with (copy / name).open("r+b") as file:
        first = file.read(1)
        file.seek(0)
        file.write(bytes([first[0] ^ 1]))
    assert "damaged" in refusal(copy, copy / name)


def test_a_file_of_another_bundle(copy: Path) -> None:
    (copy / TOKENIZER).write_text("{}", encoding="utf-8")
    message = refusal(copy, copy / TOKENIZER)
    assert sha256(copy / TOKENIZER)[:12] in message


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"[]", "object"),
        (b"\xff\xfe", "JSON"),
        (b"{}", "name"),
    ],
)
def test_a_broken_manifest(copy: Path, content: bytes, place: str) -> None:
    (copy / MANIFEST).write_bytes(content)
    assert place.lower() in refusal(copy, copy / MANIFEST).lower()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", 2),
        ("precision", "fp4"),
        ("window", 3),
        ("overlap", -1),
        ("temperature", 0),
        ("prior_shift", [0.0] * 3),
        ("thresholds", "high"),
        ("surprise", 1),
    ],
)
def test_a_manifest_with_a_wrong_field(copy: Path, field: str, value: object) -> None:
    edit(copy, **{field: value})
    assert field in refusal(copy, copy / MANIFEST)


def test_a_manifest_that_leaves_out_a_file(copy: Path) -> None:
    edit(copy, files={GRAPH: sha256(copy / GRAPH)})
    assert WEIGHTS in refusal(copy, copy / MANIFEST)


def test_labels_in_another_order_or_of_another_kind(copy: Path) -> None:
    edit(copy, labels=[str(stance) for stance in reversed(Stance)])
    assert "labels" in refusal(copy, copy / MANIFEST)


def test_a_manifest_that_is_a_folder(copy: Path) -> None:
    (copy / MANIFEST).unlink()
    (copy / MANIFEST).mkdir()
    with pytest.raises(BundleError, match="cannot be read") as caught:
        load_bundle(copy)
    assert str(copy / MANIFEST) in caught.value.message


def test_thresholds_follow_the_stances(tiny_bundle: Bundle) -> None:
    manifest = tiny_bundle.manifest.model_copy(update={"thresholds": [0.1, 0.2, 0.3, 0.4]})
    assert [manifest.threshold(stance) for stance in Stance] == [0.1, 0.2, 0.3, 0.4]


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    folder = tmp_path / "draft"
    folder.mkdir()
    for name in (GRAPH, WEIGHTS, TOKENIZER):
        (folder / name).write_text(f"content of {name}", encoding="utf-8")
    return folder


@pytest.fixture
def manifest(tiny_bundle: Bundle) -> Manifest:
    return tiny_bundle.manifest.model_copy(update={"name": "uji", "version": "1", "files": {}})


def test_saving_writes_digests_of_every_file(draft: Path, manifest: Manifest, tmp_path: Path) -> None:
    draft.chmod(0o700)
    (draft / WEIGHTS).chmod(0o600)
    found = save_bundle(draft, tmp_path / "root", manifest)
    assert found.folder == tmp_path / "root" / "uji" / "1"
    assert found.folder.stat().st_mode & 0o777 == 0o755
    assert {path.stat().st_mode & 0o777 for path in found.folder.iterdir()} == {0o644}
    assert found.manifest.files == {name: sha256(draft / name) for name in (GRAPH, WEIGHTS, TOKENIZER)}
    assert [path.name for path in found.folder.parent.iterdir()] == ["1"]


def test_a_version_is_never_overwritten(draft: Path, manifest: Manifest, tmp_path: Path) -> None:
    first = save_bundle(draft, tmp_path / "root", manifest)
    (draft / GRAPH).write_text("another", encoding="utf-8")
    with pytest.raises(BundleError, match="never overwritten") as caught:
        save_bundle(draft, tmp_path / "root", manifest)
    assert str(first.folder) in caught.value.message
    assert load_bundle(first.folder) == first


def failing(names: tuple[str, ...]) -> Callable[..., Any]:
    """A copytree that writes some files and then runs out of space."""

    def copytree(source: Path, target: Path) -> None:
        target.mkdir()
        for name in names:
            shutil.copy(source / name, target / name)
        raise OSError(28, "No space left on device")

    return copytree


def test_a_copy_that_fails_leaves_nothing_under_the_final_name(
    draft: Path, manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models.shelf import list_bundles

    root = tmp_path / "root"
    with monkeypatch.context() as patch:
        patch.setattr(module.shutil, "copytree", failing((MANIFEST, GRAPH)))
        with pytest.raises(OSError, match="No space left"):
            save_bundle(draft, root, manifest)
    assert not (root / "uji" / "1").exists()
    assert list_bundles(root) == []
    assert save_bundle(draft, root, manifest).folder == root / "uji" / "1"  # what was left over is in nobody's way
