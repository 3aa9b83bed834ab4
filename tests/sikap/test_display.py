"""How a folder run shows itself: to a reader, to a program, or not at all."""

import io
import json
from collections import Counter
from pathlib import Path

from rich.console import Console

from serving.documents import Found
from serving.folder import Progress
from serving.scoring import Counts, Reason
from sikap.display import Bar, Display, JsonLines, Quiet, Rate

FOUND = Found((), 4, 1_000, {".png files": 2})
WHY = {"text is empty": Reason(1, "[a].txt"), "not JSON": Reason(2, "b.jsonl")}
COUNTS = Counts(6, 9, Counter({"denial": 2, "neutral-report": 6}), 3, Counter({"InputError": 3}), WHY)
HALF = Progress(Counts(2, 5), Counts(1, 1), 500, 100)
DONE = Progress(COUNTS, Counts(1, 1), 1_000, 100, Counter({"text from column 'isi'": 2}))


def shown(display: Display) -> None:
    with display:
        display.start(FOUND)
        display.show(HALF)
        display.show(HALF)
        display.finish(FOUND, DONE, [Path("t.csv"), Path("t.documents.csv")])


def test_the_rate_and_the_time_left_count_only_what_this_run_did() -> None:
    clock = iter([100.0, 102.0])
    rate, left = Rate(lambda: next(clock)).of(HALF, 1_000)
    assert rate == (5 - 1) / 2
    assert left == 2 * (1_000 - 500) / (500 - 100)


def test_nothing_done_has_no_time_left() -> None:
    assert Rate(lambda: 0.0).of(Progress(), 1_000) == (0.0, None)


def test_a_program_gets_json_lines_at_most_one_a_second_between_start_and_end() -> None:
    out = io.StringIO()
    shown(JsonLines(out, lambda: 7.0))
    started, progress, finished = map(json.loads, out.getvalue().splitlines())
    assert started == {"event": "started", "files": 4, "bytes": 1_000, "skipped": {".png files": 2}}
    assert (progress["event"], progress["documents"], progress["bytes"]) == ("progress", 2, 500)
    assert finished["failures"] == {"InputError": 3}
    assert finished["reasons"] == [
        {"reason": "not JSON", "documents": 2, "path": "b.jsonl"},
        {"reason": "text is empty", "documents": 1, "path": "[a].txt"},
    ]
    assert finished["stances"] == {"denial": 2, "neutral-report": 6}
    assert finished["files"] == ["t.csv", "t.documents.csv"]


def test_a_reader_gets_a_summary_of_how_many_of_what_and_where() -> None:
    out = io.StringIO()
    shown(Bar(Console(file=out, width=200)))
    for words in (
        "t.csv and t.documents.csv: 9 paragraphs of 3 documents",
        "6 neutral-report, 2 denial; 3 of them uncertain",
        "1 documents were scored by an earlier run",
        "text from column 'isi' (2 files)",
        "passed over: 2 .png files",
        "3 documents failed (3 InputError); their rows say why in `error`:\n"
        "  2: not JSON (b.jsonl and others)\n"
        "  1: text is empty ([a].txt)\n",
    ):
        assert words in out.getvalue()


def test_quiet_says_nothing() -> None:
    shown(Quiet())
