"""What tests of folder scoring share: the types of their fixtures, and a table read back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from serving.classifier import Classifier
from serving.folder import Progress

Score = Callable[..., Progress]
Make = Callable[..., Classifier]
Whole = Callable[..., bytes]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
