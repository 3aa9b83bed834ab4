"""The rows of a scored folder: one a paragraph, and one a document beside them."""

from typing import Any

import pyarrow

from labels.stance import Stance
from serving.answer import Answer
from serving.documents import Document, Source

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
_HELD = pyarrow.struct([("name", pyarrow.string()), ("stances", pyarrow.string())])
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


def paragraph_rows(source: Source, document: Document, answer: Answer) -> list[Row]:
    """A row for each paragraph of a document, furniture included."""
    rows = []
    for verdict in answer.model_dump(mode="json")["paragraphs"]:
        index = verdict.pop("index")
        text = document.text[verdict["start"] : verdict["end"]]
        rows.append(
            {
                "path": source.shown,
                "document": 0,
                "paragraph": index,
                **verdict,
                "text": text,
                "model": model_of(answer),
                "error": None,
            }
        )
    return rows


def document_row(source: Source, document: Document, answer: Answer) -> Row:
    """The companion row of a document; its profile is JSON text."""
    return {
        "path": source.shown,
        "document": 0,
        "title": document.title,
        "date": document.date,
        "outlet": document.outlet,
        "source": source.shown,
        "characters": len(document.text),
        "profile": answer.profile.model_dump_json(),
        "model": model_of(answer),
        "error": None,
    }


def failed_rows(source: Source, error: Exception, model: str) -> tuple[Row, Row]:
    """The single row, and the companion row, of a document that failed."""
    what = {"type": type(error).__name__, "message": str(error)}
    head = {"path": source.shown, "document": 0, "model": model, "error": what}
    return {field: head.get(field) for field in PARAGRAPHS.names}, {field: head.get(field) for field in DOCUMENTS.names}


def model_of(answer: Answer) -> str:
    """`name/version` of the model that answered."""
    return f"{answer.model.name}/{answer.model.version}"
