"""Encoders: our own kind, folders in IndoBERT's shape, and what is refused instead of trained on."""

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel

from models.network import StanceNetwork
from models.tokenizing import Tokenizing
from sikap.errors import InputError
from training.encoder import COMPACT, INDOBERT, REVISIONS, load_encoder

INDOBERT_FOLDER = Path(__file__).parents[3] / "shared" / "indobert-base-p1"
SHRUNK = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "juru", "bicara", "mem", "##bantah", "tuduhan", "."]


def test_the_tiny_folder(tiny_encoder: Path) -> None:
    encoder = load_encoder(tiny_encoder)
    assert encoder.name == tiny_encoder.name
    assert {parameter.dtype for parameter in encoder.model.parameters()} == {torch.float32}
    again = load_encoder(str(tiny_encoder)).model.state_dict()
    assert all(torch.equal(tensor, again[name]) for name, tensor in encoder.model.state_dict().items())


def test_the_compact_encoder_ships_and_loads() -> None:
    encoder = load_encoder()
    assert encoder.name == COMPACT.name
    assert encoder.tokenizer.get_vocab_size() <= encoder.model.config.vocab_size
    tokens = Tokenizing(encoder.tokenizer, 256, 64).tokens(["Juru bicara membantah tuduhan itu."])[0]
    assert encoder.tokenizer.token_to_id("[UNK]") not in tokens.ids


def bert_folder(folder: Path, config: dict[str, Any], words: list[str], pickled: bool) -> Path:
    """A BERT in the older layout: config.json, vocab.txt and a checkpoint with heads, as IndoBERT has it on the hub."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text("{}", encoding="utf-8")
    torch.manual_seed(0)
    tensors = BertModel(BertConfig.from_pretrained(folder)).state_dict()
    if pickled:
        torch.save(tensors, folder / "pytorch_model.bin")
    else:
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return folder


def check(folder: Path, rows: int) -> None:
    """It loads with its own weights, fits the heads, and reads Indonesian."""
    encoder = load_encoder(folder)
    assert encoder.model.config.vocab_size == rows > encoder.tokenizer.get_vocab_size()
    torch.manual_seed(0)
    wanted = BertModel(BertConfig.from_pretrained(folder)).embeddings.word_embeddings.weight
    assert torch.equal(encoder.model.embeddings.word_embeddings.weight, wanted)
    tokenizing = Tokenizing(encoder.tokenizer, 64, 8)
    upper, lower = tokenizing.tokens(["Juru bicara MEMBANTAH tuduhan.", "juru bicara membantah tuduhan."])
    assert upper == lower
    assert encoder.tokenizer.token_to_id("[UNK]") not in lower.ids
    ids = torch.tensor([tokenizing.windows([lower])[0].ids])
    with torch.no_grad():
        assert StanceNetwork(encoder.model).eval()(ids, torch.ones_like(ids)).stance.isfinite().all()


@pytest.mark.parametrize("pickled", [False, True], ids=["safetensors", "bin"])
def test_a_folder_in_the_shape_of_indobert(tmp_path: Path, pickled: bool) -> None:
    if not INDOBERT_FOLDER.is_dir():
        pytest.skip(f"{INDOBERT_FOLDER} is absent: IndoBERT's own config.json and vocab.txt cannot be tried")
    config = json.loads((INDOBERT_FOLDER / "config.json").read_text(encoding="utf-8")) | SHRUNK
    words = (INDOBERT_FOLDER / "vocab.txt").read_text(encoding="utf-8").splitlines()
    assert config["vocab_size"] == 50_000 > len(words)
    check(bert_folder(tmp_path / "indobert", config, words, pickled), 50_000)


@pytest.mark.parametrize("pickled", [False, True], ids=["safetensors", "bin"])
def test_a_vocabulary_smaller_than_the_embedding(tmp_path: Path, pickled: bool) -> None:
    config = {"model_type": "bert", "vocab_size": 50, "max_position_embeddings": 64} | SHRUNK
    check(bert_folder(tmp_path / "bert", config, WORDS, pickled), 50)


def test_a_tokenizer_larger_than_the_embedding_is_refused(make_encoder: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match=r"the tokenizer has \d+ words but the embedding 20 rows"):
        load_encoder(make_encoder(vocab_size=20))


@pytest.mark.parametrize("source", [INDOBERT, "siapa/tidak-ada", "/tmp/tidak/ada"])
def test_without_a_hub_the_compact_encoder_is_named(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(InputError, match="compact encoder") as caught:
        load_encoder(source)
    assert repr(source) in caught.value.message
    assert "\n" not in caught.value.message


def test_indobert_is_pinned_to_a_revision() -> None:
    assert len(REVISIONS[INDOBERT]) == 40


@pytest.fixture
def copy(tiny_encoder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_encoder, tmp_path / "encoder")


def refused(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_encoder(folder)
    assert str(folder) in caught.value.message
    return caught.value.message


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "expected a folder with config.json, weights and a tokenizer" in refused(tmp_path)


def test_missing_weights_are_refused(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    refused(copy)


def test_a_missing_tokenizer_is_refused(copy: Path) -> None:
    for path in copy.glob("tokenizer*"):
        path.unlink()
    refused(copy)


def test_truncated_weights_are_refused(copy: Path) -> None:
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:200])
    refused(copy)


def test_weights_of_something_else_are_refused(copy: Path) -> None:
    save_file({"nothing": torch.zeros(3)}, copy / "model.safetensors", {"format": "pt"})
    refused(copy)


def test_another_kind_of_model_is_refused(copy: Path) -> None:
    from transformers import DistilBertConfig, DistilBertModel

    DistilBertModel(DistilBertConfig(vocab_size=500, dim=32, n_layers=1, n_heads=2, hidden_dim=64)).save_pretrained(
        copy
    )
    refused(copy)


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.path, "sprung")


def test_a_pickle_that_runs_code_is_refused_and_not_run(copy: Path, tmp_path: Path) -> None:
    (copy / "model.safetensors").unlink()
    torch.save({"weight": Trap(tmp_path / "sprung")}, copy / "pytorch_model.bin")
    with (tmp_path / "check").open("wb") as file:
        pickle.dump(Trap(tmp_path / "proof"), file)
    pickle.loads((tmp_path / "check").read_bytes())
    assert (tmp_path / "proof").exists()  # the trap works where it is not guarded against
    message = refused(copy)
    assert not (tmp_path / "sprung").exists()
    assert "weights_only` set to `False" not in message
