"""The gate: whether a new bundle may take the place of the current one."""

from collections.abc import Sequence

import numpy as np

from training.metrics import LABELS, Figure, Judged, class_f1, macro_f1, resamples

LARGEST_FALL = 0.05  # of any stance's F1, beyond its interval


def reasons_against(candidate: Sequence[Judged], current: Sequence[Judged]) -> list[str]:
    """Why the candidate should not be promoted, judged on the same paragraphs; empty where nothing speaks against it."""
    found = []
    if _upper(candidate, current, macro_f1) < 0:
        found.append(
            f"macro-F1 falls from {macro_f1(current):.3f} to {macro_f1(candidate):.3f}, beyond its bootstrap interval"
        )
    for label in LABELS:
        figure = class_f1(label)
        if _upper(candidate, current, figure) < -LARGEST_FALL:
            found.append(
                f"F1 of {label} falls from {figure(current):.3f} to {figure(candidate):.3f}, over 5 points beyond its interval"
            )
    return found


def _upper(candidate: Sequence[Judged], current: Sequence[Judged], figure: Figure, rounds: int = 500) -> float:
    """Upper end of the 95 % interval of the paired difference."""
    pairs = zip(resamples(candidate, rounds, 0), resamples(current, rounds, 0), strict=True)
    return float(np.percentile([figure(new) - figure(old) for new, old in pairs], 97.5))
