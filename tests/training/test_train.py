"""`make train` on a tiny encoder: the bundle is complete, the gate holds, and what cannot be trained on is refused."""

import io
import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from labels.article import Article
from labels.store import write_articles
from models.bundle import GRAPH, TOKENIZER, WEIGHTS, Bundle, load_bundle
from models.decoding import Calibration
from models.network import StanceNetwork
from models.predictor import Predictor
from models.runtime import Runtime
from models.shelf import current_bundle, list_bundles
from models.tokenizing import Tokenizing
from sikap.errors import GateError, InputError
from training.export import save_graph, to_graph
from training.fit import TorchRunner, TrainingArguments
from training.train import Job, read_material, train

PLOTS = ("learning.png", *(f"{kind}-validation.png" for kind in ("confusion", "reliability", "risk", "slices")))
# What a score may move by from torch (fp32) to the saved graph: rounding of fp16 weights, of bf16 and of int8.
TOLERANCE = {"f32": 0.005, "bf16": 0.05, "int8-weights": 0.1, "int8": 0.1}


def quiet() -> Console:
    return Console(file=io.StringIO(), width=200)


def said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_bundle_is_complete_and_current(tiny_bundle: Bundle, tiny_job: Job) -> None:
    files = {path.name for path in tiny_bundle.folder.iterdir()}
    expected = {"bundle.json", GRAPH, WEIGHTS, TOKENIZER, "README.md", *PLOTS, "config.json", "model.safetensors"}
    assert files == expected
    assert load_bundle(tiny_bundle.folder) == tiny_bundle
    assert current_bundle(tiny_job.root) == f"tiny/{tiny_bundle.manifest.version}"


def test_nothing_else_is_left_on_the_shelf(tiny_bundle: Bundle, tiny_job: Job) -> None:
    version = tiny_bundle.manifest.version
    assert {path.name for path in tiny_job.root.iterdir()} == {"tiny", "current"}
    assert [path.name for path in (tiny_job.root / "tiny").iterdir()] == [version]


def test_the_card_shows_its_plots_and_the_manifests_figures(tiny_bundle: Bundle) -> None:
    card = (tiny_bundle.folder / "README.md").read_text(encoding="utf-8")
    for plot in PLOTS:
        assert f"({plot})" in card
        assert (tiny_bundle.folder / plot).read_bytes()[:4] == b"\x89PNG"
    figures = tiny_bundle.manifest.metrics["validation"]
    (row,) = re.findall(r"\| macro f1 \| (\S+) \| (\S+) to (\S+) \|", card)
    beside = {name: float(value) for name, value in re.findall(r"\| baseline (.+): macro f1 \| (\S+) \|", card)}
    # The card rounds to three decimals what the manifest rounds to four.
    assert list(map(float, row)) == pytest.approx([figures["macro_f1"], *figures["intervals"]["macro_f1"]], abs=6e-4)
    assert beside == pytest.approx(figures["baselines"], abs=6e-4)
    assert f"# tiny {tiny_bundle.manifest.version}" in card
    assert "## Limits" in card


def test_the_manifest_says_what_the_bundle_is_made_of(tiny_bundle: Bundle, tiny_job: Job) -> None:
    manifest = tiny_bundle.manifest
    assert (manifest.window, manifest.name) == (128, "tiny")
    assert manifest.encoder == Path(tiny_job.encoder).name
    assert manifest.training_prior == [0.25] * 4
    assert (manifest.data["articles"], manifest.data["training_paragraphs"]) == (18, 48)
    assert manifest.data["validation_paragraphs"] == manifest.metrics["validation"]["paragraphs"] == 24
    assert manifest.data["arguments"]["epochs"] == tiny_job.arguments.epochs
    assert manifest.metrics["export"]["kept"] >= 0.985 or manifest.precision == "bf16"
    assert "NaN" not in json.dumps(manifest.model_dump())


