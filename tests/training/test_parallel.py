"""Several processes: alone nothing changes, and two of them train one bundle together."""

import subprocess
import sys
from pathlib import Path

import torch
from torch import nn

from models.shelf import list_bundles
from training import parallel


def test_alone_there_is_one_process_and_gradients_stay_as_they_are() -> None:
    parallel.join()
    network = nn.Linear(2, 1)
    network(torch.ones(1, 2)).sum().backward()
    parallel.average_gradients(network)
    parallel.leave_to_the_first()
    assert (parallel.rank(), parallel.size()) == (0, 1)
    assert network.weight.grad is not None
    assert network.weight.grad.tolist() == [[1, 1]]


def test_two_processes_train_one_bundle(tiny_labels: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    program = f"""
import pathlib, sys
from torch import distributed
from training import fit, parallel, seeds, train
weights = []
def compared(*arguments):
    network = fit.fit(*arguments)
    for parameter in network.parameters():
        others = [parameter.detach().clone() for _ in range(2)]
        distributed.all_gather(others, parameter.detach())
        assert others[0].equal(others[1])
    print("the same in both")
    return network
seeds.fit = compared
from rich.console import Console
train.train(train.Job(labels=(pathlib.Path({str(tiny_labels)!r}),), encoder={str(tiny_encoder)!r}, name="two",
            root=pathlib.Path({str(tmp_path / "root")!r}), arguments=fit.TrainingArguments(epochs=1)), Console())
"""
    script = tmp_path / "two.py"
    script.write_text(program, encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    root = Path(__file__).parents[2]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=root, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("the same in both") == 2
    assert done.stdout.count("1/6 reading labels") == 1
    assert len(list_bundles(tmp_path / "root")) == 1
