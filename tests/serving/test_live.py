"""The live model: loaded once, swapped when another bundle becomes current, kept where the new one is damaged."""

import shutil
from pathlib import Path

import pytest

from models.bundle import Bundle
from models.shelf import load_current, promote
from serving.classifier import Classifier
from serving.live import LiveModel
from sikap.errors import NotReadyError


@pytest.fixture
def shelf(tiny_bundle: Bundle, tmp_path: Path) -> Path:
    """A shelf with one bundle, tiny/1, that is current."""
    shutil.copytree(tiny_bundle.folder, tmp_path / "tiny" / "1")
    promote("tiny/1", tmp_path)
    return tmp_path


def second_bundle(shelf: Path) -> Path:
    folder = shelf / "tiny" / "2"
    shutil.copytree(shelf / "tiny" / "1", folder)
    return folder


class Watched(LiveModel):
    """A live model that remembers what it was told, and which folders were loaded."""

    def __init__(self, root: Path) -> None:
        self.told: list[bool] = []
        self.loaded: list[Path] = []
        super().__init__(root, self._remember, lambda classifier: self.told.append(classifier is not None))

    def _remember(self, root: Path) -> Classifier:
        bundle = load_current(root)
        self.loaded.append(bundle.folder)
        return Classifier(bundle, threads=1)

    @property
    def folder(self) -> Path:
        return self.classifier.bundle.folder


def test_before_the_first_look_nothing_is_ready(shelf: Path) -> None:
    live = Watched(shelf)
    assert not live.ready
    with pytest.raises(NotReadyError, match="being loaded"):
        _ = live.classifier


def test_a_bundle_is_loaded_once(shelf: Path) -> None:
    live = Watched(shelf)
    live.look()
    live.look()
    assert live.ready
    assert live.loaded == [shelf / "tiny" / "1"]


def test_a_promoted_bundle_takes_over(shelf: Path) -> None:
    live = Watched(shelf)
    live.look()
    before = live.classifier
    second_bundle(shelf)
    live.look()
    assert live.classifier is before  # it is there, but not current
    promote("tiny/2", shelf)
    live.look()
    assert live.folder == shelf / "tiny" / "2"
    assert before.classify("Rapat dijadwalkan.").paragraphs  # who holds the old one can finish


@pytest.mark.parametrize("damage", ["model.bin", "model.xml", "tokenizer.json", "bundle.json"])
def test_a_bundle_damaged_while_serving_is_refused_and_the_old_one_stays(shelf: Path, damage: str) -> None:
    live = Watched(shelf)
    live.look()
    before = live.classifier
    file = shelf / "tiny" / "1" / damage
    whole = file.read_bytes()
    answer = before.classify("Rapat dijadwalkan.")
    file.write_bytes(whole[: len(whole) // 2])
    live.look()
    assert live.classifier is before
    assert before.classify("Rapat dijadwalkan.") == answer
    assert live.told == [True, False]
    file.write_bytes(whole)
    live.look()
    assert live.told == [True, False, True]


@pytest.mark.parametrize("text", ["tiny/9", "", "../tiny/1", "\0"])
def test_a_name_that_is_no_bundle_is_refused(shelf: Path, text: str) -> None:
    live = Watched(shelf)
    live.look()
    (shelf / "current").write_text(text)
    live.look()
    assert live.folder == shelf / "tiny" / "1"


def test_a_shelf_without_a_bundle_becomes_ready_when_it_gets_one(shelf: Path) -> None:
    (shelf / "current").unlink()
    live = Watched(shelf)
    live.look()
    with pytest.raises(NotReadyError, match="cannot be loaded"):
        _ = live.classifier
    promote("tiny/1", shelf)
    live.look()
    assert live.ready


def test_the_watch_begins_and_ends(shelf: Path) -> None:
    live = Watched(shelf)
    live.start()
    while not live.ready:
        pass
    live.stop()
