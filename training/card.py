"""The model card: what a bundle was made of, how it did, and where it falls short; written from the run itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.bundle import Manifest
from training.evaluate import Report
from training.metrics import LABELS, Judged, class_ece, class_f1, natural_precision
from training.plots import plot_confusion, plot_learning, plot_reliability, plot_risk, plot_slices
from training.slices import slices

_LIMITS = """\
- Trained on articles composed for this project, not on published news; real copy is more varied, and figures on
  real news are lower than those on validation.
- Marked stances are rare in real news. Read precision per stance before counting labels over an archive, and treat
  labels with `uncertain: true` as candidates for a human reader.
- Legal justification is the scarcest and hardest stance. Irony, and stances that only the paragraph before makes
  clear, are often missed: each paragraph is read by itself.
- The labels say what a text does, not whether a claim is true or a justification valid in law.
- Indonesian only. Other languages, and Malay, get labels too, which mean nothing."""


@dataclass(frozen=True)
class Evaluation:
    """One set that a model was judged on.

    Args:
        title: a file's stem.
        note: what the set is.
        report: the figures.
        sample: each paragraph.
        baselines: their macro-F1 by name.
        before: the same paragraphs before calibration, where that was fitted on this set.
    """

    title: str
    note: str
    report: Report
    sample: Sequence[Judged]
    baselines: Mapping[str, float]
    before: Sequence[Judged] = ()


def write_card(
    folder: Path, manifest: Manifest, evaluations: Sequence[Evaluation], losses: Sequence[Sequence[float]]
) -> None:
    """Write `README.md` and its plots into a bundle's folder. `losses` are each seed's, step by step."""
    plot_learning(losses, folder / "learning.png")
    sections = [_head(manifest)]
    for evaluation in evaluations:
        draw(evaluation.sample, folder, evaluation.title, evaluation.before)
        sections.append(_section(evaluation, manifest.natural_prior))
    sections.append(f"## Limits\n\n{_LIMITS}\n")
    (folder / "README.md").write_text("\n".join(sections), encoding="utf-8")


def draw(sample: Sequence[Judged], folder: Path, name: str, before: Sequence[Judged] = ()) -> None:
    """Draw a sample's confusion, reliability, risk at coverage, and slices into `folder`, as `confusion-<name>.png` and so on."""
    plot_confusion(sample, folder / f"confusion-{name}.png", name)
    plot_reliability(sample, folder / f"reliability-{name}.png", name, before)
    plot_risk(sample, folder / f"risk-{name}.png", name)
    plot_slices(slices(sample), folder / f"slices-{name}.png", name)


def _head(manifest: Manifest) -> str:
    data = manifest.data
    rows = "\n".join(
        f"| {label} | {trained:.1%} | {natural:.1%} | {threshold:.2f} |"
        for label, trained, natural, threshold in zip(
            LABELS, manifest.training_prior, manifest.natural_prior, manifest.thresholds, strict=True
        )
    )
    return f"""# {manifest.name} {manifest.version}

Stance of paragraphs of Indonesian news: {", ".join(f"`{label}`" for label in LABELS)}; with the words that carry it and
their holder. Encoder `{manifest.encoder}`, {manifest.precision}, windows of {manifest.window} tokens; made {manifest.created}.

## Data

{data["articles"]} articles, {data["training_paragraphs"]} training and {data["validation_paragraphs"]} validation paragraphs \
(sha256 of the labels `{data["sha256"][:16]}…`). Splits are by article; some topics are in validation alone.

| stance | share in training | natural share assumed | uncertain below |
|---|---|---|---|
{rows}

Temperature {manifest.temperature} (stance; fitted on validation with most words hidden), {manifest.tag_temperature} (tags; on validation as it is).

![training loss](learning.png)
"""


def _section(evaluation: Evaluation, prior: Sequence[float]) -> str:
    name, report = evaluation.title, evaluation.report
    rows = []
    for figure, value in report.values.items():
        low, high = report.intervals.get(figure, (value, value))
        rows.append(f"| {figure.replace('_', ' ')} | {value:.3f} | {low:.3f} to {high:.3f} |")
    rows += [f"| baseline {title}: macro f1 | {value:.3f} | |" for title, value in evaluation.baselines.items()]
    support = ", ".join(f"{count} {label}" for label, count in report.support.items())
    return f"""## {name}

{evaluation.note} {report.paragraphs} paragraphs of {report.documents} articles: {support}.

| figure | value | 95 % interval (bootstrap over articles) |
|---|---|---|
{chr(10).join(rows)}

| stance | F1 | calibration error of its probability | precision at its natural share |
|---|---|---|---|
{chr(10).join(_stance_row(label, evaluation.sample, prior) for label in LABELS)}

| slice | paragraphs | right | macro-F1 of its stances |
|---|---|---|---|
{chr(10).join(f"| {s.kind}: {s.name} | {s.paragraphs} | {s.accuracy:.1%} | {s.macro_f1:.3f} |" for s in slices(evaluation.sample))}

![confusion](confusion-{name}.png) ![reliability](reliability-{name}.png)
![risk at coverage](risk-{name}.png) ![slices](slices-{name}.png)
"""


def _stance_row(label: str, sample: Sequence[Judged], prior: Sequence[float]) -> str:
    figures = (class_f1(label), class_ece(label), natural_precision(label, prior))
    return f"| {label} | " + " | ".join(f"{figure(sample):.3f}" for figure in figures) + " |"
