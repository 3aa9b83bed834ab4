"""Several processes that fit one network: `torchrun --nproc-per-node N -m sikap train`, each on a GPU of its own where there are any."""

import os
import sys

import torch
from torch import distributed, nn


def join() -> None:
    """Join the other processes where torchrun started this one; else do nothing."""
    if "TORCHELASTIC_RUN_ID" not in os.environ or distributed.is_initialized():
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")


def rank() -> int:
    """This process's number, 0 where it is alone."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def size() -> int:
    """How many processes there are."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def average_gradients(network: nn.Module) -> None:
    """Give every process the mean of all processes' gradients."""
    if size() == 1:
        return
    for parameter in network.parameters():
        if parameter.grad is not None:
            distributed.all_reduce(parameter.grad)
            parameter.grad /= size()


def leave_to_the_first() -> None:
    """Part: the first process goes on alone, the others end."""
    if size() == 1:
        return
    first = rank() == 0
    distributed.barrier()
    distributed.destroy_process_group()
    if not first:
        sys.exit(0)
