r"""Inline markup: articles written with their spans in place, so that nobody counts offsets by hand.

Articles stand between lines `===`. Each has header lines (`id: …`), a blank line, then one paragraph a line:

    {@1|Iran} {D:1|membantah tudingan itu}, sementara {@2|Inggris} {C:2|mengecam serangan tersebut}.

`{D:1|…}` is a span of denial (L legal-justification, C condemnation) held by `{@1|…}` of the same paragraph; without
a number it has no holder. A backslash makes the next character plain: `\{`, `\}`, `\\`.
"""

import re
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from labels.article import Article, Offsets, Span
from labels.stance import Stance
from sikap.errors import InputError

CODES = {"L": Stance.LEGAL_JUSTIFICATION, "C": Stance.CONDEMNATION, "D": Stance.DENIAL}
LETTERS = {stance: code for code, stance in CODES.items()}
HEADERS = ("id", "topic", "style", "title", "date", "split", "annotator")
SEPARATOR = "==="
_OPEN = re.compile(r"\{(?:@(?P<holder>\d+)|(?P<code>[LCD])(?::(?P<number>\d+))?)\|")


@dataclass
class _Marks:
    """What has been read of one paragraph so far."""

    text: str = ""
    spans: list[tuple[int, int, Stance, str | None]] = field(default_factory=list)
    holders: dict[str, Offsets] = field(default_factory=dict)

    def close(self, start: int, tag: re.Match[str]) -> None:
        if tag["holder"]:
            if tag["holder"] in self.holders:
                raise InputError(f"holder {tag['holder']} is marked twice; give the second one a number of its own")
            self.holders[tag["holder"]] = (start, len(self.text))
        else:
            self.spans.append((start, len(self.text), CODES[tag["code"]], tag["number"]))

    def resolved(self) -> tuple[Span, ...]:
        missing = sorted({number for *_, number in self.spans if number and number not in self.holders})
        if missing:
            raise InputError(f"span names holder {missing[0]}, expected {{@{missing[0]}|…}} in the same paragraph")
        return tuple(
            sorted(Span(start, end, stance, self.holders[n] if n else None) for start, end, stance, n in self.spans)
        )


def parse_paragraph(source: str) -> tuple[str, tuple[Span, ...]]:
    """Plain text and spans of one marked-up paragraph. Raises InputError where tags do not match."""
    marks, position, opened = _Marks(), 0, list[tuple[int, re.Match[str]]]()
    while position < len(source):
        character = source[position]
        if tag := _OPEN.match(source, position):
            opened.append((len(marks.text), tag))
            position = tag.end()
        elif character == "{":
            raise InputError(
                f"column {position + 1}: found {source[position : position + 8]!r}, expected {{L|, {{C:1|, {{@1| or \\{{"
            )
        elif character == "}":
            if not opened:
                raise InputError(f"column {position + 1}: found '}}' with nothing open before it")
            marks.close(*opened.pop())
            position += 1
        else:
            position += character == "\\"
            marks.text += source[position : position + 1]
            position += 1
    if opened:
        raise InputError(f"{opened[-1][1][0]!r} is never closed; end it with '}}'")
    return marks.text, marks.resolved()


def parse_articles(source: str, name: str) -> list[Article]:
    """All articles of a markup file. Raises one InputError that lists every problem as `name:line: …`."""
    articles: list[Article] = []
    problems: list[str] = []
    block: list[tuple[int, str]] = []
    for number, line in [*enumerate(source.split("\n"), 1), (0, SEPARATOR)]:
        if line.strip() != SEPARATOR:
            block.append((number, line.rstrip("\r")))
            continue
        if any(text.strip() for _, text in block):
            article, found = _parse_block(block, name)
            problems += found
            articles += [article] if article else []
        block = []
    if problems:
        raise InputError("\n".join(problems))
    return articles


