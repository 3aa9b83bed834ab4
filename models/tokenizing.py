"""Text to token ids and back: WordPiece with character offsets, and overlapping windows over long paragraphs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from sikap.errors import BundleError

Offsets = tuple[int, int]


@dataclass(frozen=True)
class Window:
    """A stretch of one paragraph that the network reads at once.

    Args:
        paragraph: index of the paragraph in the list that was given.
        first: index of the window's first token among the paragraph's tokens.
        ids: token ids with the special tokens around them.
    """

    paragraph: int
    first: int
    ids: list[int]


@dataclass(frozen=True)
class Tokens:
    """A paragraph as tokens: ids and, for each, its (start, end) in code points of the paragraph."""

    ids: list[int]
    offsets: list[Offsets]


class Tokenizing:
    """A tokenizer and the window that its network was trained with.

    Args:
        tokenizer: a WordPiece tokenizer that knows [CLS], [SEP], [PAD] and [MASK].
        window: most tokens that the network reads at once, special tokens included.
        overlap: tokens that two windows of one paragraph share.
    """

    def __init__(self, tokenizer: Tokenizer, window: int, overlap: int) -> None:
        if not 0 <= overlap < window - 2:
            raise BundleError(
                f"windows of {window} tokens cannot overlap by {overlap}; expected an overlap below {window - 2}"
            )
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self.tokenizer, self.window, self.overlap = tokenizer, window, overlap
        self.cls, self.sep, self.pad, self.mask = map(self._special, ("[CLS]", "[SEP]", "[PAD]", "[MASK]"))

    @classmethod
    def from_file(cls, path: Path, window: int, overlap: int) -> "Tokenizing":
        """Read a `tokenizer.json`. Raises BundleError where it cannot be read."""
        try:
            return cls(Tokenizer.from_file(str(path)), window, overlap)
        except Exception as error:  # the library raises bare Exception
            raise BundleError(f"{path}: not a tokenizer ({error}); restore the file or train again") from error

    def _special(self, token: str) -> int:
        number = self.tokenizer.token_to_id(token)
        if number is None:
            raise BundleError(f"the tokenizer has no {token}; expected a BERT tokenizer")
        return int(number)

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Tokenise paragraphs, without special tokens."""
        encodings = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [Tokens(encoding.ids, encoding.offsets) for encoding in encodings]

    def windows(self, paragraphs: Sequence[Tokens]) -> list[Window]:
        """Cut every paragraph into windows that together cover all of its tokens."""
        room = self.window - 2
        step = room - self.overlap
        cut = []
        for index, tokens in enumerate(paragraphs):
            last = max(0, len(tokens.ids) - self.overlap)
            for first in range(0, max(1, last), step):
                cut.append(Window(index, first, [self.cls, *tokens.ids[first : first + room], self.sep]))
        return cut
