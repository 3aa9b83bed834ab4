"""BIO in columns, as CoNLL has it: a word a line, its stance tag, its holder tag; for training other taggers."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from labels.article import Article, LabelledParagraph
from labels.formats.task import HOLDER
from labels.formats.words import tags, words_of
from labels.store import replace_text


def write(articles: Iterable[Article], path: Path) -> None:
    """Write words with tags, columns parted by tabs, a blank line after each paragraph, `# id = …` before an article."""
    replace_text(path, "".join(f"{line}\n" for article in articles for line in _lines(article)))


def _lines(article: Article) -> Iterator[str]:
    yield f"# id = {article.id}"
    for paragraph in article.paragraphs():
        yield from _rows(paragraph)
        yield ""


def _rows(paragraph: LabelledParagraph) -> Iterator[str]:
    stances = [((span.start, span.end), str(span.stance)) for span in paragraph.spans]
    holders = [(span.holder, HOLDER) for span in paragraph.spans if span.holder]
    words = words_of(paragraph.text, [place for place, _ in [*stances, *holders]])
    for (start, end), *both in zip(words, tags(words, stances), tags(words, holders), strict=True):
        yield "\t".join([paragraph.text[start:end], *both])
