"""What may import what: serving never reaches training or its libraries, not even indirectly."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "transformers", "datasets", "sklearn", "nncf", "training")


def test_the_service_starts_where_training_is_blocked(tmp_path: Path) -> None:
    program = f"""
import sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY!r}:
            raise ImportError("blocked: " + name)
sys.meta_path.insert(0, Wall())
import serving.service, serving.folder, labels.store
from models.shelf import bundles_root, load_current
from serving.classifier import Classifier
found = Classifier(load_current(bundles_root())).classify("Juru bicara membantah tuduhan itu.")
print(found.paragraphs[0].stance)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "denial"


@pytest.mark.parametrize("package", ["labels", "models", "serving", "training"])
def test_arrows_point_one_way(package: str) -> None:
    allowed = {
        "labels": {"labels", "sikap"},
        "models": {"models", "labels", "sikap"},
        "serving": {"serving", "models", "labels", "sikap"},
        "training": {"training", "models", "labels", "sikap"},
    }[package]
    ours = {"labels", "models", "serving", "training", "sikap"}
    for file in (ROOT / package).rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        imported = {
            name.split(".")[0]
            for node in ast.walk(tree)
            for name in (
                [node.module or ""] if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            )
        }  # fmt: skip
        assert imported & ours <= allowed, file


def test_no_module_is_too_large() -> None:
    files = [
        file
        for package in ("labels", "models", "serving", "training", "sikap")
        for file in (ROOT / package).rglob("*.py")
    ]
    assert {str(file): lines for file in files if (lines := len(file.read_text().splitlines())) > 400} == {}
