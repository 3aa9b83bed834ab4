"""Prodigy's JSON Lines: what it exports, and tokens that its interface can show."""

import json
from pathlib import Path

from labels.article import Article, Span
from labels.formats.registry import read, write
from labels.stance import Stance

TEXT = "Iran membantah 😀 itu."
IRAN = Article("a1", "uji", "kawat", TEXT, "tes", (Span(5, 12, Stance.DENIAL, (0, 4)),), title="Judul")


def test_spans_and_relations_are_whole_tokens(tmp_path: Path) -> None:
    write([IRAN], tmp_path / "a.jsonl", "prodigy")
    row = json.loads((tmp_path / "a.jsonl").read_text(encoding="utf-8"))
    assert [token["text"] for token in row["tokens"]] == ["Iran", "membant", "ah", "😀", "itu", "."]
    assert "".join(token["text"] + " " * token["ws"] for token in row["tokens"]) == TEXT
    held, holder = row["spans"]
    assert held == {"start": 5, "end": 12, "token_start": 1, "token_end": 1, "label": "denial", "text": "membant"}
    (relation,) = row["relations"]
    assert (relation["head"], relation["child"], relation["label"]) == (1, 0, "held-by")
    assert relation["head_span"] | {"text": "membant"} == held
    assert relation["child_span"] | {"text": "Iran"} == holder
    assert row["meta"]["title"] == "Judul"


def test_spans_need_neither_tokens_nor_text_and_answers_decide(tmp_path: Path) -> None:
    span = {"start": 5, "end": 14, "label": "denial"}
    rows = [{"text": TEXT, "spans": [span], "answer": answer} for answer in ("accept", "reject", "ignore")]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\r\n" for row in rows), encoding="utf-8")
    assert [article.spans for article in read(path)] == [(Span(5, 14, Stance.DENIAL),)]
