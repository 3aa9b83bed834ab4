"""The log's lines: what was raised is told by type and place alone, and every line names the request it belongs to."""

import json
import logging
import sys
from collections.abc import Callable

import pytest

from serving.logs import JsonFormatter, TextFormatter, whereabouts
from serving.trail import Trail, following

SECRET = "Warga mengecam penutupan jembatan itu."
FORMATTERS = [JsonFormatter(), TextFormatter()]


def failing() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise ValueError(f"cannot read {SECRET}") from error


def caught(fail: Callable[[], None]) -> BaseException:
    with pytest.raises(Exception) as raised:  # noqa: PT011
        fail()
    return raised.value


def record_of(message: str, error: BaseException | None = None) -> logging.LogRecord:
    told = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("bentoml.serve", logging.ERROR, __file__, 1, message, (), told)


@pytest.mark.parametrize("formatter", FORMATTERS)
def test_what_was_raised_is_told_without_its_message(formatter: logging.Formatter) -> None:
    record = record_of("Exception on /v1/classify [POST]", caught(failing))
    logging.Formatter().format(record)  # another handler's, which leaves the whole trace with the record
    line = formatter.format(record)
    assert "jembatan" not in line
    assert "\n" not in line
    assert "Exception on /v1/classify [POST]" in line
    assert "test_logs.py:" in line
    assert "ValueError, after test_logs.py:" in line
    assert "KeyError" in line


@pytest.mark.parametrize("formatter", FORMATTERS)
def test_every_line_names_its_request(formatter: logging.Formatter) -> None:
    with following(Trail(request_id="permintaan-1")):
        assert "permintaan-1" in formatter.format(record_of("halo"))
    assert "request_id" not in formatter.format(record_of("halo"))


def test_the_fields_of_a_line_of_json() -> None:
    with following(Trail(request_id="permintaan-1")):
        record = record_of("halo")
        record.sikap = {"status": 200}
        line = json.loads(JsonFormatter().format(record))
    assert list(line) == ["time", "level", "logger", "message", "request_id", "status"]
    assert (line["level"], line["logger"], line["message"]) == ("error", "bentoml.serve", "halo")


@pytest.mark.parametrize("formatter", FORMATTERS)
def test_a_record_that_asks_for_an_exception_where_there_is_none_is_a_line_all_the_same(
    formatter: logging.Formatter,
) -> None:
    record = logging.LogRecord("a", logging.ERROR, __file__, 1, "halo", (), sys.exc_info())
    assert "halo" in formatter.format(record)


def test_a_suppressed_cause_is_not_told() -> None:
    def fail() -> None:
        try:
            raise KeyError(SECRET)
        except KeyError:
            raise ValueError(SECRET) from None

    assert "after" not in whereabouts(caught(fail))
