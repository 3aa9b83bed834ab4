"""The routes of the service: what each takes, and which are open to a caller without a key."""

from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

from serving.answer import ArticleIn, BatchIn

UNKNOWN: Final = "unknown"  # what logs and metrics call a path that is no route, so that such paths make no new series


@dataclass(frozen=True)
class Route:
    """A path, its methods, the model of its body, and whether it needs no key (`probe`: not even from this machine)."""

    path: str
    methods: tuple[str, ...] = ("GET", "HEAD")
    body: type[BaseModel] | None = None
    open: bool = False
    probe: bool = False


_ROUTES: Final = (
    Route("/v1/classify", ("POST",), ArticleIn),
    Route("/v1/classify_batch", ("POST",), BatchIn),
    Route("/v1/model"),
    Route("/card"),
    Route("/metrics"),
    # The page and the documentation hold nothing of anyone's; the page asks for a key where one is needed.
    Route("/", open=True),
    Route("/page/page.css", open=True),
    Route("/page/page.js", open=True),
    Route("/page/words.js", open=True),
    Route("/docs", open=True),
    Route("/docs.json", open=True),
    Route("/livez", open=True, probe=True),
    Route("/healthz", open=True, probe=True),
    Route("/readyz", open=True, probe=True),
)
ROUTES: Final = {route.path: route for route in _ROUTES}
