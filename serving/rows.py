"""The rows of a scored folder: one a paragraph, and one a document beside them."""

from typing import Any, NamedTuple

import pyarrow

from labels.stance import Stance
from serving.answer import Answer
from serving.documents import Document, Item

_SCORES = pyarrow.struct([(str(stance), pyarrow.float64()) for stance in Stance])
_HOLDER = pyarrow.struct([("start", pyarrow.int64()), ("end", pyarrow.int64()), ("text", pyarrow.string())])
_SPAN = pyarrow.struct(
    [
        ("start", pyarrow.int64()),
        ("end", pyarrow.int64()),
        ("text", pyarrow.string()),
        ("stance", pyarrow.string()),
        ("confidence", pyarrow.float64()),
        ("holder", _HOLDER),
    ]
)
_ERROR = pyarrow.struct([("type", pyarrow.string()), ("message", pyarrow.string())])
PARAGRAPHS = pyarrow.schema(
    [
        ("path", pyarrow.string()),
        ("document", pyarrow.int64()),
        ("paragraph", pyarrow.int64()),
        ("start", pyarrow.int64()),
        ("end", pyarrow.int64()),
        ("kind", pyarrow.string()),
        ("text", pyarrow.string()),
        ("stance", pyarrow.string()),
        ("confidence", pyarrow.float64()),
        ("uncertain", pyarrow.bool_()),
        ("scores", _SCORES),
        ("spans", pyarrow.list_(_SPAN)),
        ("model", pyarrow.string()),
        ("error", _ERROR),
    ]
)
DOCUMENTS = pyarrow.schema(
    [
        ("path", pyarrow.string()),
        ("document", pyarrow.int64()),
        ("title", pyarrow.string()),
        ("date", pyarrow.string()),
        ("outlet", pyarrow.string()),
        ("source", pyarrow.string()),
        ("characters", pyarrow.int64()),
        ("profile", pyarrow.string()),
        ("model", pyarrow.string()),
        ("error", _ERROR),
    ]
)
Row = dict[str, Any]


class Tables(NamedTuple):
    """The two tables that a run writes, or a part of them: paragraphs and documents."""

    paragraphs: pyarrow.Table
    documents: pyarrow.Table


def as_tables(paragraphs: list[Row], documents: list[Row]) -> Tables:
    """Rows as typed tables; a column that a row lacks is null."""
    return Tables(pyarrow.Table.from_pylist(paragraphs, PARAGRAPHS), pyarrow.Table.from_pylist(documents, DOCUMENTS))


def paragraph_rows(item: Item, text: str, answer: Answer) -> list[Row]:
    """A row for each paragraph of a document, furniture included."""
    rows = []
    for verdict in answer.model_dump(mode="json")["paragraphs"]:
        index = verdict.pop("index")
        rows.append(
            {
                "path": item.path,
                "document": item.number,
                "paragraph": index,
                **verdict,
                "text": text[verdict["start"] : verdict["end"]],
                "model": model_of(answer),
            }
        )
    return rows


def document_row(item: Item, document: Document, answer: Answer) -> Row:
    """The companion row of a document; its profile is JSON text."""
    return {
        "path": item.path,
        "document": item.number,
        "title": written(document.title),
        "date": written(document.date),
        "outlet": written(document.outlet),
        "source": written(document.source),
        "characters": len(document.text),
        "profile": answer.profile.model_dump_json(),
        "model": model_of(answer),
    }


def failed_row(item: Item, error: Exception, model: str) -> Row:
    """The row of a document that failed, the same in both tables."""
    what = {"type": type(error).__name__, "message": written(str(error))}
    return {"path": item.path, "document": item.number, "model": model, "error": what}


def written(text: str | None) -> str | None:
    """Text that can be written as UTF-8: lone surrogates, which JSON may hold, are escaped."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()


def model_of(answer: Answer) -> str:
    """`name/version` of the model that answered."""
    return f"{answer.model.name}/{answer.model.version}"
