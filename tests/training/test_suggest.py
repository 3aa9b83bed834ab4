"""What to label next: who is chosen, why, in which order, and what is handed to the labeller."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from labels.article import Article
from labels.stance import Stance
from labels.store import check_files, write_articles
from models.bundle import Bundle
from models.decoding import Evidence, Prediction
from training.suggest import Candidate, Reason, Suggestion, Unlabelled, read_candidates, suggest

SURE = (0.01, 0.01, 0.01, 0.97)
TORN = (0.02, 0.48, 0.02, 0.48)
LAWFUL = (0.9, 0.02, 0.02, 0.06)
DENIED = (0.02, 0.02, 0.9, 0.06)
PLACES = ("bandara", "pelabuhan", "stasiun", "terminal", "sekolah", "pasar", "museum", "bendungan", "stadion", "kampus")


def text(number: int, word: str) -> str:
    """A paragraph that shares no long word with those of other numbers."""
    place = PLACES[number]
    return f"Di {place} {word}{number} ada {place}isasi {word}an{number} dan lagi {number}."


def predictor(scores: dict[str, tuple[float, ...]]):  # type: ignore[no-untyped-def]
    """A model that knows paragraphs by a word they hold, and sees its evidence in their second word."""

    def predict(texts: Sequence[str]) -> list[Prediction]:
        return [_prediction(next((s for word, s in scores.items() if word in given), SURE)) for given in texts]

    return predict


def _prediction(scores: tuple[float, ...]) -> Prediction:
    stance = list(Stance)[scores.index(max(scores))]
    spans = () if stance == Stance.NEUTRAL_REPORT else (Evidence(3, 8, stance, 0.9, (0, 2)),)
    return Prediction(scores, spans)


KNOWN = predictor({"ragu": TORN, "sah": LAWFUL, "bantah": DENIED})


def documents(*words: str) -> list[Unlabelled]:
    """One document of one paragraph for each word."""
    return [Unlabelled(f"d{number}.txt", text(number, word)) for number, word in enumerate(words)]


def candidates(*words: str) -> list[Candidate]:
    return read_candidates(documents(*words), KNOWN)


def chosen(suggestions: Sequence[Suggestion]) -> list[tuple[str, Reason]]:
    return [(suggestion.candidate.article.id, suggestion.reason) for suggestion in suggestions]


def test_reasons_take_turns_and_what_none_speaks_for_is_not_chosen() -> None:
    found = suggest(candidates("biasa", "sah", "ragu", "bantah", "ragu", "ragu"), [], 9)
    assert chosen(found) == [
        ("d1.txt", Reason.JUSTIFICATION),
        ("d2.txt", Reason.UNCERTAIN),
        ("d3.txt", Reason.DENIAL),
        ("d4.txt", Reason.UNCERTAIN),
        ("d5.txt", Reason.UNCERTAIN),
    ]


def test_of_each_reason_the_strongest_comes_first() -> None:
    scores = {"agak": (0.02, 0.3, 0.02, 0.66), "ragu": TORN, "mungkin": (0.2, 0.0, 0.1, 0.7), "sah": LAWFUL}
    found = suggest(read_candidates(documents("agak", "ragu", "mungkin", "sah"), predictor(scores)), [], 9)
    assert [(name, reason.name) for name, reason in chosen(found)] == [
        ("d3.txt", "JUSTIFICATION"),
        ("d1.txt", "UNCERTAIN"),
        ("d2.txt", "DENIAL"),
        ("d0.txt", "UNCERTAIN"),
    ]


def test_no_more_are_chosen_than_asked_for_nor_than_there_are() -> None:
    read = candidates("ragu", "ragu", "sah")
    assert len(suggest(read, [], 2)) == 2
    assert len(suggest(read, [], 50)) == 3
    assert suggest([], [], 50) == []


def test_near_copies_of_each_other_and_of_labelled_text_are_left_out() -> None:
    line = "Kapal itu ragu berlayar dari pelabuhan lama menuju pulau kecil di timur"
    known = "Menteri ragu akan meninjau jembatan baru yang menghubungkan kedua kota pesisir"
    labelled = [Article("a", "laut", "kawat", f"{known}, ujarnya.", "tes")]
    read = read_candidates(
        [Unlabelled("1", f"{line} kemarin."), Unlabelled("2", f"{line}, katanya."), Unlabelled("3", f"{known}.")], KNOWN
    )
    assert [article for article, _ in chosen(suggest(read, labelled, 9))] == ["1"]


def test_paragraphs_of_much_the_same_words_are_chosen_once() -> None:
    read = read_candidates(
        [
            Unlabelled("1", "Warga kampung ragu akan pembangunan bendungan besar itu."),
            Unlabelled("2", "Pembangunan bendungan besar membuat ragu warga kampung."),
        ],
        KNOWN,
    )
    assert len(suggest(read, [], 9)) == 1


def test_one_document_gives_no_more_than_its_share() -> None:
    document = Unlabelled("d", "\n".join(text(number, "ragu") for number in range(10)))
    read = read_candidates([document], KNOWN)
    assert len(suggest(read, [], 10)) == 3
    assert len(suggest(read, [], 10, most_of_one=1)) == 1


def test_furniture_headings_and_short_paragraphs_are_no_candidates() -> None:
    document = Unlabelled("d", f"Warga Kota Ragu\nBaca juga: Warga Ragu\nIa ragu saja.\n{text(0, 'ragu')}")
    assert [candidate.place.paragraph for candidate in read_candidates([document], KNOWN)] == [4]


def test_a_paragraph_is_handed_over_with_its_spans_as_an_article_of_its_own() -> None:
    document = Unlabelled("map/d.txt", f"{text(0, 'sah')}\n{text(1, 'sah')}", "Judul", "2026-03-01")
    found = [suggestion.article(whole=False) for suggestion in suggest(read_candidates([document], KNOWN), [], 2)]
    article = max(found, key=lambda article: article.id)
    assert (article.id, article.title, article.date) == ("map/d.txt#2", "Judul", "2026-03-01")
    assert (article.annotator, article.text) == ("model", text(1, "sah"))
    assert [(span.start, span.end, span.stance, span.holder) for span in article.spans] == [
        (3, 8, Stance.LEGAL_JUSTIFICATION, (0, 2))
    ]


def test_a_whole_article_is_handed_over_with_all_its_spans() -> None:
    title = "Baca juga: Warga Kota Ragu"
    document = Unlabelled("d", f"{title}\n\n{text(0, 'sah')}\n\n{text(1, 'bantah')}")
    article = suggest(read_candidates([document], KNOWN), [], 1)[0].article(whole=True)
    assert article.text == f"{title}\n{text(0, 'sah')}\n{text(1, 'bantah')}"
    assert [article.text[span.start : span.end] for span in article.spans] == ["banda", "pelab"]
    assert [article.text[slice(*span.holder)] for span in article.spans if span.holder] == ["Di", "Di"]


def test_white_space_within_a_paragraph_is_made_plain_before_the_model_reads_it(tmp_path: Path) -> None:
    wrapped = "Di  pelabuhan\u00a0itu warga\r\nragu akan rencana\tbaru pemerintah kota.\r\n\r\nSelesai sudah."
    article = suggest(read_candidates([Unlabelled("d", wrapped)], KNOWN), [], 1)[0].article(whole=True)
    assert article.text == "Di pelabuhan itu warga ragu akan rencana baru pemerintah kota.\nSelesai sudah."
    assert [article.text[span.start : span.end] for span in article.spans] == ["pelab"]


def test_a_document_without_text_gives_nothing() -> None:
    assert read_candidates([Unlabelled("d", " \n ")], KNOWN) == []


def test_progress_is_told() -> None:
    told: list[int] = []
    read_candidates(documents(*["ragu"] * 10) * 4, KNOWN, told.append)
    assert told == [32, 40]


@pytest.mark.parametrize("whole", [True, False])
def test_what_a_real_model_suggests_passes_the_checks_of_labelled_data(
    whole: bool, tiny_bundle: Bundle, tiny_articles: list[Article], tmp_path: Path
) -> None:
    unlabelled = [Unlabelled(article.id, article.text) for article in tiny_articles]
    predictor = tiny_bundle.predictor(1)
    most_of_one = 1 if whole else 3
    first, again = (suggest(read_candidates(unlabelled, predictor.predict), [], 8, most_of_one) for _ in range(2))
    assert chosen(first) == chosen(again)
    assert Counter(suggestion.reason for suggestion in first)[Reason.JUSTIFICATION] >= 1
    path = tmp_path / "saran.jsonl"
    write_articles([suggestion.article(whole) for suggestion in first], path)
    assert check_files([path])[1] == []
