"""Documents as HTML: the OpenAPI document and the model card, with no script and nothing from elsewhere."""

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

_FRAME = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page/page.css">
</head>
<body>
<main class="document">
{body}
</main>
</body>
</html>
"""


def card_page(markdown: str) -> str:
    """A model card as a page. HTML in it is shown as text, and an image by what it shows."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.add_render_rule("image", _caption)
    return _FRAME.format(language="en", title="Sikap: model card", body=_tables_that_scroll(reader.render(markdown)))


def _caption(_: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any) -> str:
    return f"<em>({escape(tokens[index].content)}: a plot in the bundle)</em>"


def _tables_that_scroll(html: str) -> str:
    """Wide tables scroll by themselves, by the keyboard too."""
    return html.replace("<table>", '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>').replace(
        "</table>", "</table></div>"
    )


def documentation_page(document: dict[str, Any]) -> str:
    """The OpenAPI document as a page."""
    info = document["info"]
    parts = [f"<h1>{escape(info['title'])} HTTP, version {escape(info['version'])}</h1>"]
    parts += [f"<p>{escape(paragraph)}</p>" for paragraph in info["description"].split("\n\n")]
    parts.append('<p>The same for programs: <a href="/docs.json">/docs.json</a> (OpenAPI 3.1).</p>')
    errors = document["components"]["responses"]
    for path, methods in document["paths"].items():
        parts += [_operation(path, method, operation, errors) for method, operation in methods.items()]
    parts.append("<h2>Errors</h2>")
    for code, response in errors.items():
        parts += _examples(f"Error {code}", response["content"])
    parts.append("<h2>Schemas</h2>")
    parts += [_schema(name, schema) for name, schema in document["components"]["schemas"].items()]
    return _FRAME.format(language="en", title="Sikap: HTTP", body="\n".join(parts))


def _operation(path: str, method: str, operation: dict[str, Any], errors: dict[str, Any]) -> str:
    parts = [f"<h2>{method.upper()} {escape(path)}</h2>", f"<p>{escape(operation['summary'])}.</p>"]
    if "security" in operation and not operation["security"]:
        parts.append("<p>Needs no key.</p>")
    if body := operation.get("requestBody"):
        parts += _examples("Request", body["content"])
    parts.append('<div class="scroll" tabindex="0" role="group" aria-label="Answers"><table>')
    parts.append("<thead><tr><th>status</th><th>code</th><th>meaning</th></tr></thead><tbody>")
    for status, response in operation["responses"].items():
        code = response.get("$ref", "").rpartition("/")[2]
        meaning = (errors[code] if code else response)["description"]
        parts.append(f"<tr><td>{status}</td><td><code>{code}</code></td><td>{escape(meaning)}</td></tr>")
    parts.append("</tbody></table></div>")
    parts += _examples("Answer 200", operation["responses"]["200"]["content"])
    return "\n".join(parts)


def _examples(title: str, content: dict[str, Any]) -> list[str]:
    shown = []
    for media, described in content.items():
        for name, example in described.get("examples", {}).items():
            value = example["value"]
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
            head = f"{title}: {example.get('summary', name)} ({media})"
            shown.append(f"<details><summary>{escape(head)}</summary><pre tabindex='0'>{escape(text)}</pre></details>")
    return shown


def _schema(name: str, schema: dict[str, Any]) -> str:
    text = json.dumps(schema, ensure_ascii=False, indent=1)
    return f"<details><summary>{escape(name)}</summary><pre tabindex='0'>{escape(text)}</pre></details>"
