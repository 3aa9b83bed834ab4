"""What the README shows is what one gets."""

import json
import re
from pathlib import Path

import pytest

from models.shelf import bundles_root, load_current
from serving.answer import Answer, ArticleIn
from serving.classifier import Classifier

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_curl_example_gets_the_answer_that_is_shown() -> None:
    body = re.search(r"-d '(\{.*?\})'", README, re.DOTALL)
    shown = re.search(r"```json\n(.*?)```", README, re.DOTALL)
    assert body
    assert shown
    article = ArticleIn.model_validate_json(body[1])
    expected = Answer.model_validate(json.loads(shown[1]))
    classifier = Classifier(load_current(bundles_root()))
    found = classifier.classify(article.text)
    assert classifier.model == expected.model
    assert found.profile == expected.profile
    for ours, theirs in zip(found.paragraphs, expected.paragraphs, strict=True):
        assert (ours.stance, ours.kind, ours.start, ours.end) == (theirs.stance, theirs.kind, theirs.start, theirs.end)
        assert [span.text for span in ours.spans] == [span.text for span in theirs.spans]
        assert (ours.confidence or 0) == pytest.approx(theirs.confidence or 0, abs=0.01)


def test_every_linked_file_exists() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), ROOT / "labels" / "README.md"]:
        for link in re.findall(r"\]\(([\w./-]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / link).exists(), f"{document}: {link}"


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        named = set(re.findall(r"`make ([a-z-]+)", document.read_text(encoding="utf-8")))
        assert named <= targets, document
