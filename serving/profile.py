"""The framing profile: the shares of an article's stances, and its holders with their names merged."""

from collections.abc import Sequence

from labels.stance import Stance
from serving.answer import HolderStances, Profile, Verdict


def build_profile(verdicts: Sequence[Verdict]) -> Profile:
    """Sum up an article. Shares are over scored paragraphs and sum to 1 (all 0 where no paragraph is scored)."""
    scored = [verdict.stance for verdict in verdicts if verdict.stance is not None]
    shares = {stance: round(scored.count(stance) / len(scored), 4) if scored else 0.0 for stance in Stance}
    mentions = [
        (span.holder.text, span.stance, verdict.index) for verdict in verdicts for span in verdict.spans if span.holder
    ]
    names = merge_names([name for name, _, _ in mentions])
    held: dict[str, dict[Stance, list[int]]] = {}
    for name, stance, index in mentions:
        places = held.setdefault(names[name], {}).setdefault(stance, [])
        if index not in places:
            places.append(index)
    return Profile(paragraphs=shares, holders=[HolderStances(name=n, stances=s) for n, s in held.items()])


def merge_names(mentions: Sequence[str]) -> dict[str, str]:
    """Which name each mention goes by: the longest mention whose words include all of its own, else itself.

    *Trump* goes by *Donald Trump* where exactly one longer mention fits; with two of them it stays alone.
    """
    words = {mention: {word.strip(".,()").casefold() for word in mention.split()} for mention in mentions}
    merged: dict[str, str] = {}
    for mention in words:
        fuller = [other for other in words if words[mention] < words[other]]
        maximal = [other for other in fuller if not any(words[other] < words[third] for third in fuller)]
        same = [other for other in words if words[other] == words[mention]]
        one_name = len({frozenset(words[other]) for other in maximal}) == 1  # in one spelling or several
        merged[mention] = maximal[0] if one_name else same[0]
    return {mention: merged.get(name, name) for mention, name in merged.items()}
