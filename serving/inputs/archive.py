"""Archives: what `.gz` and `.zip` files hold, unpacked as it is read and guarded against bombs."""

import gzip
import zipfile
from collections.abc import Iterator
from io import BufferedReader, RawIOBase
from typing import IO, Final

from sikap.errors import SikapError, TooLargeError

FREE: Final = 64 << 20  # bytes that anything may unpack to
MOST_RATIO: Final = 200  # of unpacked to packed bytes beyond that; news text stays below 10


class Guarded(RawIOBase):
    """A stream out of an archive that refuses to grow to many times what was packed."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, packed: int) -> None:
        self._stream, self._most, self._read = stream, max(FREE, MOST_RATIO * packed), 0

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read on. Raises TooLargeError where a bomb shows."""
        block = self._stream.read(len(buffer))
        buffer[: len(block)] = block
        self._read += len(block)
        if self._read > self._most:
            raise TooLargeError(
                f"it unpacks to more than {self._most >> 20} MiB, {MOST_RATIO} times its packed size: no text does that"
            )
        return len(block)


def ungzipped(stream: IO[bytes], packed: int) -> BufferedReader:
    """The one file in a `.gz`, whose packed size is known."""
    return BufferedReader(Guarded(gzip.GzipFile(fileobj=stream), packed), 1 << 16)


def members(stream: IO[bytes]) -> Iterator[tuple[str, BufferedReader | SikapError]]:
    """The files in a `.zip`, in the order of their names; one that cannot be opened is an error in its place."""
    with zipfile.ZipFile(stream) as archive:
        for entry in sorted(archive.infolist(), key=lambda entry: entry.filename):
            if entry.is_dir():
                continue
            try:
                with archive.open(entry) as member:
                    yield entry.filename, BufferedReader(Guarded(member, entry.compress_size), 1 << 16)
            except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:  # a password, a rare method
                yield entry.filename, SikapError(f"it cannot be unpacked: {error}")
