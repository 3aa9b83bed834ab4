"""Labelled paragraphs as rows of windows, and the batches of an epoch."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from labels.article import Article
from labels.markup import parse_articles
from labels.stance import Stance
from models.runtime import rounded
from models.tags import STANCE_TAGS
from models.tokenizing import Tokenizing
from training.dataset import MOST_JOINED, STANCES, STEP, batches, build_dataset, joined, paragraphs_of, training_set

NEUTRAL = STANCES.index(Stance.NEUTRAL_REPORT)


def article(*paragraphs: str) -> Article:
    text = "id: a\ntopic: uji\nstyle: berita\nannotator: uji\n\n" + "\n".join(paragraphs)
    return parse_articles(text, "test")[0]


def test_furniture_is_left_out() -> None:
    found = paragraphs_of([article("Rapat dijadwalkan Senin.", "Baca juga: Jadwal Kereta", "Amin {D|membantah}.")])
    assert [(p.text, p.stance) for p in found] == [
        ("Rapat dijadwalkan Senin.", Stance.NEUTRAL_REPORT),
        ("Amin membantah.", Stance.DENIAL),
    ]


def test_neighbours_of_one_article_become_a_long_paragraph(tiny_articles: list[Article]) -> None:
    paragraphs = paragraphs_of(tiny_articles)
    long = joined(paragraphs, share=1.0)
    assert long == joined(paragraphs, share=1.0)
    for found in long:
        its = [p for p in paragraphs if p.article is found.article and p.text in found.text]
        assert 3 <= len(its) <= MOST_JOINED
        assert " ".join(p.text for p in its) == found.text
        marked = [(found.text[s.start : s.end], s.stance) for s in found.spans]
        assert marked == [(p.text[s.start : s.end], s.stance) for p in its for s in p.spans]
    assert joined(paragraphs, share=0.0) == []


def test_the_training_set_is_every_paragraph_and_some_joined(
    tiny_articles: list[Article], tiny_tokenizing: Tokenizing
) -> None:
    paragraphs = paragraphs_of(tiny_articles) * 20
    rows = training_set(paragraphs, tiny_tokenizing).to_list()
    alone = build_dataset(paragraphs, tiny_tokenizing).to_list()
    assert rows[: len(alone)] == alone
    assert len(rows) - len(alone) >= len(joined(paragraphs)) > 0


def test_a_row_has_a_number_a_token(tiny_articles: list[Article], tiny_tokenizer: Tokenizer) -> None:
    paragraphs = paragraphs_of(tiny_articles)
    dataset = build_dataset(paragraphs, Tokenizing(tiny_tokenizer, 128, 16))
    assert dataset.column_names == ["input_ids", "stance", "scores", "tags", "holders"]
    assert [STANCES[stance] for stance in dataset["stance"]] == [p.stance for p in paragraphs]
    for row, paragraph in zip(dataset, paragraphs, strict=True):
        assert len(row["input_ids"]) == len(row["tags"]) == len(row["holders"])
        assert row["tags"][0] == row["tags"][-1] == row["holders"][0] == row["holders"][-1] == 0
        assert any(row["tags"]) == bool(paragraph.spans)


def test_scores_are_the_teachers_where_given_and_else_the_stances_alone(
    tiny_articles: list[Article], tiny_tokenizing: Tokenizing
) -> None:
    paragraphs = paragraphs_of(tiny_articles)[:2]
    given = [(0.1, 0.2, 0.3, 0.4), (0.7, 0.1, 0.1, 0.1)]
    assert build_dataset(paragraphs, tiny_tokenizing, given)["scores"][:] == [list(row) for row in given]
    for row in build_dataset(paragraphs, tiny_tokenizing):
        assert row["scores"][row["stance"]] == sum(row["scores"]) == 1


def test_a_window_has_the_stance_of_what_it_shows(tiny_tokenizer: Tokenizer) -> None:
    padding = "Rapat di Jakarta mengenai pasar lama. " * 8
    (paragraph,) = paragraphs_of([article(f"{{D|Amin membantah tuduhan}} {padding}{{C|mengecam keras}}.")])
    rows = build_dataset([paragraph], Tokenizing(tiny_tokenizer, 32, 4)).to_list()
    stances = [STANCES[row["stance"]] for row in rows]
    assert stances[0] == Stance.DENIAL
    assert Stance.NEUTRAL_REPORT in stances
    assert stances[-1] == Stance.CONDEMNATION
    for row in rows:
        seen = {STANCE_TAGS[tag][2:] for tag in row["tags"] if tag}
        assert seen == ({STANCES[row["stance"]]} if row["stance"] != NEUTRAL else set())


@settings(derandomize=True, deadline=None)
@given(lengths=st.lists(st.integers(2, 256), min_size=1, max_size=120), seed=st.integers(0, 100))
def test_an_epoch_takes_every_row_once_within_the_budget(lengths: list[int], seed: int) -> None:
    found = batches(lengths, 1024, np.random.default_rng(seed))
    assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))
    assert all(len(batch) * max(rounded(lengths[index], STEP) for index in batch) <= 1024 for batch in found)


def test_two_epochs_differ_and_a_seed_repeats_them() -> None:
    lengths = list(range(10, 200))
    generator = np.random.default_rng(0)
    first, second = batches(lengths, 1024, generator), batches(lengths, 1024, generator)
    assert first != second
    assert batches(lengths, 1024, np.random.default_rng(0)) == first
