"""The shelf of bundles: which there are, and which one is current."""

import os
from pathlib import Path

from models.bundle import MANIFEST, Bundle, load_bundle
from sikap.errors import BundleError

CURRENT = "current"
PREVIOUS = "previous"


def bundles_root() -> Path:
    """The folder that holds the bundles: `$SIKAP_MODELS`, else `models/bundles` of this checkout."""
    return Path(os.environ.get("SIKAP_MODELS") or Path(__file__).parent / "bundles")


def list_bundles(root: Path) -> list[str]:
    """`name/version` of every bundle under `root`, sorted."""
    found = root.glob(f"*/*/{MANIFEST}")
    return sorted(f"{path.parent.parent.name}/{path.parent.name}" for path in found if path.parent.name[0] != ".")


def current_bundle(root: Path) -> str:
    """`name/version` that the file `current` names. Raises BundleError where there is none."""
    try:
        name = (root / CURRENT).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BundleError(
            f"{root / CURRENT}: cannot be read ({error.strerror}); it names the bundle to use as name/version. "
            "Train one with `make train`, or choose one with `sikap models promote NAME/VERSION`"
        ) from error
    except UnicodeDecodeError as error:
        raise BundleError(
            f"{root / CURRENT}: is not text; choose a bundle with `sikap models promote NAME/VERSION`"
        ) from error
    return _checked(name, root)


def load_current(root: Path) -> Bundle:
    """The current bundle, verified."""
    return load_bundle(root / current_bundle(root))


def promote(name: str, root: Path) -> Bundle:
    """Make `name/version` current, after verifying it; what was current is remembered for `rollback`."""
    bundle = load_bundle(root / _checked(name, root))
    current = root / CURRENT
    was = current.read_text(encoding="utf-8", errors="replace").strip() if current.exists() else name
    if was != name:
        _write(root / PREVIOUS, was)
    _write(root / CURRENT, name)
    return bundle


def rollback(root: Path) -> Bundle:
    """Make the bundle current again that was so before the last `promote`."""
    if not (root / PREVIOUS).exists():
        raise BundleError(f"{root / PREVIOUS}: nothing was promoted before, so there is nothing to go back to")
    return promote((root / PREVIOUS).read_text(encoding="utf-8", errors="replace").strip(), root)


def _checked(name: str, root: Path) -> str:
    known = list_bundles(root)
    if name not in known:
        raise BundleError(f"{root}: there is no bundle {name!r}; expected one of: {', '.join(known) or 'none yet'}")
    return name


def _write(path: Path, text: str) -> None:
    waiting = path.with_suffix(".tmp")
    waiting.write_text(text + "\n", encoding="utf-8")
    waiting.replace(path)
