"""A real server process with the shipped bundle, asked over HTTP as a user would."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.shelf import bundles_root, load_current
from serving.answer import Answer
from serving.classifier import Classifier
from tests.serving.clients import metric, wait_for

ROOT = Path(__file__).parents[2]
TEXT = (
    "Pemerintah kota menutup jembatan lama mulai Senin pagi 😀.\r\n"
    "\u201cPenutupan ini sesuai Peraturan Daerah Nomor 3 Tahun 2020,\u201d kata Kepala Dinas Arman Siregar.\r\n"
    "Warga mengecam penutupan\u00a0itu karena dianggap sewenang-wenang.\r\n"
    "Arman membantah tuduhan bahwa warga tidak diberi tahu.\r\n"
    "Baca juga: Jadwal Kereta Hari Ini"
)
StartServer = Callable[..., Any]
STANCES = ["legal-justification", "condemnation", "denial", "neutral-report"]


@pytest.fixture(scope="module")
def client(start_server: StartServer) -> Iterator[httpx.Client]:
    server = start_server()
    yield server.client
    output = server.stop()
    assert "note: no keys, so only this machine can use it" in output
    assert "Traceback" not in output
    assert "Penutupan" not in output  # no text of an article in the logs


def classify(client: httpx.Client, **body: Any) -> dict[str, Any]:
    response = client.post("/v1/classify", json=body)
    assert response.status_code == 200, response.text
    return dict(response.json())


def test_answer_has_exactly_the_keys_of_the_contract(client: httpx.Client) -> None:
    answer = classify(client, text=TEXT, title="Jembatan Ditutup")
    assert answer.keys() == {"model", "paragraphs", "profile"}
    assert answer["model"].keys() == {"name", "version", "encoder"}
    assert answer["profile"].keys() == {"paragraphs", "holders"}
    assert list(answer["profile"]["paragraphs"]) == STANCES
    for paragraph in answer["paragraphs"]:
        expected = {"index", "start", "end", "kind", "stance", "confidence", "uncertain", "scores", "spans"}
        assert paragraph.keys() == expected
        for span in paragraph["spans"]:
            assert span.keys() == {"start", "end", "text", "stance", "confidence", "holder"}
            assert span["holder"] is None or span["holder"].keys() == {"start", "end", "text"}


def test_offsets_quote_the_text_that_was_sent(client: httpx.Client) -> None:
    paragraphs = classify(client, text=TEXT)["paragraphs"]
    assert [TEXT[p["start"] : p["end"]] for p in paragraphs] == TEXT.split("\r\n")
    quotes = [span for p in paragraphs for span in p["spans"]]
    quotes += [span["holder"] for span in quotes if span["holder"]]
    assert quotes
    assert all(TEXT[quote["start"] : quote["end"]] == quote["text"] for quote in quotes)


def test_plain_cases_get_their_stance_and_evidence(client: httpx.Client) -> None:
    paragraphs = classify(client, text=TEXT)["paragraphs"]
    expected = ["neutral-report", "legal-justification", "condemnation", "denial", None]
    assert [p["stance"] for p in paragraphs] == expected
    assert paragraphs[4]["kind"] == "furniture"
    for paragraph in paragraphs[1:4]:
        assert paragraph["stance"] in {span["stance"] for span in paragraph["spans"]}


def test_example_of_the_mission_is_a_legal_justification(client: httpx.Client) -> None:
    text = "Rusia menyatakan kerja sama militer dengan Korea Utara tidak melanggar hukum internasional"
    paragraph = classify(client, text=text)["paragraphs"][0]
    assert paragraph["stance"] == "legal-justification"
    assert paragraph["spans"][0]["holder"]["text"] == "Rusia"


def test_scores_are_rounded_sum_to_one_and_name_the_stance(client: httpx.Client) -> None:
    for paragraph in classify(client, text=TEXT)["paragraphs"][:4]:
        scores = paragraph["scores"]
        assert list(scores) == STANCES
        assert abs(sum(scores.values()) - 1) <= 0.0002 + 1e-9
        assert paragraph["stance"] == max(scores, key=lambda stance: scores[stance])
        assert paragraph["confidence"] == max(scores.values())


def test_http_gives_the_numbers_that_python_gives(client: httpx.Client) -> None:
    over_http = Answer.model_validate(classify(client, text=TEXT))
    in_python = Classifier(load_current(bundles_root())).classify(TEXT)
    for ours, theirs in zip(in_python.paragraphs, over_http.paragraphs, strict=True):
        assert ours.stance == theirs.stance
        assert ours.spans == theirs.spans or ours.stance is None
        if ours.scores and theirs.scores:
            assert ours.scores == pytest.approx(theirs.scores, abs=0.001)


def test_min_confidence_marks_labels_uncertain_without_changing_them(client: httpx.Client) -> None:
    strict = classify(client, text=TEXT, min_confidence=1.0)["paragraphs"]
    loose = classify(client, text=TEXT, min_confidence=0.0)["paragraphs"]
    assert [p["stance"] for p in strict] == [p["stance"] for p in loose]
    assert all(p["uncertain"] for p in strict if p["stance"])
    assert not any(p["uncertain"] for p in loose)


def test_batch_answers_in_order_and_keeps_a_bad_article_to_itself(client: httpx.Client) -> None:
    articles = [{"id": "a", "text": TEXT}, {"id": "b", "text": " \n "}, {"id": "c", "text": "Hujan turun di Bogor."}]
    answer = client.post("/v1/classify_batch", json={"articles": articles}).json()
    assert answer.keys() == {"model", "articles"}
    assert [item["id"] for item in answer["articles"]] == ["a", "b", "c"]
    assert [set(item) for item in answer["articles"]] == [
        {"id", "paragraphs", "profile"},
        {"id", "error"},
        {"id", "paragraphs", "profile"},
    ]
    assert answer["articles"][1]["error"]["code"] == "invalid"
    assert answer["articles"][0]["paragraphs"] == classify(client, text=TEXT)["paragraphs"]


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        (b"{", 400, "bad_request", None),
        (b"[]", 400, "bad_request", None),
        (b'{"text": ""}', 422, "invalid", "text"),
        (b'{"text": 5}', 422, "invalid", "text"),
        (b'{"text": null}', 422, "invalid", "text"),
        (b"{}", 422, "invalid", "text"),
        (b'{"text": "a", "colour": 1}', 422, "invalid", "colour"),
        (b'{"text": "a", "min_confidence": 2}', 422, "invalid", "min_confidence"),
        (b'{"text": "a \\ud800 b"}', 422, "invalid", "text"),
        (json.dumps({"text": "a" * 200_001}).encode(), 413, "too_large", "text"),
        (json.dumps({"text": "a\n" * 2_001}).encode(), 413, "too_large", "text"),
        (b'{"text": "' + b"a" * 3_000_000 + b'"}', 413, "too_large", None),
    ],
)
def test_wrong_input_gets_one_shape_of_error(
    client: httpx.Client, body: bytes, status: int, code: str, field: str | None
) -> None:
    response = client.post("/v1/classify", content=body, headers={"content-type": "application/json"})
    error = response.json()["error"]
    assert (response.status_code, error["code"], error.get("field")) == (status, code, field)
    assert error["message"]
    assert response.headers["x-request-id"]


def test_a_body_in_chunks_has_the_same_cap(client: httpx.Client) -> None:
    def chunks(number: int) -> Iterator[bytes]:
        yield b'{"text": "Warga mengecam.", "title": "'
        yield from [b"a" * 65_536] * number
        yield b'"}'

    headers = {"content-type": "application/json"}
    response = client.post("/v1/classify", content=chunks(40), headers=headers)
    assert "content-length" not in response.request.headers
    assert (response.status_code, response.json()["error"]["code"]) == (413, "too_large")
    assert client.post("/v1/classify", content=chunks(0), headers=headers).status_code == 200


def test_without_named_origins_no_page_elsewhere_may_read_an_answer(client: httpx.Client) -> None:
    headers = {"origin": "https://lain.example"}
    for response in (
        client.post("/v1/classify", json={"text": TEXT}, headers=headers),
        client.post("/v1/classify", content=b"{", headers=headers),
        client.get("/", headers=headers),
        client.options("/v1/classify", headers={**headers, "access-control-request-method": "POST"}),
    ):
        assert not [name for name in response.headers if name.startswith("access-control-")]


def test_too_many_articles_are_refused(client: httpx.Client) -> None:
    articles = [{"id": str(number), "text": "a"} for number in range(65)]
    response = client.post("/v1/classify_batch", json={"articles": articles})
    assert response.status_code == 413
    assert response.json()["error"]["field"] == "articles"


def test_other_content_types_paths_and_methods_are_refused(client: httpx.Client) -> None:
    assert client.post("/v1/classify", content="text").status_code == 415
    assert client.get("/v1/nothing").status_code == 404
    assert client.get("/v1/classify").status_code == 405
    assert client.get("/v1/classify").headers["allow"] == "POST"


def test_model_page_and_document_are_served(client: httpx.Client) -> None:
    model = client.get("/v1/model").json()
    assert model["labels"] == STANCES
    assert model["card"].startswith("# sikap")
    for path in ("/", "/docs", "/card", "/page/page.css", "/page/page.js", "/page/words.js"):
        page = client.get(path)
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/")
        assert not re.search(r"(src|href|url)[=(]['\"]?(https?:)?//", page.text)  # nothing is loaded from elsewhere
        assert "'unsafe" not in page.headers["content-security-policy"]
    paths = client.get("/docs.json").json()["paths"]
    assert {"/v1/classify", "/v1/classify_batch", "/v1/model"} <= paths.keys()


def test_many_clients_at_once_get_what_one_gets(client: httpx.Client) -> None:
    alone = classify(client, text=TEXT)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: classify(client, text=TEXT), range(40)))
    assert all(answer == alone for answer in answers)


def test_a_damaged_bundle_is_refused_before_the_server_starts(tmp_path: Path) -> None:
    environment = {**os.environ, "SIKAP_MODELS": str(tmp_path)}
    command = [sys.executable, "-m", "sikap", "serve"]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert b"make train" in done.stderr
    assert b"Traceback" not in done.stderr


def test_the_served_document_is_the_committed_one(client: httpx.Client) -> None:
    committed = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    assert client.get("/docs.json").json() == committed, "run: .venv/bin/python -m serving.openapi > docs/openapi.json"


def test_an_answer_tells_its_request_and_its_stages(client: httpx.Client) -> None:
    response = client.post("/v1/classify", json={"text": TEXT}, headers={"x-request-id": "permintaan-1"})
    assert response.headers["x-request-id"] == "permintaan-1"
    stages = re.fullmatch(
        r"queue;dur=([\d.]+), tokenise;dur=([\d.]+), model;dur=([\d.]+)", response.headers["server-timing"]
    )
    assert stages
    assert float(stages[3]) > 0


def test_metrics_tell_the_drift_of_what_was_asked(client: httpx.Client) -> None:
    before = metric(client, "sikap_drift_window_paragraphs")
    classify(client, text=TEXT)
    wait_for(lambda: metric(client, "sikap_drift_window_paragraphs") == before + 4)  # counted once the answer is out
    shares = {stance: metric(client, f'sikap_stance_share{{stance="{stance}"}}') for stance in STANCES}
    expected = [metric(client, f'sikap_stance_share_reference{{stance="{stance}"}}') for stance in STANCES]
    assert all(0 < share < 1 for share in shares.values())  # the text holds each stance once
    assert sum(shares.values()) == pytest.approx(1)
    assert sum(expected) == pytest.approx(1)
    assert 0.25 < metric(client, "sikap_confidence") <= 1
    assert metric(client, "sikap_stance_stability_index") > 0


def test_metrics_count_what_was_asked(client: httpx.Client) -> None:
    names = (
        'sikap_requests_total{key="",method="POST",route="/v1/classify",status="200"}',
        'sikap_requests_total{key="",method="GET",route="unknown",status="404"}',
        'sikap_request_seconds_count{route="/v1/classify"}',
        "sikap_paragraphs_total",
        'sikap_stances_total{stance="denial",uncertain="false"}',
        'sikap_stage_seconds_count{stage="model"}',
    )
    before = [metric(client, name) for name in names]
    classify(client, text=TEXT, min_confidence=0)
    client.get("/v1/rahasia-redaksi")
    after = [metric(client, name) for name in names]
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 1, 4, 1, 1]
    assert metric(client, "sikap_tokens_total") > metric(client, "sikap_paragraphs_total")
    assert metric(client, "sikap_ready") == 1
    assert metric(client, "sikap_waiting_paragraphs") == 0
    assert "sikap_model_info{" in client.get("/metrics").text
    assert "rahasia" not in client.get("/metrics").text
