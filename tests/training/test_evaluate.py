"""Evaluation: both formats, what stands alone, what comes out of the pipeline, and files that are wrong."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labels.article import Article
from labels.stance import Stance
from labels.store import write_articles
from models.bundle import Bundle
from models.decoding import Calibration, Logits
from models.predictor import Predictor
from models.tags import STANCE_TAGS
from models.tokenizing import Tokenizing
from sikap.errors import InputError
from training.evaluate import GoldDocument, GoldParagraph, gold_document, judge, read_evaluations, read_gold, report

TEXTS = ("Rapat dijadwalkan Senin di Jakarta.", "Juru bicara Komisi Audit membantah tuduhan.")


def paragraph(text: str = TEXTS[0], stance: str = "neutral-report", **more: Any) -> dict[str, Any]:
    return {"text": text, "stance": stance, "also_acceptable": [], "spans": []} | more


def news(**more: Any) -> dict[str, Any]:
    """An article in the format of real_news/dev.jsonl."""
    start = TEXTS[1].index("membantah")
    span = {"start": start, "end": len(TEXTS[1]) - 1, "stance": "denial", "holder": [0, start - 1]}
    paragraphs = [paragraph(), paragraph(TEXTS[1], "denial", also_acceptable=["neutral-report"], spans=[span])]
    return {"doc": "n1", "title": "Judul", "pick": "random", "paragraphs": paragraphs} | more


def write(path: Path, *rows: Any) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


class Denier:
    """A network that calls every paragraph with the word `membantah` a denial, and marks that word."""

    def __init__(self, tokenizing: Tokenizing) -> None:
        self.word = set(tokenizing.tokens(["membantah"])[0].ids)
        self.predictor = Predictor(tokenizing, self, Calibration())

    def __call__(self, windows: Sequence[list[int]]) -> list[Logits]:
        return [self.read(np.array(ids[1:-1])) for ids in windows]

    def read(self, ids: np.ndarray) -> Logits:
        marked = np.isin(ids, list(self.word))
        tags = np.where(marked, STANCE_TAGS.index("B-denial"), 0)
        stance = np.eye(4, dtype=np.float32)[2 if marked.any() else 3]
        return Logits(9 * stance, 9 * np.eye(7, dtype=np.float32)[tags], np.zeros((len(ids), 3), dtype=np.float32))


@pytest.fixture(scope="module")
def denier(tiny_articles: list[Article], tiny_tokenizing: Tokenizing) -> Predictor:
    assert len(tiny_tokenizing.tokens(["membantah"])[0].ids) == 1
    return Denier(tiny_tokenizing).predictor


def test_articles_with_paragraphs_are_read(tmp_path: Path) -> None:
    (found,) = read_gold(write(tmp_path / "dev.jsonl", news()))
    assert (found.id, found.alone, [p.stance for p in found.paragraphs]) == ("n1", False, ["neutral-report", "denial"])
    second = found.paragraphs[1]
    assert second.acceptable == ("neutral-report",)
    assert second.text[slice(*second.spans[0].holder or ())] == "Juru bicara Komisi Audit"


def test_labelled_data_is_read_whole_from_a_file_and_by_split_from_a_folder(
    tiny_articles: list[Article], tiny_labels: Path
) -> None:
    assert len(read_gold(tiny_labels)) == len(tiny_articles)
    validation = [article.id for article in tiny_articles if article.split == "validation"]
    assert [document.id for document in read_gold(tiny_labels.parent)] == validation


@pytest.mark.parametrize(("pick", "alone"), [("cue", True), ("cue:denial", True), ("random", False), ("", False)])
def test_articles_picked_by_a_cue_stand_alone(tmp_path: Path, pick: str, alone: bool) -> None:
    (found,) = read_gold(write(tmp_path / "dev.jsonl", news(pick=pick)))
    assert found.alone is alone


def test_a_line_separator_inside_a_text_does_not_part_the_line(tmp_path: Path) -> None:
    text = "Rapat\u2028dijadwalkan\x85Senin."
    (found,) = read_gold(write(tmp_path / "dev.jsonl", news(paragraphs=[paragraph(text)])))
    assert found.paragraphs[0].text == text


def bad_span(**changes: Any) -> dict[str, Any]:
    span = {"start": 0, "end": 5, "stance": "denial", "holder": None} | changes
    return news(paragraphs=[paragraph(stance="denial", spans=[span])])


@pytest.mark.parametrize(
    "row",
    [
        "{",
        "[]",
        "5",
        {"pick": "random", "paragraphs": []},
        news(paragraphs=[{"stance": "denial", "spans": []}]),
        news(paragraphs=[paragraph(stance="praise")]),
        news(paragraphs=[paragraph(text=5)]),  # type: ignore[arg-type]
        news(paragraphs=["text"]),
        bad_span(stance="praise"),
        bad_span(start="0"),
        bad_span(end=500),
        bad_span(holder=[0]),
    ],
    ids=[
        "json",
        "list",
        "number",
        "doc",
        "text",
        "stance",
        "text-type",
        "paragraph",
        "span-stance",
        "start",
        "end",
        "holder",
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, row: Any) -> None:
    path = write(tmp_path / "dev.jsonl", news(), row)
    with pytest.raises(InputError, match="expected") as caught:
        read_gold(path)
    assert f"{path}:2" in caught.value.message


@pytest.mark.parametrize("first", ["", "{", "5", "nonsense"])
def test_a_file_that_is_neither_format_is_named(tmp_path: Path, first: str) -> None:
    path = write(tmp_path / "dev.jsonl", first)
    with pytest.raises(InputError) as caught:
        read_gold(path)
    assert f"{path}:1" in caught.value.message


def test_a_file_that_is_not_there_or_not_utf8(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_gold(tmp_path / "none.jsonl")
    path = tmp_path / "latin.jsonl"
    path.write_bytes(b'{"doc": "caf\xe9", "paragraphs": []}\n')
    with pytest.raises(InputError, match="UTF-8"):
        read_gold(path)


def test_several_files_go_by_their_names(tmp_path: Path) -> None:
    paths = [write(tmp_path / name, news()) for name in ("one.jsonl", "two.jsonl")]
    assert list(read_evaluations(paths)) == ["one", "two"]
    (tmp_path / "other").mkdir()
    for taken in ("validation", "export", "other/one"):
        again = write(tmp_path / f"{taken}.jsonl", news())
        with pytest.raises(InputError, match="rename the file"):
            read_evaluations([*paths, again])


def test_a_folder_without_validation_articles_is_refused(tiny_articles: list[Article], tmp_path: Path) -> None:
    write_articles([article for article in tiny_articles if article.split == "train"], tmp_path / "train.jsonl")
    with pytest.raises(InputError, match="validation"):
        read_gold(tmp_path)


def test_joined_paragraphs_are_matched_to_their_own_predictions(denier: Predictor, tmp_path: Path) -> None:
    (document,) = read_gold(write(tmp_path / "dev.jsonl", news()))
    first, second = judge([document, document], denier)[2:]
    assert (first.document, first.predicted, first.gold_characters) == (1, "neutral-report", frozenset())
    start = TEXTS[1].index("membantah")
    assert second.predicted == second.gold == "denial"
    assert second.predicted_characters == {(index, "denial") for index in range(start, start + len("membantah"))}
    assert second.predicted_characters < second.gold_characters
    assert second.gold_holders == {"juru bicara komisi audit"}
    assert second.acceptable == ("neutral-report",)


@pytest.mark.parametrize(("alone", "read"), [(False, 1), (True, 4)])
def test_paragraphs_that_stand_alone_are_read_one_by_one(tiny_tokenizing: Tokenizing, alone: bool, read: int) -> None:
    # As one text these lines look hard-wrapped and are read as one paragraph.
    lines = [f"Warga kota yang tinggal di pesisir nomor {number} menunggu kabar tentang" for number in range(4)]
    seen: list[str] = []

    class Noting(Predictor):
        def predict(self, paragraphs: Sequence[str]) -> list[Any]:
            seen.extend(paragraphs)
            return super().predict(paragraphs)

    noting = Noting(tiny_tokenizing, Denier(tiny_tokenizing), Calibration())
    document = GoldDocument("d", tuple(GoldParagraph(line, "neutral-report", ()) for line in lines), alone)
    rows = judge([document], noting)
    assert len(seen) == read
    assert [row.text for row in rows] == lines


def test_spans_stay_in_place_where_a_paragraph_has_a_margin(denier: Predictor) -> None:
    text = "  Amin membantah tuduhan."
    for alone in (True, False):
        document = GoldDocument(
            "d", (GoldParagraph("Rapat.", "neutral-report", ()), GoldParagraph(text, "denial", ())), alone
        )
        row = judge([document], denier)[1]
        places = sorted(index for index, _ in row.predicted_characters)
        assert text[places[0] : places[-1] + 1] == "membantah"


def test_furniture_counts_as_neutral(denier: Predictor) -> None:
    document = GoldDocument("d", (GoldParagraph("Baca juga: Menteri membantah tuduhan", "denial", ()),))
    (row,) = judge([document], denier)
    assert (row.predicted, row.scores, row.predicted_characters) == ("neutral-report", (0, 0, 0, 1), frozenset())


def test_labelled_articles_lose_their_furniture(tiny_articles: list[Article]) -> None:
    article = replace(tiny_articles[0], text=tiny_articles[0].text + "\nBaca juga: Jadwal Kereta")
    assert len(gold_document(article).paragraphs) == 4


def test_a_report_counts_and_gives_intervals(tiny_articles: list[Article], denier: Predictor) -> None:
    found = report(judge([gold_document(article) for article in tiny_articles], denier), 30)
    assert (found.paragraphs, found.documents) == (72, 18)
    assert found.support == {str(stance): 18 for stance in Stance}
    # Denials are all found; the other 54 are called neutral, of which 18 are.
    assert found.values["f1_denial"] == 1
    assert found.values["f1_neutral-report"] == pytest.approx(2 * 18 / (54 + 18))
    assert found.values.keys() == found.intervals.keys()
    assert all(
        low <= found.values[name] + 1e-9 and found.values[name] <= high + 1e-9
        for name, (low, high) in found.intervals.items()
    )


def test_a_report_without_rounds_has_no_intervals(tiny_articles: list[Article], denier: Predictor) -> None:
    assert report(judge([gold_document(tiny_articles[0])], denier), 0).intervals == {}


def test_a_trained_bundle_is_judged_well_on_its_own_articles(tiny_labels: Path, tiny_bundle: Bundle) -> None:
    found = report(judge(read_gold(tiny_labels), tiny_bundle.predictor(threads=1)), 0)
    assert found.values["macro_f1"] > 0.8
    assert found.values["evidence_f1"] > 0.3
