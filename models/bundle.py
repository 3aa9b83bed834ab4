"""A bundle on disk: a folder with a model and a manifest that accounts for every file in it."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from labels.stance import Stance
from models.decoding import Calibration
from models.predictor import Predictor
from models.runtime import Runtime
from models.tokenizing import Tokenizing
from sikap.errors import BundleError

FORMAT: Final = 1
MANIFEST: Final = "bundle.json"
GRAPH, WEIGHTS, TOKENIZER = "model.xml", "model.bin", "tokenizer.json"
PER_STANCE = Annotated[list[float], Field(min_length=4, max_length=4)]

Precision = Literal["int8", "int8-weights", "bf16", "f32"]


class Manifest(BaseModel):
    """What `bundle.json` says: everything that turns the graph's logits into an answer, and where the model is from.

    Lists of four follow the order of `labels`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = FORMAT
    name: str
    version: str
    created: str
    encoder: str
    labels: list[str] = Field(default_factory=lambda: [str(stance) for stance in Stance])
    precision: Precision
    window: Annotated[int, Field(ge=16)]
    overlap: Annotated[int, Field(ge=0)]
    temperature: Annotated[float, Field(gt=0)]
    tag_temperature: Annotated[float, Field(gt=0)]
    training_prior: PER_STANCE
    natural_prior: PER_STANCE
    prior_shift: PER_STANCE
    thresholds: PER_STANCE
    data: dict[str, Any]
    metrics: dict[str, Any]
    files: dict[str, str]  # name: sha256

    @property
    def calibration(self) -> Calibration:
        """The figures that decoding needs."""
        return Calibration(self.temperature, self.tag_temperature, tuple(self.prior_shift))

    def threshold(self, stance: Stance) -> float:
        """Confidence below which a label of this stance is uncertain."""
        return self.thresholds[list(Stance).index(stance)]


@dataclass(frozen=True)
class Bundle:
    """A verified bundle: its folder and its manifest."""

    folder: Path
    manifest: Manifest

    @property
    def digest(self) -> str:
        """Tells bundles apart by all that is in them: the manifest holds the digest of every file."""
        return hashlib.sha256(self.manifest.model_dump_json().encode()).hexdigest()[:16]

    def predictor(self, threads: int = 0, warm: bool = False) -> Predictor:
        """Load the model. `threads` 0 uses every core; `warm` compiles its kernels now, not at the first request."""
        tokenizing = Tokenizing.from_file(self.folder / TOKENIZER, self.manifest.window, self.manifest.overlap)
        runtime = Runtime(self.folder / GRAPH, self.manifest.precision, tokenizing.pad, threads)
        if warm:
            runtime.warm(self.manifest.window)
        return Predictor(tokenizing, runtime, self.manifest.calibration)


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_bundle(folder: Path) -> Bundle:
    """Read and verify a bundle. Raises BundleError naming the path, what is wrong and what to do."""
    manifest = _read_manifest(folder / MANIFEST)
    if manifest.labels != [str(stance) for stance in Stance]:
        raise BundleError(
            f"{folder / MANIFEST}: labels are {manifest.labels}, expected {[str(s) for s in Stance]}; train again (make train)"
        )
    for name in (GRAPH, WEIGHTS, TOKENIZER):
        if name not in manifest.files:
            raise BundleError(
                f"{folder / MANIFEST}: `files` does not list {name}; the bundle is incomplete, train again"
            )
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise BundleError(f"{path}: the file is missing; restore it (git checkout) or train again (make train)")
        found = sha256(path)
        if found != expected:
            raise BundleError(
                f"{path}: the file is damaged: sha256 is {found[:12]}…, expected {expected[:12]}…; "
                "restore it (git checkout) or train again (make train)"
            )
    return Bundle(folder, manifest)


def _read_manifest(path: Path) -> Manifest:
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise BundleError(f"{path}: no model bundle here; train one with `make train`") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise BundleError(f"{path}: {place}: {first['msg']}; restore the file or train again") from error
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror})") from error


def save_bundle(draft: Path, root: Path, manifest: Manifest) -> Bundle:
    """Move the files of `draft` to `root/<name>/<version>/` with a manifest that holds their digests.

    The bundle appears whole or not at all: it is completed beside its place, then renamed.
    """
    files = {path.name: sha256(path) for path in sorted(draft.iterdir()) if path.is_file() and path.name != MANIFEST}
    complete = manifest.model_copy(update={"files": files})
    text = json.dumps(complete.model_dump(), indent=1, ensure_ascii=False) + "\n"
    (draft / MANIFEST).write_text(text, encoding="utf-8")
    target = root / manifest.name / manifest.version
    if target.exists():
        raise BundleError(f"{target}: a bundle of this version exists already; versions are never overwritten")
    target.parent.mkdir(parents=True, exist_ok=True)
    waiting = target.parent / f".{manifest.version}.incoming"
    shutil.rmtree(waiting, ignore_errors=True)
    shutil.copytree(draft, waiting)
    waiting.chmod(0o755)  # drafts are private, and a service may run as another user
    for path in waiting.iterdir():
        path.chmod(0o644)  # safetensors writes private files
        with path.open("rb") as file:
            os.fsync(file.fileno())
    waiting.rename(target)
    return load_bundle(target)
