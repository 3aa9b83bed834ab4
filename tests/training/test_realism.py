"""Realism: text from one source cannot be told apart, text with a giveaway can, and the giveaway is named."""

import random
from pathlib import Path

import pytest

from labels.article import Article
from sikap.errors import InputError
from training.plots import plot_features
from training.published import Published
from training.realism import BROAD, Realism, judge_realism

SUBJECTS = ("Warga desa", "Kepala dinas", "Petugas lapangan", "Nelayan setempat", "Dewan kota")
VERBS = ("menunggu", "membahas", "meninjau", "mencatat", "melihat")
OBJECTS = ("rencana itu", "jalan rusak", "kapal tua", "pasar baru", "laporan lama")
ENDS = ("pada pagi hari.", "di kantor lama.", "karena hujan.", "dengan teliti.", "untuk kedua kalinya.")


def paragraphs(chance: random.Random, giveaway: str = "") -> list[str]:
    def sentence() -> str:
        return " ".join(map(chance.choice, (SUBJECTS, VERBS, OBJECTS, ENDS)))

    return [f"{sentence()} {giveaway}{sentence()}" for _ in range(6)]


def ours(name: str, chance: random.Random, giveaway: str = "", topic: str = "land") -> list[Article]:
    texts = ("\n".join(paragraphs(chance, giveaway)) for _ in range(20))
    return [Article(f"{name}-{number}", topic, "kawat", text, "tes") for number, text in enumerate(texts)]


def published(chance: random.Random, topic: str | None = None) -> list[Published]:
    return [Published(str(number), tuple(paragraphs(chance)), topic) for number in range(20)]


@pytest.fixture(scope="module")
def judged() -> Realism:
    """Two origins: one like the published articles, one that says *lalu* in every paragraph."""
    chance = random.Random(0)
    return judge_realism([*ours("sama", chance), *ours("beda", chance, "Lalu ")], published(chance), rounds=20)


def test_a_giveaway_is_found_and_named(judged: Realism) -> None:
    assert "word lalu" in [feature.name for feature in judged.features[:3]]
    lalu = next(feature for feature in judged.features if feature.name == "word lalu")
    assert lalu.ours > lalu.published == 0


def test_origins_are_told_apart_best_hidden_first(judged: Realism) -> None:
    assert list(judged.origins) == ["sama", "beda"]
    assert judged.origins["sama"].auc < judged.total.auc < judged.origins["beda"].auc
    assert judged.origins["beda"].auc == pytest.approx(1, abs=0.02)
    assert (judged.total.paragraphs, judged.origins["sama"].paragraphs, judged.published) == (240, 120, 120)


def test_an_interval_holds_its_figure(judged: Realism) -> None:
    for score in (judged.total, *judged.origins.values()):
        low, high = score.interval
        assert low <= score.auc <= high


def test_text_of_one_source_cannot_be_told_apart() -> None:
    chance = random.Random(1)
    found = judge_realism(ours("sama", chance), published(chance), rounds=20)
    assert found.total.auc == pytest.approx(0.5, abs=0.12)


def test_the_same_input_gives_the_same_figures(judged: Realism) -> None:
    chance = random.Random(0)
    again = judge_realism([*ours("sama", chance), *ours("beda", chance, "Lalu ")], published(chance), rounds=20)
    assert again == judged


def test_only_topics_that_both_sides_have_are_compared() -> None:
    chance = random.Random(2)
    articles = [*ours("a", chance), *ours("b", chance, topic="celebrity"), *ours("c", chance, topic="nuclear")]
    found = judge_realism(articles, published(chance, BROAD["land"]), rounds=5)
    assert (found.topics, set(found.origins)) == (("domestic-legal/political",), {"a"})


def test_where_no_topic_is_shared_all_are_compared() -> None:
    chance = random.Random(3)
    found = judge_realism(ours("a", chance, topic="celebrity"), published(chance, "international"), rounds=5)
    assert (found.topics, found.total.paragraphs) == ((), 120)


def test_furniture_headings_and_short_paragraphs_are_left_out() -> None:
    chance = random.Random(4)
    extra = ("Pasar Lama Ditutup", "Ia diam saja.", "Baca juga: Harga Beras Naik Lagi di Kota Lama")
    with_extra = [Published(article.id, (*article.paragraphs, *extra)) for article in published(chance)]
    assert judge_realism(ours("a", chance), with_extra, rounds=5).published == 120


@pytest.mark.parametrize("side", ["labelled", "published"])
def test_too_few_articles_are_said_to_be_so(side: str) -> None:
    chance = random.Random(5)
    labelled, real = ours("a", chance), published(chance)
    with pytest.raises(InputError, match=f"2 {side} articles hold a paragraph to compare .*, expected 5 or more"):
        judge_realism(labelled[:2] if side == "labelled" else labelled, real[:2] if side == "published" else real)


def test_the_features_are_drawn(judged: Realism, tmp_path: Path) -> None:
    path = tmp_path / "ciri.png"
    plot_features(judged, path, top=10)
    assert path.read_bytes().startswith(b"\x89PNG")