def _parse_block(block: list[tuple[int, str]], name: str) -> tuple[Article | None, list[str]]:
    headers: dict[str, str] = {}
    problems: list[str] = []
    first = next(number for number, text in block if text.strip())
    text, spans = "", list[Span]()
    in_headers = True
    for number, line in block:
        if not line.strip():
            in_headers = in_headers and not headers  # the blank line after them ends the headers
            continue
        key, colon, value = line.partition(":")
        if in_headers and colon and key in HEADERS and key not in headers:
            headers[key] = value.strip()
            continue
        if in_headers and headers:
            problems.append(
                f"{name}:{number}: found {line[:40]!r} among the headers, expected one of {', '.join(HEADERS)}, each once, "
                "or a blank line before the text"
            )
            continue
        in_headers = False
        try:
            plain, marked = parse_paragraph(line.strip())
        except InputError as error:
            problems.append(f"{name}:{number}: {error}")
            continue
        text += "\n" if text else ""
        spans += [span.moved(len(text)) for span in marked]
        text += plain
    missing = [key for key in ("id", "topic", "style", "annotator") if not headers.get(key)]
    problems += [f"{name}:{first}: header `{key}:` is missing" for key in missing]
    if not text:
        problems.append(f"{name}:{first}: the article has no paragraph")
    if problems:
        return None, problems
    split = headers.get("split") or "train"
    if split not in ("train", "validation"):
        return None, [f"{name}:{first}: split is {split!r}, expected train or validation"]
    return (
        Article(
            headers["id"],
            headers["topic"],
            headers["style"],
            text,
            headers["annotator"],
            tuple(spans),
            "validation" if split == "validation" else "train",
            headers.get("title") or None,
            headers.get("date") or None,
        ),
        [],
    )


def read_markup(path: Path) -> list[Article]:
    """The articles of a markup file on disk (UTF-8, with or without a byte order mark)."""
    try:
        return parse_articles(path.read_text(encoding="utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error


def render_paragraph(text: str, spans: tuple[Span, ...]) -> str:
    """The markup of one paragraph; `parse_paragraph` of the result gives `text` and `spans` back.

    Raises InputError where marks cross, which braces cannot show.
    """
    numbers = {holder: str(n) for n, holder in enumerate(sorted({s.holder for s in spans if s.holder}), 1)}
    # A tag is (start, -end): where two begin together, the longer one opens first and so encloses the other.
    tags = [(s.start, -s.end, f"{{{LETTERS[s.stance]}{':' + numbers[s.holder] if s.holder else ''}|") for s in spans]
    tags += [(start, -end, f"{{@{number}|") for (start, end), number in numbers.items()]
    for (start, end, _), (other_start, other_end, _) in combinations(sorted(tags), 2):
        if start < other_start < -end < -other_end:
            quotes = f"{text[start:-end]!r} and {text[other_start:-other_end]!r}"
            raise InputError(
                f"{quotes} cross; the inline markup holds marks inside marks only, so choose another format"
            )
    opening: dict[int, str] = {}
    closing: dict[int, str] = {}
    for start, end, tag in sorted(tags):
        opening[start] = opening.get(start, "") + tag
        closing[-end] = closing.get(-end, "") + "}"
    escaped = {"{": r"\{", "}": r"\}", "\\": r"\\"}
    pieces = [closing.get(i, "") + opening.get(i, "") + escaped.get(c, c) for i, c in enumerate(text)]
    return "".join(pieces) + closing.get(len(text), "")


def render_articles(articles: list[Article]) -> str:
    """The markup of articles; `parse_articles` of the result gives them back."""
    return f"\n{SEPARATOR}\n".join(_render_article(article) for article in articles) + "\n"


def _render_article(article: Article) -> str:
    headers = [f"{key}: {getattr(article, key)}" for key in HEADERS if getattr(article, key) is not None]
    body = [render_paragraph(piece.text, piece.spans) for piece in article.paragraphs()]
    body = [f"\\{line}" if line == SEPARATOR else line for line in body]
    return "\n".join([*headers, "", *body])
