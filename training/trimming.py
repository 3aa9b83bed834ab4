"""A multilingual encoder made small: the vocabulary that a corpus uses, and every second or third of its layers.

Trimming a vocabulary leaves what is kept as it was (Abdaoui, Pradel and Sigel, 2020: "Load What You Need"); a student that
takes every k-th layer of its teacher starts from more than noise, as DistilBERT (Sanh et al., 2019).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel

from sikap.errors import InputError
from training.corpus import PLAIN_FORMS, SPECIAL_TOKENS
from training.e5 import Multilingual

# XLM-R's special pieces in the order of SPECIAL_TOKENS: [PAD], [UNK], [CLS], [SEP]; [MASK] is its last piece.
_SPECIAL: Final = ("<pad>", "<unk>", "<s>", "</s>", "<mask>")
_SPACE: Final = "\u2581"
RARE: Final = 3  # a character seen less often than this is left to [UNK]


def unigram_tokenizer(pieces: Sequence[tuple[str, float]]) -> Tokenizer:
    """A cased unigram tokenizer whose first pieces are SPECIAL_TOKENS; its offsets leave the spaces out."""
    tokenizer = Tokenizer(models.Unigram(list(pieces), unk_id=SPECIAL_TOKENS.index("[UNK]"), byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            *(normalizers.Replace(typographic, plain) for typographic, plain in PLAIN_FORMS.items()),
            normalizers.NFKC(),
            normalizers.Replace(Regex("[\u200b-\u200f\u2060\ufeff]"), ""),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(_SPACE, prepend_scheme="always")]
    )
    tokenizer.decoder = decoders.Metaspace(_SPACE, prepend_scheme="always")
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    cls, sep = SPECIAL_TOKENS.index("[CLS]"), SPECIAL_TOKENS.index("[SEP]")
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", sep), ("[CLS]", cls))
    return tokenizer


def trimmed_vocabulary(start: Multilingual, texts: Iterable[str], size: int) -> tuple[Tokenizer, list[int]]:
    """A tokenizer of the `size` pieces that `texts` use most, and the row of the old embedding that each one had.

    Every character that the texts use stays, alone and at the beginning of a word, so that a word whose piece is gone is spelled out of smaller ones.
    """
    names = [name for name, _ in start.pieces]
    special = [names.index(name) for name in _SPECIAL]
    blank = [(token, 0.0) for token in SPECIAL_TOKENS]
    old = unigram_tokenizer([*blank, *start.pieces])
    counts, alphabet = Counter[int](), Counter(_SPACE * RARE)
    for text in texts:
        alphabet.update(text)
        counts.update(number - len(SPECIAL_TOKENS) for number in old.encode(text, add_special_tokens=False).ids)
    used = [row for row, _ in counts.most_common() if row >= 0 and row not in special]
    letters = {row for row, name in enumerate(names) if alphabet[name.strip(_SPACE) or _SPACE] >= RARE}
    chosen = [*letters, *(row for row in used if row not in letters)][: size - len(special)]
    kept = sorted(chosen, key=lambda row: (-counts[row], row))
    return unigram_tokenizer([*blank, *(start.pieces[row] for row in kept)]), [*special, *kept]


def rows_of(tokenizer: Tokenizer, start: Multilingual) -> list[int]:
    """The row of the larger encoder's embedding that each token of a tokenizer trimmed from it has.

    Raises InputError where the tokenizer was not trimmed from it.
    """
    names = {name: row for row, (name, _) in enumerate(start.pieces)}
    pieces = [str(tokenizer.id_to_token(number)) for number in range(tokenizer.get_vocab_size())]
    foreign = [piece for piece in pieces[len(_SPECIAL) :] if piece not in names]
    if foreign or tuple(pieces[: len(_SPECIAL)]) != SPECIAL_TOKENS:
        raise InputError(
            f"the teacher does not know {len(foreign):,} of the encoder's {len(pieces):,} pieces, such as {(foreign or pieces)[0]!r}; "
            "expected an encoder that began from it, or no teacher"
        )
    return [names[name] for name in (*_SPECIAL, *pieces[len(_SPECIAL) :])]


def shrunk(model: BertModel, rows: Sequence[int], layers: int) -> BertModel:
    """A copy of `model` with these rows of its embedding and every k-th of its layers, the last one always kept."""
    step = model.config.num_hidden_layers / layers
    kept = [round((number + 1) * step) - 1 for number in range(layers)]
    config = BertConfig(**{**model.config.to_dict(), "vocab_size": len(rows), "num_hidden_layers": layers})
    config.pad_token_id = SPECIAL_TOKENS.index("[PAD]")
    small = BertModel(config, add_pooling_layer=False)
    tensors = dict(model.embeddings.state_dict(prefix="embeddings."))
    tensors["embeddings.word_embeddings.weight"] = tensors["embeddings.word_embeddings.weight"][torch.tensor(rows)]
    for number, layer in enumerate(kept):
        tensors |= model.encoder.layer[layer].state_dict(prefix=f"encoder.layer.{number}.")
    small.load_state_dict(tensors)
    small.eval()
    return small
