"""Settings: defaults, what the environment may say, and what is told where it is wrong."""

from pathlib import Path

import pytest

from serving.settings import Settings
from sikap.errors import InputError


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_environment({}) == Settings()
    assert Settings().tracing == {"excluded_urls": "."}


def test_the_environment_is_read() -> None:
    settings = Settings.from_environment(
        {
            "SIKAP_KEYS": "redaksi:" + "k" * 16,
            "SIKAP_ORIGINS": "https://a.example/, http://localhost:5173",
            "SIKAP_IN_FLIGHT": "3",
            "SIKAP_WAIT": "0.5",
            "SIKAP_DEADLINE": "1.5",
            "SIKAP_BODY_SECONDS": "2",
            "BENTOML_HOME": "/srv/sikap",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318/",
        }
    )
    assert settings.keys.holder("k" * 16) == "redaksi"
    assert settings.origins == ("https://a.example", "http://localhost:5173")
    assert (settings.in_flight, settings.wait, settings.deadline, settings.body_seconds) == (3, 0.5, 1.5, 2)
    assert settings.drain == Path("/srv/sikap/drain")
    assert settings.tracing["otlp"] == {"protocol": "http", "endpoint": "http://collector:4318/v1/traces"}


def test_the_exact_endpoint_for_traces_is_taken_as_it_is() -> None:
    environment = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x/t", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://y"}
    assert Settings.from_environment(environment).traces == "http://x/t"


def test_bentoml_gives_up_later_than_we_do() -> None:
    assert Settings(body_seconds=100, deadline=500.5).timeout > 601


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIKAP_IN_FLIGHT", "0"),
        ("SIKAP_IN_FLIGHT", "1.5"),
        ("SIKAP_WAIT", "banyak"),
        ("SIKAP_DEADLINE", "-1"),
        ("SIKAP_DEADLINE", "nan"),
        ("SIKAP_DEADLINE", "inf"),
        ("SIKAP_BODY_SECONDS", ""),
        ("SIKAP_ORIGINS", "*"),
        ("SIKAP_ORIGINS", "https://*.example"),
        ("SIKAP_ORIGINS", "https://a.example/halaman"),
        ("SIKAP_ORIGINS", "a.example"),
    ],
)
def test_a_wrong_value_is_told_by_its_name(name: str, value: str) -> None:
    with pytest.raises(InputError, match=f"^{name}: found .*expected"):
        Settings.from_environment({name: value})
