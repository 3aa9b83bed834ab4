"""The shelf: which bundle is current, going forward and back, and names that nobody knows."""

from pathlib import Path

import pytest

from models.bundle import GRAPH, TOKENIZER, WEIGHTS, Bundle, save_bundle
from models.shelf import CURRENT, bundles_root, current_bundle, list_bundles, load_current, promote, rollback
from sikap.errors import BundleError


@pytest.fixture
def root(tiny_bundle: Bundle, tmp_path: Path) -> Path:
    """A shelf with a/1, a/2 and b/1, none of them current."""
    draft = tmp_path / "draft"
    draft.mkdir()
    for file in (GRAPH, WEIGHTS, TOKENIZER):
        (draft / file).write_text(file, encoding="utf-8")
    for name, version in (("b", "1"), ("a", "2"), ("a", "1")):
        save_bundle(
            draft, tmp_path / "root", tiny_bundle.manifest.model_copy(update={"name": name, "version": version})
        )
    return tmp_path / "root"


def test_bundles_are_listed_in_order(root: Path, tmp_path: Path) -> None:
    assert list_bundles(root) == ["a/1", "a/2", "b/1"]
    assert list_bundles(tmp_path / "nowhere") == []


def test_promoting_makes_current_and_rolling_back_returns(root: Path) -> None:
    promote("a/1", root)
    promote("b/1", root)
    assert current_bundle(root) == "b/1"
    assert rollback(root).folder == root / "a" / "1"
    assert load_current(root).folder == root / "a" / "1"
    rollback(root)
    assert current_bundle(root) == "b/1"


def test_promoting_what_is_current_forgets_nothing(root: Path) -> None:
    for name in ("a/1", "a/2", "a/2"):
        promote(name, root)
    assert rollback(root).manifest.version == "1"


def test_nothing_but_the_two_names_is_written(root: Path) -> None:
    promote("a/1", root)
    promote("a/2", root)
    assert sorted(path.name for path in root.iterdir()) == ["a", "b", "current", "previous"]
    assert (root / CURRENT).read_text(encoding="utf-8") == "a/2\n"


def test_no_current_bundle(root: Path) -> None:
    with pytest.raises(BundleError, match="sikap models promote") as caught:
        load_current(root)
    assert str(root / CURRENT) in caught.value.message


def test_a_current_that_names_no_bundle(root: Path) -> None:
    (root / CURRENT).write_text("a/9\n", encoding="utf-8")
    with pytest.raises(BundleError, match="'a/9'; expected one of: a/1, a/2, b/1"):
        current_bundle(root)


def test_a_current_that_is_not_text(root: Path) -> None:
    (root / CURRENT).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BundleError) as caught:
        current_bundle(root)
    assert str(root / CURRENT) in caught.value.message


@pytest.mark.parametrize("name", ["a/3", "a", "", "../root/a/1", "c/1"])
def test_an_unknown_name_changes_nothing(root: Path, name: str) -> None:
    promote("a/1", root)
    with pytest.raises(BundleError, match="there is no bundle"):
        promote(name, root)
    assert current_bundle(root) == "a/1"


def test_a_damaged_bundle_is_not_promoted(root: Path) -> None:
    promote("a/1", root)
    (root / "a" / "2" / WEIGHTS).write_text("damaged", encoding="utf-8")
    with pytest.raises(BundleError, match="damaged"):
        promote("a/2", root)
    assert current_bundle(root) == "a/1"


def test_rolling_back_where_nothing_came_before(root: Path) -> None:
    promote("a/1", root)
    with pytest.raises(BundleError, match="nothing to go back to"):
        rollback(root)


def test_the_environment_chooses_the_shelf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SIKAP_MODELS", str(tmp_path))
    assert bundles_root() == tmp_path
    monkeypatch.delenv("SIKAP_MODELS")
    assert bundles_root().parts[-2:] == ("models", "bundles")
