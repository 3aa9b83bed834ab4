"""Ten thousand malformed bodies, sent to a real server while others ask it well."""

import http.client
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from serving.body import MAX_BODY
from tests.serving.clients import TEXT, load
from tests.serving.edge_client import Response

BODIES, CONNECTIONS = 10_000, 4
JSON = "application/json"
PATHS = ("/v1/classify", "/v1/classify_batch")
Sending = tuple[bytes, dict[str, str]]
StartServer = Callable[..., Any]


def value(chance: random.Random) -> Any:
    """Something that JSON can say, and few fields expect."""
    return chance.choice([None, True, -1, 0.5, 10**400, "", " ", [], {}, [[]], {"text": {}}, "\x00", "\u202e", 1e308])


def good(chance: random.Random, path: str) -> dict[str, Any]:
    article = {"text": chance.choice(["Kota membantah.", "Warga 😀 mengecam.\r\nBaca juga: ini"]), "title": "Uji"}
    return article if path == PATHS[0] else {"articles": [{"id": "a", **article}, {"id": "b", **article}]}


def wrong_types(chance: random.Random, body: dict[str, Any]) -> Sending:
    changed = dict(body)
    for _ in range(chance.randint(1, 3)):
        inside = chance.choice([changed, *body.get("articles", [])])
        inside[chance.choice([*inside, "min_confidence", "id", "warna"])] = value(chance)
    return json.dumps(changed).encode(), {}


def broken_bytes(chance: random.Random, body: dict[str, Any]) -> Sending:
    content = bytearray(json.dumps(body, ensure_ascii=False).encode())
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(content))
        content[place : place + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
    return bytes(content), {}


def broken_text(chance: random.Random, body: dict[str, Any]) -> Sending:
    wrong = [
        b"\xff\xfe",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\\ud800",
        b"\\udfff\\ud800",
        b"\xf4\x90\x80\x80",
        b"\x00",
        b"\\x",
    ]
    before, after = json.dumps(body).encode().split(b"memb" if b"memb" in json.dumps(body).encode() else b"meng", 1)
    return before + chance.choice(wrong) + after, {}


def other_encodings(chance: random.Random, body: dict[str, Any]) -> Sending:
    return json.dumps(body, ensure_ascii=False).encode(
        chance.choice(["utf-16", "utf-32", "utf-8-sig", "utf-16-be"])
    ), {}


def cut_off(chance: random.Random, body: dict[str, Any]) -> Sending:
    content = json.dumps(body).encode()
    return content[: chance.randrange(len(content))], {}


def deep(chance: random.Random, body: dict[str, Any]) -> Sending:
    opening, closing = chance.choice([("[", "]"), ('{"text":', "}"), ('{"articles":[', "]}")])
    depth = chance.choice([10, 900, 1_100, 20_000])
    closed = chance.choice([0, depth])
    return ('{"text":' + opening * depth + "1" + closing * closed + "}").encode(), {}


def huge_numbers(chance: random.Random, body: dict[str, Any]) -> Sending:
    number = chance.choice(
        ["1e999", "-1e999", "9" * 400, "9" * 5_000, "NaN", "-Infinity", "0" * 9, "1.", "-0", "1e-999", "0x1"]
    )
    return json.dumps(body | {"min_confidence": "here"}).replace('"here"', number).encode(), {}


def wrong_length(chance: random.Random, body: dict[str, Any]) -> Sending:
    content = json.dumps(body).encode()
    length = chance.choice(
        [0, 1, len(content) // 2, len(content) - 1, len(content) + 1, 10 * len(content), MAX_BODY + 1, 2**40]
    )
    return content, {"content-length": str(length)}


def other_types(chance: random.Random, body: dict[str, Any]) -> Sending:
    names = [
        "",
        "text/plain",
        "application/xml",
        "application/json5",
        "multipart/form-data; boundary=x",
        "\xff",
        ";",
        "a" * 4_000,
    ]
    return json.dumps(body).encode(), {"content-type": chance.choice(names)}


SPOILERS = (
    wrong_types,
    broken_bytes,
    broken_text,
    other_encodings,
    cut_off,
    deep,
    huge_numbers,
    wrong_length,
    other_types,
)


def malformed(seed: int, number: int) -> Iterator[tuple[str, bytes, dict[str, str]]]:
    chance = random.Random(seed)
    for count in range(number):
        path = chance.choice(PATHS)
        content, headers = SPOILERS[count % len(SPOILERS)](chance, good(chance, path))
        yield path, content, {"content-type": JSON, "content-length": str(len(content)), **headers}


def send(port: int, seed: int) -> Counter[int]:
    """Send one connection's part of the bodies; how often each status came (0: none was owed)."""
    statuses: Counter[int] = Counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for path, content, headers in malformed(seed, BODIES // CONNECTIONS):
        connection.request("POST", path, content, headers)
        missing = int(headers["content-length"]) - len(content)
        statuses[0 if 0 < missing < MAX_BODY - len(content) else status_of(connection.getresponse(), missing)] += 1
        if missing:
            connection.close()  # as it must: where its next request would begin is unknown
    connection.close()
    return statuses


def status_of(answer: http.client.HTTPResponse, missing: int) -> int:
    """The status of an answer, which is 200 or an error in the one shape."""
    response = Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    if missing < 0 and response.body == b"Invalid HTTP request received.":
        return response.status  # what is left over is no request of its own; the HTTP parser says so, before any route
    assert response.status == 200 or response.error["message"], response
    assert response.headers["x-request-id"]
    return response.status


def test_ten_thousand_malformed_bodies_each_get_an_error_and_cost_others_nothing(start_server: StartServer) -> None:
    server = start_server(SIKAP_LOG="json")
    expected = server.client.post("/v1/classify", json={"text": TEXT}).json()

    def well(client: httpx.Client) -> bool:
        time.sleep(0.05)
        return bool(client.post("/v1/classify", json={"text": TEXT}).json() == expected)

    with load(server.port, well, clients=2) as answers, ThreadPoolExecutor(CONNECTIONS) as pool:
        statuses = sum(pool.map(lambda seed: send(server.port, seed), range(CONNECTIONS)), Counter[int]())
    assert statuses.total() == BODIES
    assert {400, 413, 415, 422} <= statuses.keys() <= {0, 200, 400, 413, 415, 422}, statuses
    assert statuses[0] + statuses[200] < 0.1 * BODIES, statuses
    assert all(future.result() and all(future.result()) for future in answers)
    assert server.client.get("/readyz").status_code == 200
    log = server.stop()
    assert "Traceback" not in log
    assert "membantah" not in log
