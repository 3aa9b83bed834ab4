"""API keys: who may use the service. Each has a name, which the logs and metrics show in its place."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sikap.errors import InputError

SHORTEST = 16  # characters of a key
_NAME = re.compile(r"[\w.-]{1,40}", re.ASCII)
_EXPECTED = "expected NAME:KEY, such as redaksi:5f1c…"


@dataclass(frozen=True)
class Keys:
    """Names by the digests of their keys; the keys themselves are not kept."""

    names: Mapping[bytes, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.names)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Keys":
        """`SIKAP_KEYS` (NAME:KEY, separated by commas) and `SIKAP_KEYS_FILE` (one a line). Raises InputError."""
        entries = [("SIKAP_KEYS", part) for part in environment.get("SIKAP_KEYS", "").split(",")]
        if file := environment.get("SIKAP_KEYS_FILE"):
            entries += _lines(Path(file))
        names: dict[bytes, str] = {}
        for place, entry in entries:
            if not entry.strip() or entry.lstrip().startswith("#"):
                continue
            name, key = _parse(place, entry)
            if digest(key) in names or name in names.values():
                raise InputError(f"{place}: the name {name!r} or its key was given before; expected each once")
            names[digest(key)] = name
        if environment.get("SIKAP_KEYS_FILE") and not names:
            raise InputError(f"{environment['SIKAP_KEYS_FILE']}: holds no key; {_EXPECTED} on a line")
        return cls(names)

    def holder(self, presented: str) -> str | None:
        """The name of the key that was presented, or None.

        Digests are compared, and with every key: neither the length of a key nor its place in the list shows in the time.
        """
        found = None
        theirs = digest(presented)
        for ours, name in self.names.items():
            if hmac.compare_digest(ours, theirs):
                found = name
        return found


def digest(key: str) -> bytes:
    """What is kept of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _lines(path: Path) -> list[tuple[str, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); SIKAP_KEYS_FILE names a file of keys") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not text; {_EXPECTED} on a line") from error
    return [(f"{path}:{number}", line) for number, line in enumerate(text.splitlines(), 1)]


def _parse(place: str, entry: str) -> tuple[str, str]:
    """Name and key of one entry. What is wrong is told without the key."""
    name, colon, key = (part.strip() for part in entry.partition(":"))
    if not colon or not _NAME.fullmatch(name):
        raise InputError(f"{place}: found an entry without a name; {_EXPECTED}")
    if len(key) < SHORTEST or not key.isascii() or not key.isprintable() or " " in key:
        raise InputError(
            f"{place}: the key of {name!r} has {len(key)} characters, expected at least {SHORTEST}, ASCII, no spaces; "
            "make one with `openssl rand -hex 32`"
        )
    return name, key
