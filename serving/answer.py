"""What Sikap answers: verdicts on paragraphs and an article's framing profile; the same in Python, HTTP and files."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, StringConstraints, model_serializer

from labels.article import Kind
from labels.stance import Stance

MAX_TEXT = 200_000  # characters an article
MAX_PARAGRAPHS = 2_000  # an article
MAX_ARTICLES = 64  # a batch
MAX_BATCH_PARAGRAPHS = 6_000  # a batch, so that one alone is done well within the deadline

# What the classifier demands of a text, told in the schema; it refuses with words of its own.
Text = Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": MAX_TEXT, "pattern": r"\S"})]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class ArticleIn(BaseModel):
    """An article to classify. Offsets in the answer count code points of `text`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: Text
    title: str | None = None
    min_confidence: Annotated[float, Field(ge=0, le=1)] | None = None


class BatchArticle(BaseModel):
    """One article of a batch, with an id to find its answer by."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    text: str  # one that is empty or too long is answered by an error in its place
    title: str | None = None


class BatchIn(BaseModel):
    """Several articles to classify in one request."""

    model_config = ConfigDict(extra="forbid", strict=True)

    articles: Annotated[list[BatchArticle], Field(min_length=1, json_schema_extra={"maxItems": MAX_ARTICLES})]
    min_confidence: Annotated[float, Field(ge=0, le=1)] | None = None


class Quote(_Frozen):
    """A stretch of the text: `text` is exactly what stands between `start` and `end`."""

    start: int
    end: int
    text: str


class EvidenceSpan(Quote):
    """Words that carry a stance, how sure the model is of them, and who holds it."""

    stance: Stance
    confidence: float
    holder: Quote | None


class Verdict(_Frozen):
    """What is said of one paragraph. Furniture (bylines, links, adverts) has no stance, no scores and no spans."""

    index: int
    start: int
    end: int
    kind: Kind
    stance: Stance | None
    confidence: float | None
    uncertain: bool
    scores: dict[Stance, float] | None
    spans: list[EvidenceSpan]


class HolderStances(_Frozen):
    """Someone who holds stances in the article, and the indices of the paragraphs where they do."""

    name: str
    stances: dict[Stance, list[int]]


class Profile(_Frozen):
    """An article in sum: the share of each stance over scored paragraphs, and who holds which."""

    paragraphs: dict[Stance, float]
    holders: list[HolderStances]


class ModelName(_Frozen):
    """Which model answered."""

    name: str
    version: str
    encoder: str


class Classified(_Frozen):
    """Paragraphs and profile of one article."""

    paragraphs: list[Verdict]
    profile: Profile

    def by(self, model: ModelName) -> "Answer":
        """The answer to one article: this, and which model gave it."""
        return Answer(model=model, paragraphs=self.paragraphs, profile=self.profile)


class Answer(_Frozen):
    """The answer to one article."""

    model: ModelName
    paragraphs: list[Verdict]
    profile: Profile


class _Sparse(BaseModel):
    """A model whose fields without a value are left out of its JSON."""

    @model_serializer(mode="wrap")
    def _without_nothing(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if value is not None}


class ErrorBody(_Sparse):
    """What went wrong: a code for programs, a message for people, and the field at fault where there is one."""

    code: str
    message: str
    field: str | None = None


class BatchResult(_Sparse):
    """One article of a batch: its paragraphs and profile, or its error."""

    id: str
    paragraphs: list[Verdict] | None = None
    profile: Profile | None = None
    error: ErrorBody | None = None


class BatchAnswer(BaseModel):
    """The answers to a batch, in the order of the request."""

    model: ModelName
    articles: list[BatchResult]


def error_body(code: str, message: str, field: str | None = None) -> dict[str, Any]:
    """The one shape of every error over HTTP."""
    return {"error": ErrorBody(code=code, message=message, field=field).model_dump()}
