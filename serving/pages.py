"""What the service shows on GET: the page, the documentation, the model and its card, the metrics."""

from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from serving.classifier import Classifier
from serving.documentation import card_page, documentation_page
from serving.metrics import WAITING, exposition
from serving.openapi import document
from serving.refusal import Refusal
from sikap.errors import NotReadyError

PAGE: Final = Path(__file__).parent / "page"
# Nothing runs, and nothing is asked, but this service's own files.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {"content-security-policy": _POLICY, "cache-control": "no-cache"}


async def page(_: Request) -> Response:
    """The page where one pastes an article."""
    return FileResponse(PAGE / "index.html", headers=_HEADERS)


async def page_file(request: Request) -> Response:
    """A script or style of the page."""
    return FileResponse(PAGE / request.path_params["name"], headers=_HEADERS)


async def model(request: Request) -> Response:
    """The manifest and the card of the model that answers."""
    try:
        bundle = _classifier(request).bundle
    except NotReadyError as error:
        return _not_ready(error)
    return JSONResponse({**bundle.manifest.model_dump(exclude={"files"}), "card": _card(request)})


async def card(request: Request) -> Response:
    """The card of the model that answers, for reading."""
    try:
        return HTMLResponse(card_page(_card(request)), headers=_HEADERS)
    except NotReadyError as error:
        return _not_ready(error)


async def openapi(_: Request) -> Response:
    """The OpenAPI document."""
    return JSONResponse(document())


async def documentation(_: Request) -> Response:
    """The OpenAPI document, for reading."""
    return HTMLResponse(documentation_page(document()), headers=_HEADERS)


async def metrics(request: Request) -> Response:
    """Figures for Prometheus."""
    WAITING.set(request.app.state.batcher.waiting)
    return Response(exposition(), media_type="text/plain; version=0.0.4")


def _classifier(request: Request) -> Classifier:
    found: Classifier = request.app.state.live.classifier
    return found


def _card(request: Request) -> str:
    path = _classifier(request).bundle.folder / "README.md"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _not_ready(error: NotReadyError) -> Response:
    refusal = Refusal.of(error)
    return JSONResponse(refusal.body, refusal.status)


pages = Starlette(
    routes=[
        Route("/", page),
        Route("/page/{name}", page_file),
        Route("/v1/model", model),
        Route("/card", card),
        Route("/docs", documentation),
        Route("/docs.json", openapi),
        Route("/metrics", metrics),
    ]
)
