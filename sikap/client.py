"""The Python client of the service: typed answers, timeouts, and retries where the service is busy or restarting."""

import random
import time
import uuid
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Final, Self

import httpx
from pydantic import BaseModel

from serving.answer import Answer, ArticleIn, BatchAnswer, BatchArticle, BatchIn
from sikap.errors import SikapError

AGAIN: Final = {429, 503}  # busy, or not ready: the same request may succeed in a moment
LONGEST_WAIT: Final = 60.0  # seconds between two tries


class ServiceError(SikapError):
    """The service answered with an error, or could not be reached.

    `status` is the HTTP status (0 where there was no answer), `code` its word for programs, `field` the field at fault, and
    `request_id` what to quote to the service's operator.
    """

    def __init__(self, status: int, code: str, message: str, field: str | None, request_id: str) -> None:
        super().__init__(message, field)
        self.status, self.code, self.request_id = status, code, request_id


class Client:
    """Asks a Sikap service.

        with Client("http://127.0.0.1:3000") as sikap:
            answer = sikap.classify("Juru bicara membantah tuduhan itu.")
            print(answer.paragraphs[0].stance)

    A request that finds the service busy, restarting or gone is sent again (it changes nothing, so that is safe), after
    `Retry-After` or a wait that doubles, whichever is longer: for some 15 seconds in all, longer than a killed worker is away.

    Args:
        url: where the service is.
        key: an API key, where it has keys.
        timeout: seconds to wait for one answer.
        retries: how often a request is sent again.
        transport: replaces the network, for tests.
        sleep: replaces waiting, for tests.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:3000",
        key: str | None = None,
        timeout: float = 90.0,
        retries: int = 6,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout, transport=transport)
        self._retries, self._sleep = retries, sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def classify(self, text: str, title: str | None = None, min_confidence: float | None = None) -> Answer:
        """Classify one article. Raises ServiceError."""
        article = ArticleIn(text=text, title=title, min_confidence=min_confidence)
        return Answer.model_validate_json(self._ask("POST", "/v1/classify", article).content)

    def classify_batch(self, articles: Sequence[BatchArticle], min_confidence: float | None = None) -> BatchAnswer:
        """Classify up to 64 articles; one that fails has an `error` in its place. Raises ServiceError."""
        batch = BatchIn(articles=list(articles), min_confidence=min_confidence)
        return BatchAnswer.model_validate_json(self._ask("POST", "/v1/classify_batch", batch).content)

    def model(self) -> dict[str, Any]:
        """The manifest, metrics and card of the model that answers. Raises ServiceError."""
        found: dict[str, Any] = self._ask("GET", "/v1/model").json()
        return found

    def ready(self) -> bool:
        """Whether the service can answer now."""
        try:
            return self._http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def _ask(self, method: str, path: str, body: BaseModel | None = None) -> httpx.Response:
        headers = {"content-type": "application/json", "x-request-id": uuid.uuid4().hex}
        content = body.model_dump_json(exclude_none=True).encode() if body else None
        for tried in range(self._retries + 1):
            last = tried == self._retries
            try:
                response = self._http.request(method, path, content=content, headers=headers)
            except httpx.TimeoutException:
                message = f"{self._http.base_url}: no answer within {self._http.timeout.read:g} seconds; raise `timeout`, or send less text at once"
                raise ServiceError(0, "timeout", message, None, headers["x-request-id"]) from None
            except httpx.TransportError as error:
                if last:
                    message = f"{self._http.base_url}: cannot be reached ({error}); is the service running there?"
                    raise ServiceError(0, "unreachable", message, None, headers["x-request-id"]) from error
                self._sleep(_backoff(tried))
                continue
            if response.status_code in AGAIN and not last:
                self._sleep(max(_asked_wait(response), _backoff(tried)))
                continue
            break
        return response if response.is_success else _raise(response)


def _backoff(tried: int) -> float:
    """A wait that doubles, with some chance in it, so that many clients do not come back at once."""
    return min(LONGEST_WAIT, 0.25 * 2.0**tried) * random.uniform(0.75, 1.25)


def _asked_wait(response: httpx.Response) -> float:
    asked = response.headers.get("retry-after", "")
    return min(LONGEST_WAIT, float(asked)) if asked.isdigit() else 0.0


def _raise(response: httpx.Response) -> httpx.Response:
    """Raise the error that the service answered with."""
    request_id = response.headers.get("x-request-id", "")
    try:
        error = response.json()["error"]
        code, message, field = error["code"], error["message"], error.get("field")
    except (ValueError, KeyError, TypeError):
        message = f"{response.url}: answered {response.status_code}, but not as Sikap does; is another service there?"
        raise ServiceError(response.status_code, "unknown", message, None, request_id) from None
    raise ServiceError(response.status_code, code, message, field, request_id)
