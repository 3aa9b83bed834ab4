"""The baselines that a model has to beat."""

import pytest

from labels.article import Article, LabelledParagraph
from labels.markup import parse_articles
from training.baselines import all_baselines, baseline_sample, lexicon, majority, tf_idf
from training.dataset import paragraphs_of
from training.metrics import Judged, macro_f1


def paragraphs(*sources: str) -> list[LabelledParagraph]:
    text = "id: a\ntopic: uji\nstyle: berita\nannotator: uji\n\n" + "\n".join(sources)
    return paragraphs_of(parse_articles(text, "test"))


@pytest.fixture(scope="module")
def parts(tiny_articles: list[Article]) -> list[list[LabelledParagraph]]:
    return [paragraphs_of([a for a in tiny_articles if a.split == split]) for split in ("train", "validation")]


def test_the_majority_is_the_most_frequent_stance() -> None:
    classify = majority(paragraphs("Rapat Senin.", "{D|Amin membantah}.", "Rapat Selasa."))
    assert classify(["Amin membantah.", ""]) == ["neutral-report"] * 2


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Menteri MEMBANTAH telah melanggar hukum.", "denial"),
        ("Menteri tidak membantah.", "neutral-report"),
        ("Langkah itu sesuai dengan undang-undang.", "legal-justification"),
        ("Warga mengecam penutupan pasar.", "condemnation"),
        ("Rapat dijadwalkan Senin.", "neutral-report"),
    ],
)
def test_cue_words(text: str, wanted: str) -> None:
    assert lexicon()([text]) == [wanted]


def test_tf_idf_learns_the_cues_of_the_tiny_articles(parts: list[list[LabelledParagraph]]) -> None:
    classify = tf_idf(*parts)
    texts = [paragraph.text for paragraph in parts[1]]
    assert classify(texts) == [str(paragraph.stance) for paragraph in parts[1]]


def test_all_baselines_label_every_paragraph(parts: list[list[LabelledParagraph]]) -> None:
    sample = [Judged(0, str(p.stance), "neutral-report", (0, 0, 0, 1), text=p.text) for p in parts[1]]
    found = {name: baseline_sample(sample, classify) for name, classify in all_baselines(*parts).items()}
    assert set(found) == {"majority", "cue words", "TF-IDF + LR"}
    assert all(len(rows) == len(sample) and rows[0].gold == sample[0].gold for rows in found.values())
    assert macro_f1(found["TF-IDF + LR"]) > macro_f1(found["majority"])


def test_a_handful_of_paragraphs_is_enough() -> None:
    # As few as `make train` takes: two stances, and no word in common.
    training = paragraphs("Rapat Senin.", "{D|Amin membantah}.")
    classify = tf_idf(training, training)
    assert set(classify(["Rapat Senin.", "Amin membantah."])) <= {"neutral-report", "denial"}
