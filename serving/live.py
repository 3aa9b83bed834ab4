"""The live model: the classifier that answers now, and the watch that swaps it when another bundle becomes current."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from models.shelf import CURRENT, load_current
from serving.classifier import Classifier
from sikap.errors import NotReadyError, SikapError

EVERY = 1.0  # seconds between two looks at the shelf
Signature = tuple[tuple[str, int, int], ...]
_log = logging.getLogger("sikap.serving")


def load(root: Path) -> Classifier:
    """The current bundle, verified, loaded and warm."""
    return Classifier(load_current(root), warm=True)


class LiveModel:
    """Holds the classifier in use. A new one is loaded beside it and takes over between two requests.

    Args:
        root: the shelf of bundles.
        load: makes a classifier of its current bundle.
        told: called after each attempt with whether it succeeded.
    """

    def __init__(
        self,
        root: Path,
        load: Callable[[Path], Classifier] = load,
        told: Callable[[Classifier | None], None] = lambda _: None,
    ) -> None:
        self._root, self._load, self._told = root, load, told
        self._classifier: Classifier | None = None
        self._seen: Signature | None = None
        self._why = "the model is being loaded"
        self._stopped = threading.Event()

    @property
    def ready(self) -> bool:
        """Whether there is a model, loaded and warm."""
        return self._classifier is not None

    @property
    def classifier(self) -> Classifier:
        """The classifier in use; a request holds on to the one that it began with. Raises NotReadyError before the first."""
        if self._classifier is None:
            raise NotReadyError(f"{self._why}; try again in a moment")
        return self._classifier

    def start(self) -> None:
        """Load the current bundle, then watch the shelf, in a thread of its own."""
        threading.Thread(target=self._watch, name="sikap-shelf", daemon=True).start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()

    def look(self) -> None:
        """Take up the current bundle if it, or what `current` names, has changed. A damaged one is refused: the old stays."""
        signature = _signature(self._root)
        if signature == self._seen:
            return
        self._seen = signature
        try:
            classifier = self._load(self._root)
        except (SikapError, OSError) as error:
            self._why = "the model's bundle cannot be loaded (the log says why)"
            _log.error("bundle refused%s: %s", ", the old one stays" if self._classifier else "", error)
            self._told(None)
            return
        self._classifier = classifier
        _log.info("model %s/%s is in use", classifier.model.name, classifier.model.version)
        self._told(classifier)

    def _watch(self) -> None:
        while not self._stopped.is_set():
            try:
                self.look()
            except Exception:  # the watch must outlive whatever is on the shelf
                _log.exception("the shelf could not be looked at")
            self._stopped.wait(EVERY)


def _signature(root: Path) -> Signature:
    """What changes when another bundle becomes current, or a file of the current one is written."""
    current = root / CURRENT
    try:
        folder = root / current.read_text(encoding="utf-8").strip()
        files = [current, *sorted(folder.iterdir())]
        return tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files)
    except (OSError, UnicodeDecodeError, ValueError):
        return ((str(current), 0, 0),)
