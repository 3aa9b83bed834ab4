"""Baselines, trained on the same labels: the majority class, a cue-word lexicon, and TF-IDF with logistic regression."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline, make_union

from labels.article import LabelledParagraph
from labels.cues import cued_stance
from labels.stance import Stance
from training.metrics import LABELS, Judged

Classifier = Callable[[Sequence[str]], list[str]]
REGULARISATION: Final = (0.3, 1.0, 3.0, 10.0, 30.0)


def all_baselines(
    training: Sequence[LabelledParagraph], validation: Sequence[LabelledParagraph]
) -> dict[str, Classifier]:
    """Every baseline by the name that tables show."""
    return {"majority": majority(training), "cue words": lexicon(), "TF-IDF + LR": tf_idf(training, validation)}


def baseline_sample(sample: Sequence[Judged], classify: Classifier) -> list[Judged]:
    """The same paragraphs with a baseline's labels in place of the model's."""
    labels = classify([row.text for row in sample])
    return [replace(row, predicted=label) for row, label in zip(sample, labels, strict=True)]


def majority(training: Sequence[LabelledParagraph]) -> Classifier:
    """Always the most frequent stance of the training paragraphs."""
    stances = [str(paragraph.stance) for paragraph in training]
    most = max(sorted(set(stances)), key=stances.count)
    return lambda texts: [most] * len(texts)


def lexicon() -> Classifier:
    """The stance of the first group of cue words that a paragraph holds one of; neutral where it holds none."""
    return lambda texts: [str(cued_stance(text) or Stance.NEUTRAL_REPORT) for text in texts]


def tf_idf(training: Sequence[LabelledParagraph], validation: Sequence[LabelledParagraph]) -> Classifier:
    """Words 1-2 and characters 3-5 into balanced logistic regression, C chosen by macro-F1 on validation."""
    texts, stances = _columns(training)
    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=min(2, 1 + len(training) // 20), sublinear_tf=True),
        TfidfVectorizer(
            analyzer="char_wb", ngram_range=(3, 5), min_df=min(3, 1 + len(training) // 20), sublinear_tf=True
        ),
    )
    matrix = features.fit_transform(texts)
    seen, wanted = _columns(validation)
    validation_matrix = features.transform(seen)

    def trained(strength: float) -> Any:
        return LogisticRegression(C=strength, class_weight="balanced", max_iter=2000).fit(matrix, stances)

    def score(model: Any) -> float:
        return float(
            f1_score(wanted, model.predict(validation_matrix), labels=LABELS, average="macro", zero_division=0)
        )

    pipeline = make_pipeline(features, max(map(trained, REGULARISATION), key=score))
    return lambda texts: [str(label) for label in pipeline.predict(list(texts))]


def _columns(paragraphs: Sequence[LabelledParagraph]) -> tuple[list[str], list[str]]:
    return [paragraph.text for paragraph in paragraphs], [str(paragraph.stance) for paragraph in paragraphs]
