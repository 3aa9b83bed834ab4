"""The framing profile: the shares of an article's stances, and its holders with their names merged."""

from collections.abc import Sequence

from labels.stance import Stance
from serving.answer import HolderStances, Profile, Verdict
from serving.names import COMMON, abbreviations, merge_names


def build_profile(verdicts: Sequence[Verdict], text: str = "") -> Profile:
    """Sum up an article. Shares are over scored paragraphs and sum to 1 (all 0 where no paragraph is scored).

    Abbreviations that `text` introduces are merged with what they stand for.
    """
    scored = [verdict.stance for verdict in verdicts if verdict.stance is not None]
    shares = {stance: round(scored.count(stance) / len(scored), 4) if scored else 0.0 for stance in Stance}
    mentions = [
        (span.holder.text, span.stance, verdict.index) for verdict in verdicts for span in verdict.spans if span.holder
    ]
    names = merge_names([name for name, _, _ in mentions], {**COMMON, **abbreviations(text)})
    held: dict[str, dict[Stance, list[int]]] = {}
    for name, stance, index in mentions:
        places = held.setdefault(names[name], {}).setdefault(stance, [])
        if index not in places:
            places.append(index)
    return Profile(paragraphs=shares, holders=[HolderStances(name=n, stances=s) for n, s in held.items()])
