"""Counts of a labelled set: what is counted, and what pads a set without teaching anything."""

from labels.article import Article, Span
from labels.stance import Stance
from labels.statistics import count

DENIAL = "Iran membantah tudingan itu pada hari Senin."
BOTH = "Warga mengecam penutupan itu, dan camat membantahnya."


def article(number: int, topic: str, text: str, *spans: Span, validation: bool = False) -> Article:
    return Article(f"a{number}", topic, "kawat", text, "tes", spans, "validation" if validation else "train")


def test_an_empty_set_counts_nothing() -> None:
    counts = count([])
    assert (counts.total.articles, counts.total.paragraphs, counts.topics, counts.words) == (0, 0, {}, (0, 0, 0))


def test_stances_spans_and_holders_are_counted_by_topic() -> None:
    start = len(DENIAL) + 1
    counts = count(
        [
            article(
                1,
                "laut",
                f"{DENIAL}\n{BOTH}",
                Span(5, 27, Stance.DENIAL, (0, 4)),
                Span(start + 6, start + 28, Stance.CONDEMNATION, (start, start + 5)),
                Span(start + 40, start + 52, Stance.DENIAL),
            ),
            article(2, "darat", DENIAL, validation=True),
        ]
    )
    assert (counts.spans, counts.holders, counts.two_stances, counts.validation) == (3, 2, 1, 1)
    assert (counts.total.articles, counts.total.paragraphs) == (2, 3)
    laut, darat = counts.topics["laut"], counts.topics["darat"]
    assert (laut.articles, laut.paragraphs, darat.articles, darat.paragraphs) == (1, 2, 1, 1)
    assert list(laut.stances.values()) == [0, 1, 1, 0]
    assert list(darat.stances.values()) == [0, 0, 0, 1]
    assert list(counts.total.stances) == list(Stance)


def test_furniture_headings_and_short_paragraphs_are_left_out() -> None:
    text = f"Iran Tepis Tudingan\nIa diam saja.\n{DENIAL}\nBaca juga: Harga Beras Naik Lagi di Kota Lama"
    assert count([article(1, "laut", text)]).total.paragraphs == 1


def test_words_are_percentiles_of_the_counted_paragraphs() -> None:
    text = "\n".join(" ".join(f"kata{words}x{n}" for n in range(words)) + " tamat." for words in range(6, 107))
    assert count([article(1, "laut", text)]).words == (12, 57, 102)


def test_the_later_half_of_a_near_copy_counts_for_nothing() -> None:
    long = "Juru bicara kementerian membantah bahwa kapal itu pernah memasuki perairan negara tetangga"
    counts = count([article(1, "laut", f"{long} kemarin."), article(2, "darat", f"{long}, katanya.\nIa diam saja.")])
    assert (counts.total.paragraphs, counts.topics["darat"].paragraphs) == (1, 0)
    assert (counts.copies, counts.short) == (1, 1)


def test_hard_paragraphs_are_told_by_their_cue_words() -> None:
    rude = "Menurut warga, camat itu pemalas dan tidak tahu malu."
    counts = count(
        [
            article(1, "laut", f"{DENIAL}\n{rude}", Span(len(DENIAL) + 15, len(DENIAL) + 34, Stance.CONDEMNATION)),
            article(2, "laut", BOTH, Span(6, 28, Stance.CONDEMNATION)),
        ]
    )
    assert (counts.cued_neutral, counts.uncued_marked) == (1, 1)


def test_legal_justification_is_told_by_topic_from_that_of_war() -> None:
    lawful = "Penutupan jalan itu {} sah menurut peraturan daerah yang berlaku."
    topics = ("nuclear", "land", "elections")
    articles = [
        article(n, topic, lawful.format(topic), Span(0, 19, Stance.LEGAL_JUSTIFICATION))
        for n, topic in enumerate(topics)
    ]
    assert count(articles).justified_elsewhere == 2


def test_styles_and_topics_for_validation_alone() -> None:
    counts = count(
        [
            article(1, "laut", DENIAL, validation=True),
            article(2, "darat", BOTH, validation=True),
            article(3, "darat", "Rapat itu dijadwalkan pada hari Senin depan."),
        ]
    )
    assert (counts.validation, counts.held_out, counts.styles) == (2, 1, {"kawat": 3})
