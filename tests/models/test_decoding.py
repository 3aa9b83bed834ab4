"""Whatever the logits say, an answer keeps its promises: scores, spans and holders."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from labels.stance import MARKED, Stance
from models.decoding import STANCES, Calibration, Logits, Prediction, decode, softmax, stance_scores
from models.tags import STANCE_TAGS
from models.tokenizing import Tokenizing, Tokens

PLAIN = Calibration()
QUOTES = " \t\n\u00a0\"'“”‘’.,;:!?"
DENY, NEUTRAL = 2, 3


def by_word(text: str) -> Tokens:
    """One token a word or mark."""
    places, start = [], 0
    for word in text.replace(".", " .").replace("“", "“ ").replace("”", " ”").split():
        start = text.index(word, start)
        places.append((start, start + len(word)))
        start += len(word)
    return Tokens(list(range(len(places))), places)


def logits(text: str, stance: int, tagged: dict[str, str], holders: dict[str, int] | None = None) -> Logits:
    """Sure logits for `by_word(text)`: a stance, tags by word, and holder tags by word."""
    words = [text[start:end] for start, end in by_word(text).offsets]
    tags = [STANCE_TAGS.index(tagged.get(word, "O")) for word in words]
    held = [(holders or {}).get(word, 0) for word in words]
    return Logits(*((8 * np.eye(size, dtype=np.float32))[index] for size, index in ((4, stance), (7, tags), (3, held))))


def read(text: str, stance: int, tagged: dict[str, str], holders: dict[str, int] | None = None) -> Prediction:
    return decode(text, by_word(text), logits(text, stance, tagged, holders), PLAIN)


def quotes(text: str, found: Prediction) -> list[tuple[str, str]]:
    return [(text[span.start : span.end], str(span.stance)) for span in found.spans]


def test_softmax_sums_to_one_and_stands_large_logits() -> None:
    found = softmax(np.array([[1000.0, 0.0], [-1000.0, -1000.0]], dtype=np.float32))
    assert found.tolist() == [[1.0, 0.0], [0.5, 0.5]]


def test_temperature_and_prior_shift_change_the_scores_as_written() -> None:
    plain = np.log(np.array([0.1, 0.2, 0.3, 0.4], dtype=np.float32))
    assert stance_scores(plain, PLAIN) == (0.1, 0.2, 0.3, 0.4)
    # At temperature 0.5 the chances are squared: 1, 4, 9 and 16 of 30.
    assert stance_scores(plain, Calibration(temperature=0.5)) == (0.0333, 0.1333, 0.3, 0.5333)
    shifted = Calibration(prior_shift=(float(np.log(4)), 0.0, 0.0, 0.0))  # 4, 2, 3 and 4 of 13
    assert stance_scores(plain, shifted) == (0.3077, 0.1538, 0.2308, 0.3077)


def test_on_a_tie_the_first_stance_wins() -> None:
    found = Prediction((0.4, 0.1, 0.1, 0.4), ())
    assert (found.stance, found.confidence) == (Stance.LEGAL_JUSTIFICATION, 0.4)


def test_a_neutral_paragraph_shows_nothing_even_where_words_are_tagged() -> None:
    assert read("Iran membantah itu.", NEUTRAL, {"membantah": "B-denial"}).spans == ()


def test_the_tagged_words_are_the_span_with_its_mean_confidence() -> None:
    text = "Iran membantah tuduhan itu."
    found = read(text, DENY, {"membantah": "B-denial", "tuduhan": "I-denial"})
    assert quotes(text, found) == [("membantah tuduhan", "denial")]
    # The tag's own chance is e^8 / (e^8 + 6), and the other tag of the same stance counts too.
    assert found.spans[0].confidence == pytest.approx((np.exp(8) + 1) / (np.exp(8) + 6), abs=1e-4)


def test_small_gaps_are_bridged_and_large_ones_part_spans() -> None:
    text = "menolak satu dua keras lalu tiga empat lima lagi tegas betul"
    tags = dict.fromkeys(("menolak", "keras", "tegas", "betul"), "B-denial")
    assert quotes(text, read(text, DENY, tags)) == [("menolak satu dua keras", "denial"), ("tegas betul", "denial")]


def test_a_word_alone_is_evidence_only_where_there_is_no_longer_stretch() -> None:
    text = "Warga menolak keras rencana itu lalu pulang tegas"
    tags = dict.fromkeys(("menolak", "keras", "tegas"), "B-denial")
    assert quotes(text, read(text, DENY, tags)) == [("menolak keras", "denial")]
    assert quotes(text, read(text, DENY, {"tegas": "B-denial"})) == [("tegas", "denial")]


def test_spans_of_another_stance_stand_beside_unless_they_are_one_word() -> None:
    text = "Iran membantah tuduhan dan mengecam serangan lalu sah"
    tags = {"membantah": "B-denial", "tuduhan": "I-denial", "mengecam": "B-condemnation", "serangan": "I-condemnation"}
    found = read(text, DENY, tags | {"sah": "B-legal-justification"})
    assert quotes(text, found) == [("membantah tuduhan", "denial"), ("mengecam serangan", "condemnation")]


def test_a_stance_without_tagged_words_shows_its_likeliest_words_of_one_sentence() -> None:
    text = "Kota itu tenang. Warga menolak keras rencana baru."
    tokens = by_word(text)
    tags = np.zeros((len(tokens.ids), 7), dtype=np.float32)
    tags[:, 0] = 6
    for word, strength in (("tenang", 3.0), ("menolak", 3.2), ("keras", 3.0)):
        tags[[text[start:end] for start, end in tokens.offsets].index(word), 5] = strength
    sure = np.array([0, 0, 9, 0], dtype=np.float32)
    found = decode(text, tokens, Logits(sure, tags, np.zeros((len(tags), 3), dtype=np.float32)), PLAIN)
    assert quotes(text, found) == [("menolak keras", "denial")]


def test_quotes_and_full_stops_are_trimmed() -> None:
    text = "“Itu bohong.” kata Amin di Jakarta kemarin"
    tags = {"“": "B-denial", "Itu": "I-denial", "bohong": "I-denial", ".": "I-denial", "”": "I-denial"}
    assert quotes(text, read(text, DENY, tags)) == [("Itu bohong", "denial")]


def test_a_stance_whose_only_tagged_token_is_a_mark_still_shows_words() -> None:
    text = "Iran membantah."
    (span,) = read(text, DENY, {".": "B-denial"}).spans
    assert span.stance == Stance.DENIAL
    assert any(map(str.isalnum, text[span.start : span.end]))


def test_the_holder_is_the_mention_of_the_same_sentence_before_one_after() -> None:
    text = "Iran diam. Turki membantah tuduhan kata Amin."
    held = {"Iran": 1, "Turki": 1, "Amin": 1}
    (span,) = read(text, DENY, {"membantah": "B-denial", "tuduhan": "I-denial"}, held).spans
    assert span.holder is not None
    assert text[slice(*span.holder)] == "Turki"


def test_a_mention_of_another_sentence_holds_where_there_is_no_nearer_one() -> None:
    text = "Menteri Amin datang. Ia membantah tuduhan."
    tags = {"membantah": "B-denial", "tuduhan": "I-denial"}
    (span,) = read(text, DENY, tags, {"Menteri": 1, "Amin": 2}).spans
    assert span.holder is not None
    assert text[slice(*span.holder)] == "Menteri Amin"
    assert read(text, DENY, tags).spans[0].holder is None


def test_a_word_that_carries_a_stance_joins_no_mention_by_the_way() -> None:
    text = "Amin membantah tuduhan."
    tags = {"membantah": "B-denial", "tuduhan": "I-denial"}
    found = logits(text, DENY, tags, {"Amin": 1})
    found.holders[1] = np.log(
        [0.6, 0.0001, 0.4]
    )  # *membantah*: perhaps of the mention, which is enough for a name alone
    (span,) = decode(text, by_word(text), found, PLAIN).spans
    assert span.holder is not None
    assert text[slice(*span.holder)] == "Amin"
    found.tags[1] = (8 * np.eye(7, dtype=np.float32))[0]
    (span,) = decode(text, by_word(text), found, PLAIN).spans
    assert span.holder is not None
    assert text[slice(*span.holder)] == "Amin membantah"


def test_two_mentions_side_by_side_are_two() -> None:
    text = "Amin Budi membantah tuduhan."
    (span,) = read(text, DENY, {"membantah": "B-denial"}, {"Amin": 1, "Budi": 1}).spans
    assert span.holder is not None
    assert text[slice(*span.holder)] == "Budi"


def test_a_paragraph_without_tokens_has_scores_and_no_spans() -> None:
    empty = Logits(np.array([0, 0, 9, 0], dtype=np.float32), *(np.zeros((0, n), dtype=np.float32) for n in (7, 3)))
    found = decode("", Tokens([], []), empty, PLAIN)
    assert (found.stance, found.spans) == (Stance.DENIAL, ())


def check(text: str, found: Prediction) -> None:
    """Everything that DESIGN.md promises of one paragraph."""
    assert abs(sum(found.scores) - 1) <= 0.0002 + 1e-9
    assert all(score == round(score, 4) and 0 <= score <= 1 for score in found.scores)
    assert found.stance == STANCES[found.scores.index(max(found.scores))]
    shown = [span.stance for span in found.spans]
    assert (found.stance in shown) if found.stance in MARKED else not shown
    assert all(before.end <= after.start for before, after in pairwise(found.spans))
    for span in found.spans:
        assert span.stance in MARKED
        for start, end in (place for place in ((span.start, span.end), span.holder) if place):
            assert 0 <= start < end <= len(text)
            assert text[start] not in QUOTES
            assert text[end - 1] not in QUOTES
        assert 0 <= span.confidence <= 1


WORDS = (
    "membantah",
    "Iran",
    "“",
    "”",
    ".",
    ",",
    "(",
    ")",
    "-",
    "tuduhan",
    "3,5",
    "\u00a0",
    "😀",
    "Rapat",
    "é",
    "!",
    "...",
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    pieces=st.lists(st.sampled_from(WORDS) | st.text(max_size=4), min_size=1, max_size=14),
    seed=st.integers(0, 10_000),
    scale=st.sampled_from((0.1, 1.0, 4.0, 30.0)),
    calibration=st.builds(
        Calibration,
        temperature=st.floats(0.3, 5),
        tag_temperature=st.floats(0.3, 5),
        prior_shift=st.tuples(*[st.floats(-4, 4)] * 4),
    ),
)
def test_random_logits_never_break_a_promise(
    tiny_tokenizing: Tokenizing, pieces: list[str], seed: int, scale: float, calibration: Calibration
) -> None:
    text = " ".join(pieces)
    assume(any(map(str.isalnum, text)))  # a paragraph without letters is furniture and never gets here
    assume(not any("\ud800" <= character <= "\udfff" for character in text))
    tokens = tiny_tokenizing.tokens([text])[0]
    assume(tokens.ids)
    noise = np.random.default_rng(seed)
    heads = (scale * noise.standard_normal(shape) for shape in (4, (len(tokens.ids), 7), (len(tokens.ids), 3)))
    given_logits = Logits(*(head.astype(np.float32) for head in heads))
    check(text, decode(text, tokens, given_logits, calibration))


def test_tokens_that_share_their_place_are_one_word() -> None:
    # WordPiece parts a Hangul syllable into letters that all stand at the syllable's own offsets.
    text = "kata 하나 dan"
    places = [(0, 4), (5, 6), (5, 6), (6, 7), (6, 7), (8, 11)]
    tags = np.zeros((6, 7), dtype=np.float32)
    for token, tag in ((0, 5), (1, 5), (2, 3), (3, 3), (4, 3)):
        tags[token, tag] = 9
    sure = np.array([0, 0, 9, 0], dtype=np.float32)
    found = decode(
        text, Tokens([1, 2, 3, 4, 5, 6], places), Logits(sure, tags, np.zeros((6, 3), dtype=np.float32)), PLAIN
    )
    check(text, found)
