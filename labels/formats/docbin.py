"""spaCy's DocBin: a document an article, stances and holders as span groups; spaCy is not installed with Sikap."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from labels.article import Article
from labels.formats.task import HOLDER, Task
from labels.formats.words import words_of
from sikap.errors import InputError

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span
    from spacy.vocab import Vocab


def write(articles: Iterable[Article], path: Path) -> None:
    """Write documents with `spans["stance"]` and `spans["holder"]`; a span has the same `id_` as its holder.

    `user_data` holds the article's metadata. Raises InputError where spaCy is not installed.
    """
    try:
        from spacy.tokens import DocBin
        from spacy.vocab import Vocab
    except ImportError as error:
        raise InputError("the format spacy needs spaCy; install it with: .venv/bin/pip install spacy") from error
    vocab = Vocab()
    documents = [_document(Task.of(article), vocab) for article in articles]
    DocBin(store_user_data=True, docs=documents).to_disk(path)


def _document(task: Task, vocab: "Vocab") -> "Doc":
    from spacy.tokens import Doc
    from spacy.util import get_words_and_spaces

    places = words_of(task.text, [(region.start, region.end) for region in task.regions])
    words, spaces = get_words_and_spaces([task.text[start:end] for start, end in places], task.text)
    document = Doc(vocab, words=words, spaces=spaces, user_data=dict(task.metadata))
    holders = dict(task.links)
    groups: dict[str, list[Span]] = {"stance": [], HOLDER: []}
    for region in task.regions:
        name = region.name if region.label == HOLDER else holders.get(region.name, "")
        span = document.char_span(region.start, region.end, region.label, span_id=name)
        groups[HOLDER if region.label == HOLDER else "stance"].append(span)
    document.spans.update(groups)
    return document
