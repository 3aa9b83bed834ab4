"""The four stances, in the order that every score vector uses."""

from enum import StrEnum


class Stance(StrEnum):
    """What a paragraph does to an act, an actor or a claim (see CODEBOOK.md)."""

    LEGAL_JUSTIFICATION = "legal-justification"
    CONDEMNATION = "condemnation"
    DENIAL = "denial"
    NEUTRAL_REPORT = "neutral-report"


MARKED = (Stance.LEGAL_JUSTIFICATION, Stance.CONDEMNATION, Stance.DENIAL)
"""The stances that words carry; `neutral-report` is the absence of all three."""
