"""Dates as news write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.report.dates import day_of, group, period

MEI = date(2025, 5, 2)


@pytest.mark.parametrize(
    "text",
    ["2025-05-02", "2025-05-02T07:00:00+07:00", "20250502", "2/5/2025", "02-05-2025", "2.5.2025", "Jumat, 2 Mei 2025",
     "Jumat (2/5/2025)", "2 May 2025 07:00 WIB", "02 mei, 2025"],
)  # fmt: skip
def test_days_are_found(text: str) -> None:
    assert day_of(text) == MEI


@pytest.mark.parametrize("text", [None, "", "kemarin", "2025-13-40", "31/2/2025", "2 Foo 2025", "1714608000000"])
def test_what_is_no_day_is_none(text: str | None) -> None:
    assert day_of(text) is None


@given(st.text())
def test_any_text_is_a_day_or_none(text: str) -> None:
    assert day_of(text) is None or isinstance(day_of(text), date)


def test_days_are_grouped_by_how_far_they_reach() -> None:
    assert period([]) == period([MEI, date(2025, 6, 1)]) == "day"
    assert period([MEI, date(2026, 6, 1)]) == "month"
    assert period([MEI, date(2035, 6, 1)]) == "year"
    assert [group(MEI, by) for by in ("day", "month", "year")] == ["2025-05-02", "2025-05", "2025"]
