"""Encoders: the shipped compact one, any BERT by folder or hub id, and how a pre-trained one is packed."""

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import (
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    BertForMaskedLM,
    BertModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.utils import SAFE_WEIGHTS_NAME, logging

from models.runtime import LENGTH_STEP
from models.tokenizing import Tokenizing
from sikap.errors import InputError
from training.corpus import SPECIAL_TOKENS
from training.pretrain import masked_model

COMPACT: Final = Path(__file__).parents[1] / "models" / "compact"
WINDOW, OVERLAP = 256, 64  # tokens
INDOBERT: Final = "indobenchmark/indobert-base-p1"
REVISIONS: Final = {INDOBERT: "c2cd0b51ddce6580eb35263b39b0a1e5fb0a39e2"}


@dataclass(frozen=True)
class Encoder:
    """A pre-trained encoder ready for fine-tuning: its weights (fp32), its tokenizer, and what to call it."""

    name: str
    model: PreTrainedModel
    tokenizer: Tokenizer

    @property
    def tokenizing(self) -> Tokenizing:
        """How its text is cut: windows of WINDOW tokens, or of as many positions as it has."""
        window = min(WINDOW, self.model.config.max_position_embeddings // LENGTH_STEP * LENGTH_STEP)
        return Tokenizing(self.tokenizer, window, min(OVERLAP, window // 4))


def load_encoder(source: str | Path = COMPACT) -> Encoder:
    """Load a BERT from a folder, or from the hub (or its cache) by id.

    Hub checkpoints in pickle form are read with `weights_only=True` alone. Raises InputError where the encoder
    cannot be had, saying how to go on.
    """
    logging.set_verbosity_error()  # heads that are left out on purpose would be reported as a surprise
    logging.disable_progress_bar()
    source = str(source)
    revision = REVISIONS.get(source)
    local = Path(source).is_dir()
    try:
        config = AutoConfig.from_pretrained(source, revision=revision)
        if config.model_type != "bert":
            raise InputError(f"encoder {source!r} is a {config.model_type}, expected a BERT (model_type bert)")
        model, info = AutoModel.from_pretrained(
            source,
            config=config,
            revision=revision,
            add_pooling_layer=False,
            dtype=torch.float32,
            weights_only=True,
            output_loading_info=True,
        )
        tokenizer = AutoTokenizer.from_pretrained(source, revision=revision).backend_tokenizer
    except (OSError, ValueError, RuntimeError, SafetensorError, StrictDataclassError, pickle.UnpicklingError) as error:
        hint = (
            "expected a folder with config.json, weights and a tokenizer"
            if local
            else "no such folder, and no hub in reach or nothing cached under this id; "
            "leave ENCODER out to use the compact encoder that ships with Sikap"
        )
        raise InputError(f"encoder {source!r} cannot be loaded: {hint} ({str(error).splitlines()[0]})") from error
    if info["missing_keys"]:
        raise InputError(
            f"encoder {source!r}: its checkpoint lacks {len(info['missing_keys'])} tensors, such as {sorted(info['missing_keys'])[0]}"
        )
    if set(tokenizer.get_vocab()) <= set(SPECIAL_TOKENS):
        raise InputError(f"encoder {source!r} has no tokenizer; expected tokenizer.json or vocab.txt")
    if tokenizer.get_vocab_size() > model.config.vocab_size:
        raise InputError(
            f"encoder {source!r}: the tokenizer has {tokenizer.get_vocab_size()} words but the embedding "
            f"{model.config.vocab_size} rows; expected no more words than rows"
        )
    return Encoder(Path(source).resolve().name if local else source, model, tokenizer)


def load_masked(folder: Path) -> tuple[BertForMaskedLM, Tokenizer]:
    """Load the encoder of a folder as a masked language model, with the head that it has or a fresh one; its tokenizer too.

    Raises InputError where `load_encoder` does.
    """
    encoder = load_encoder(folder)
    loaded: Any = BertForMaskedLM.from_pretrained(
        folder, dtype=torch.float32, weights_only=True, output_loading_info=True
    )
    model, info = loaded
    return masked_model(cast(BertModel, encoder.model)) if info["missing_keys"] else model, encoder.tokenizer


def pack_encoder(checkpoint: Path, model: BertForMaskedLM, tokenizer: Tokenizer, folder: Path) -> None:
    """Write the encoder of a pre-training checkpoint as a folder that `transformers` loads: fp16 safetensors."""
    tensors = load_file(checkpoint)
    weights = {name.removeprefix("model."): value for name, value in tensors.items() if name.startswith("model.")}
    missing, unexpected = model.load_state_dict(weights, strict=False)
    if unexpected or any("decoder" not in name and "position_ids" not in name for name in missing):
        raise InputError(
            f"{checkpoint}: does not fit the settings beside it (missing {missing}, unexpected {unexpected})"
        )
    model.tie_weights()
    model.half().save_pretrained(folder)
    (folder / SAFE_WEIGHTS_NAME).chmod(0o644)  # safetensors writes private files, and others may fine-tune from it
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=model.config.max_position_embeddings,
    )
    wrapped.save_pretrained(folder)