def test_no_weights_are_kept_where_none_are_wanted_and_no_temporary_files_are_left(
    tiny_job: Job, tiny_articles: list[Article], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few_rounds: None
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    extra = tmp_path / "news.jsonl"
    write_articles(tiny_articles[:2], extra)
    job = replace(
        tiny_job,
        root=tmp_path / "root",
        keep_weights=False,
        evaluate=(extra,),
        seeds=2,
        arguments=TrainingArguments(epochs=1),
    )
    bundle = train(job, quiet())
    files = {path.name for path in bundle.folder.iterdir()}
    assert not files & {"config.json", "model.safetensors"}
    assert {"confusion-news.png", "reliability-news.png"} < files
    assert bundle.manifest.metrics["news"]["paragraphs"] == 8
    assert bundle.manifest.data["arguments"]["seeds"] == 2
    assert list(scratch.iterdir()) == []


def test_a_teacher_labels_text_that_the_encoder_is_fitted_on_too(
    tiny_job: Job,
    tiny_articles: list[Article],
    make_encoder: Callable[..., Path],
    tmp_path: Path,
    few_rounds: None,
) -> None:
    text = tmp_path / "news.jsonl"
    rows = [json.dumps({"paragraphs": article.text.split("\n")}) for article in tiny_articles]
    text.write_text("\n".join(rows) + "\n", encoding="utf-8")
    console = quiet()
    job = replace(tiny_job, root=tmp_path / "root", arguments=TrainingArguments(epochs=1), unlabelled=text)
    bundle = train(replace(job, teacher=str(make_encoder(hidden_size=64))), console)
    assert re.search(r"[1-9]\d* paragraphs labelled by the teacher", said(console))
    assert bundle.manifest.data["teacher"].endswith("on news.jsonl")
    assert bundle.manifest.data["training_paragraphs"] == 48
    with pytest.raises(InputError, match="--teacher 'any': needs --unlabelled"):
        train(replace(job, unlabelled=None, teacher="any"), quiet())


@pytest.mark.parametrize("precision", ["f32", "bf16", "own"])
def test_the_saved_bundle_scores_as_torch_does(
    tiny_bundle: Bundle, tiny_articles: list[Article], precision: str, tmp_path: Path
) -> None:
    manifest = tiny_bundle.manifest
    tokenizing = Tokenizing.from_file(tiny_bundle.folder / TOKENIZER, manifest.window, manifest.overlap)
    network = StanceNetwork.load(tiny_bundle.folder)
    plain = Calibration()  # the fitted temperature of this tiny network would multiply the rounding by four
    full = Predictor(tokenizing, TorchRunner(network, tokenizing.pad), plain)
    if precision == "own":
        precision, graph = manifest.precision, tiny_bundle.folder / GRAPH
    else:
        save_graph(to_graph(network), tmp_path)
        graph = tmp_path / GRAPH
    reduced = Predictor(tokenizing, Runtime(graph, precision, tokenizing.pad, threads=1), plain)
    allowed = TOLERANCE[precision]
    texts = [paragraph.text for article in tiny_articles for paragraph in article.paragraphs()]
    for wanted, found in zip(full.predict(texts), reduced.predict(texts), strict=True):
        assert found.scores == pytest.approx(wanted.scores, abs=allowed)
        ranked = sorted(wanted.scores)
        assert found.stance == wanted.stance or ranked[-1] - ranked[-2] < 2 * allowed


def test_the_gate_keeps_a_worse_bundle_but_does_not_promote_it(
    tiny_bundle: Bundle, tiny_job: Job, tmp_path: Path, few_rounds: None
) -> None:
    import shutil

    root = Path(shutil.copytree(tiny_job.root, tmp_path / "root"))
    job = replace(tiny_job, root=root, keep_weights=False, arguments=TrainingArguments(epochs=1, learning_rate=1e-9))
    with pytest.raises(GateError, match=r"kept, not promoted: .*falls from") as caught:
        train(job, quiet())
    assert caught.value.exit_code == 1
    (worse,) = set(list_bundles(root)) - {f"tiny/{tiny_bundle.manifest.version}"}
    assert f"sikap models promote {worse}" in caught.value.message
    assert load_bundle(root / worse).manifest.metrics["validation"]["macro_f1"] < 0.6
    assert current_bundle(root) == f"tiny/{tiny_bundle.manifest.version}"


def test_an_encoder_with_few_positions_trains(
    tiny_job: Job, make_encoder: Callable[..., Path], tmp_path: Path, few_rounds: None
) -> None:
    # Sixty is less than the usual overlap, and no multiple of the step that lengths are rounded to.
    job = replace(tiny_job, root=tmp_path / "root", encoder=str(make_encoder(max_position_embeddings=60)))
    bundle = train(replace(job, arguments=TrainingArguments(epochs=1)), quiet())
    assert bundle.manifest.window <= 60
    (found,) = bundle.predictor(threads=1).predict(["Serikat Nelayan membantah tuduhan soal pasar lama. " * 20])
    assert sum(found.scores) == pytest.approx(1, abs=0.0003)


@pytest.mark.parametrize("name", ["a/b", "..", ""])
def test_a_name_that_is_no_folder_name_is_refused_before_training(tiny_job: Job, name: str, tmp_path: Path) -> None:
    # The encoder does not exist: whoever gets as far as loading it has looked at the name too late.
    job = replace(tiny_job, root=tmp_path / "root", name=name, encoder=str(tmp_path / "none"))
    with pytest.raises(InputError, match="name") as caught:
        train(job, quiet())
    assert "encoder" not in caught.value.message


def test_labels_with_one_stance_are_refused(tiny_job: Job, tiny_articles: list[Article], tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    write_articles([replace(article, text=article.text.split("\n")[0], spans=()) for article in tiny_articles], path)
    with pytest.raises(InputError, match="1 stances; expected at least two stances") as caught:
        train(replace(tiny_job, labels=(path,), root=tmp_path / "root"), quiet())
    assert str(path) in caught.value.message
    assert not (tmp_path / "root").exists()


def test_wrong_labels_and_missing_ones_are_refused(tiny_job: Job, tmp_path: Path) -> None:
    path = tmp_path / "wrong.jsonl"
    path.write_text('{"id": "a"}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"wrong\.jsonl:1: topic"):
        train(replace(tiny_job, labels=(path,), root=tmp_path / "root"), quiet())
    with pytest.raises(InputError, match="no such labelled data"):
        train(replace(tiny_job, labels=(tmp_path / "none",), root=tmp_path / "root"), quiet())


def test_an_encoder_that_cannot_be_had_is_refused(tiny_job: Job, tmp_path: Path) -> None:
    console = quiet()
    with pytest.raises(InputError, match="compact encoder"):
        train(replace(tiny_job, encoder="siapa/tidak-ada", root=tmp_path / "root"), console)
    assert "2/6" in said(console)


def test_where_no_article_is_for_validation_every_eighth_is_taken(tiny_articles: list[Article], tmp_path: Path) -> None:
    articles = [replace(article, split="train") for article in tiny_articles]
    write_articles(articles, tmp_path / "a.jsonl")
    write_articles(reversed(articles), tmp_path / "b.jsonl")
    first, again = read_material((tmp_path / "a.jsonl",)), read_material((tmp_path / "b.jsonl",))
    held = {document.id for document in first.gold}
    assert len(held) == 3
    assert held == {document.id for document in again.gold}
    assert not held & {paragraph.article.id for paragraph in first.training}


def test_splits_are_kept_as_they_are_marked(tiny_labels: Path, tiny_articles: list[Article]) -> None:
    material = read_material((tiny_labels,))
    assert {d.id for d in material.gold} == {a.id for a in tiny_articles if a.split == "validation"}
    assert len(material.training) + len(material.validation) == 72
