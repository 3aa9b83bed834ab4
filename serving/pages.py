"""What the service shows on GET: the page at `/` and the model's card."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from serving.openapi import document

PAGE = Path(__file__).parent / "page" / "index.html"
# The page runs its own inline script and style and talks to this service alone.
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"


async def page(_: Request) -> Response:
    """The page where one pastes an article."""
    return FileResponse(PAGE, headers={"content-security-policy": POLICY, "x-content-type-options": "nosniff"})


async def model(request: Request) -> Response:
    """The manifest and the card of the model that answers."""
    bundle = request.app.state.classifier.bundle
    card = bundle.folder / "README.md"
    text = card.read_text(encoding="utf-8") if card.exists() else ""
    return JSONResponse({**bundle.manifest.model_dump(exclude={"files"}), "card": text})


async def openapi(_: Request) -> Response:
    """The OpenAPI document."""
    return JSONResponse(document())


pages = Starlette(routes=[Route("/", page), Route("/v1/model", model), Route("/docs.json", openapi)])
