"""Dates as news write them: which day, and how days are grouped for a plot."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "januari january jan", "februari february feb pebruari", "maret march mar", "april apr", "mei may",
            "juni june jun", "juli july jul", "agustus august agu agt aug", "september sep sept",
            "oktober october okt oct", "november nov nopember", "desember december des dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_ISO = re.compile(r"\s*(\d{4})-?(\d{2})-?(\d{2})(?!\d)")
_FIGURES = re.compile(r"\b(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b")
_WORDS = re.compile(r"\b(\d{1,2})\s+([A-Za-z]{3,9})\.?,?\s+(\d{4})\b")


def day_of(text: str | None) -> date | None:
    """The day in a date as text: ISO, `2/5/2025` (day first) or `2 Mei 2025`; None where there is none."""
    if not text:
        return None
    if found := _ISO.match(text):
        return _day(*map(int, found.groups()))
    if found := _FIGURES.search(text):
        day, month, year = map(int, found.groups())
        return _day(year, month, day)
    if (found := _WORDS.search(text)) and (number := _MONTHS.get(found[2].lower())):
        return _day(int(found[3]), number, int(found[1]))
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def period(days: Iterable[date]) -> str:
    """How to group days, so that a plot has some tens of groups: by `day`, `month` or `year`."""
    known = sorted(days)
    span = (known[-1] - known[0]).days if known else 0
    return "day" if span <= 45 else "month" if span <= 5 * 365 else "year"


def group(day: date, by: str) -> str:
    """The group of a day, as ISO text."""
    return day.isoformat()[: {"day": 10, "month": 7, "year": 4}[by]]
