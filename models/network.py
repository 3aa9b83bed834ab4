"""The network (torch): a BERT encoder with a stance head, a stance-tag head and a holder-tag head."""

from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedModel

from labels.stance import Stance
from models.tags import HOLDER_TAGS, STANCE_TAGS


class Logits(NamedTuple):
    """What the three heads say of a batch of windows.

    `stance` has shape (batch, 4), `tags` (batch, length, 7), `holders` (batch, length, 3).
    """

    stance: Tensor
    tags: Tensor
    holders: Tensor


class StanceNetwork(nn.Module):
    """A BERT encoder with three heads.

    The stance head reads the mean and the maximum of the hidden states; the tag heads read each token's own.

    Args:
        encoder: a BERT without its pooler.
        dropout: share dropped while training, inside the encoder and before the heads.
    """

    def __init__(self, encoder: PreTrainedModel, dropout: float = 0.1) -> None:
        super().__init__()
        width = encoder.config.hidden_size
        self.encoder = encoder
        for module in encoder.modules():
            if isinstance(module, nn.Dropout):
                module.p = dropout  # the compact encoder was pre-trained without, and small data needs it
        self.dropout = nn.Dropout(dropout)
        self.stance_head = nn.Linear(2 * width, len(Stance))
        self.tag_head = nn.Linear(width, len(STANCE_TAGS))
        self.holder_head = nn.Linear(width, len(HOLDER_TAGS))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Logits:
        """Logits of a batch. Both inputs are integers of shape (batch, length); the mask is 1 on real tokens."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        hidden = self.dropout(hidden)
        real = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * real).sum(1) / real.sum(1)
        peak = (hidden - 1e4 * (1 - real)).amax(1)
        pooled = torch.cat([mean, peak], dim=-1)
        return Logits(self.stance_head(pooled), self.tag_head(hidden), self.holder_head(hidden))

    def save(self, folder: Path) -> None:
        """Write `config.json` and `model.safetensors` (fp32)."""
        self.encoder.config.save_pretrained(folder)
        tensors = {name: tensor.detach().contiguous() for name, tensor in self.state_dict().items()}
        save_file(tensors, folder / "model.safetensors")

    @classmethod
    def load(cls, folder: Path) -> "StanceNetwork":
        """Read what `save` wrote."""
        encoder = AutoModel.from_config(AutoConfig.from_pretrained(folder), add_pooling_layer=False)
        network = cls(encoder)
        network.load_state_dict(load_file(folder / "model.safetensors"))
        return network.eval()
