"""The page in a real browser: what it shows, by mouse and keyboard, in both languages, to a screen reader, on a phone."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.serving.browsing import IN_CHROMIUM, accessible, picture

pytestmark = IN_CHROMIUM
TEXT = "Warga 😀 mengecam penutupan itu.\r\nDinas membantah tuduhan tersebut.\r\nBaca juga: Jadwal Kereta\r\nRapat digelar Senin."
STANCES = ["legal-justification", "condemnation", "denial", "neutral-report"]
HOLDERS = [
    {"name": "Warga", "stances": {"condemnation": [0]}},
    {"name": "Dinas", "stances": {"condemnation": [0], "denial": [1]}},
]
KEY = "kunci-redaksi-0123456789"
StartServer = Callable[..., Any]


@pytest.fixture(scope="module")
def address(start_server: StartServer) -> str:
    return f"http://127.0.0.1:{start_server().port}"


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open the page anew; it must ask nobody else for anything, and put no error on the console."""
    opened = []

    def open_one(at: str = address, **options: Any) -> Page:
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"], **options)
        page = context.new_page()
        asked: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
        page.goto(at)
        opened.append((context, at, asked, errors))
        return page

    yield open_one
    for context, at, asked, errors in opened:
        assert all(url.startswith((at, "data:", "blob:")) for url in asked), asked
        assert errors == []
        context.close()


def classify(page: Page, text: str = TEXT) -> None:
    page.get_by_label(re.compile("Teks artikel|Article text")).fill(text)
    page.locator("#go").click()
    expect(page.locator("#result")).to_be_visible()


def example(page: Page) -> None:
    page.get_by_role("button", name="Lapak di tepi kanal").click()
    expect(page.locator("#article article")).to_have_count(7)


def answer_with(page: Page, paragraphs: list[dict[str, Any]], holders: list[dict[str, Any]]) -> None:
    """Have the service answer this, whatever its model makes of a text."""
    shares = dict.fromkeys(STANCES, 0.0)
    scored = [paragraph["stance"] for paragraph in paragraphs if paragraph["stance"]]
    for stance in scored:
        shares[stance] += 1 / len(scored)
    model = {"name": "tiruan", "version": "1", "encoder": "compact"}
    body = {"model": model, "paragraphs": paragraphs, "profile": {"paragraphs": shares, "holders": holders}}
    page.route("**/v1/classify", lambda route: route.fulfill(json=body))


def verdicts() -> list[dict[str, Any]]:
    """Of TEXT: a condemnation that is uncertain, a denial, furniture, and a neutral report that is uncertain."""
    lines, start, found = TEXT.split("\r\n"), 0, []
    for index, (line, stance) in enumerate(zip(lines, ("condemnation", "denial", None, "neutral-report"), strict=True)):
        spans = []
        if holder := {0: "Warga 😀", 1: "Dinas"}.get(index):
            quote = {"start": start + len(holder) + 1, "end": start + len(line) - 1, "text": line[len(holder) + 1 : -1]}
            held = {"start": start, "end": start + len(holder), "text": holder}
            spans = [{**quote, "stance": stance, "confidence": 0.8, "holder": held}]
        found.append({
            "index": index, "start": start, "end": start + len(line), "kind": "body" if stance else "furniture",
            "stance": stance, "confidence": 0.6 if stance else None, "uncertain": index in (0, 3),
            "scores": dict.fromkeys(STANCES, 0.25) if stance else None, "spans": spans,
        })  # fmt: skip
        start += len(line) + 1  # a text field has \n alone
    return found


def test_an_article_is_shown_with_stances_evidence_and_holders(open_page: Callable[..., Page]) -> None:
    page = open_page()
    example(page)
    expect(page.locator("#status")).to_contain_text("7 paragraf dibaca oleh sikap")
    articles = page.locator("#article article")
    expect(articles).to_have_count(7)
    condemned = articles.nth(2)
    expect(condemned.locator(".head")).to_contain_text("kecaman")
    expect(condemned.locator(".head")).to_contain_text("%")
    expect(condemned.locator("mark").first).to_be_visible()
    expect(condemned.locator(".evidence")).to_contain_text("pemegang sikap")
    expect(articles.nth(5)).to_have_class("furniture")
    expect(articles.nth(5)).to_contain_text("bukan isi artikel")
    expect(page.get_by_role("img")).to_have_attribute("aria-label", re.compile(r"kecaman \d+ %, bantahan"))
    expect(page.locator(".stands")).to_contain_text("Siapa mengecam")
    picture(page, "light")


def test_quotes_are_cut_by_code_points(open_page: Callable[..., Page]) -> None:
    page = open_page()
    classify(page)
    shown = page.locator("#article .words").all_text_contents()
    assert shown == TEXT.split("\r\n")


def test_paragraphs_are_filtered_by_stance_and_holder(open_page: Callable[..., Page]) -> None:
    page = open_page()
    answer_with(page, verdicts(), HOLDERS)
    classify(page)
    lines, words, status = TEXT.split("\r\n"), page.locator("#article .words"), page.locator("#status")
    expect(words).to_have_text(lines)
    everything = page.get_by_role("button", name="Tampilkan semua")
    expect(everything).to_be_hidden()

    def pressed(name: str, shown: list[str], nth: int = 0) -> None:
        button = page.get_by_role("button", name=name).nth(nth)
        button.press("Enter")
        expect(words).to_have_text(shown)
        expect(status).to_have_text(f"{len(shown)} dari 4 paragraf ditampilkan.")
        expect(button).to_have_attribute("aria-pressed", "true" if len(shown) < 4 else "false")
        expect(button).to_be_focused()

    pressed("bantahan 33 %", [lines[1]])
    pressed("Warga", [lines[0]])
    pressed("Dinas", lines[:2], nth=1)  # among those who deny; Dinas condemns too
    pressed("Dinas", lines, nth=1)
    pressed("pembenaran hukum 0 %", [])
    everything.press("Enter")
    expect(words).to_have_text(lines)
    expect(page.get_by_role("button", name="pembenaran hukum 0 %")).to_be_focused()
    pressed("Dinas", lines[:2])
    everything.press("Enter")
    expect(page.get_by_role("button", name="Dinas").first).to_be_focused()


def test_uncertain_paragraphs_are_marked_and_no_others(open_page: Callable[..., Page]) -> None:
    page = open_page()
    answer_with(page, verdicts(), HOLDERS)
    classify(page)
    articles = page.locator("#article article")
    expect(articles.locator(".doubt")).to_have_text(["? kurang yakin"] * 2)
    for index, style in enumerate(("dashed", "solid", "solid", "dashed")):
        expect(articles.nth(index)).to_have_css("border-left-style", style)
        expect(articles.nth(index).locator(".doubt")).to_have_count(1 if style == "dashed" else 0)


def test_a_quote_is_copied(open_page: Callable[..., Page]) -> None:
    page = open_page()
    classify(page)
    page.locator("#article article").nth(1).get_by_role("button", name="Salin kutipan").click()
    expect(page.locator("#status")).to_have_text("Kutipan disalin.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("“Dinas membantah tuduhan tersebut.” (")
    assert "bantahan" in copied


def test_the_answer_is_downloaded(open_page: Callable[..., Page]) -> None:
    page = open_page()
    classify(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Unduh JSON").click()
    answer = json.loads(waiting.value.path().read_text(encoding="utf-8"))
    assert answer["paragraphs"][1]["stance"] == "denial"
    assert answer["text"].replace("\n", "\r\n") == TEXT
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Unduh CSV").click()
    rows = list(csv.DictReader(waiting.value.path().read_text(encoding="utf-8-sig").splitlines()))
    assert [row["text"] for row in rows] == TEXT.split("\r\n")
    assert rows[2]["stance"] == ""
    assert json.loads(rows[1]["scores"])["denial"] == float(rows[1]["confidence"])


def test_files_are_taken_by_choosing_and_dropping(open_page: Callable[..., Page], tmp_path: Path) -> None:
    page = open_page()
    html = "<nav>Menu</nav><h1>Judul Berita</h1><p>Warga <b>mengecam</b> itu.</p><script>alert(1)</script>"
    (tmp_path / "berita.html").write_text(html)
    page.locator("#file").set_input_files(tmp_path / "berita.html")
    expect(page.locator("#text")).to_have_value("Judul Berita\nWarga mengecam itu.")
    drop = """([name, text]) => {
        const dropped = new DataTransfer();
        dropped.items.add(new File([text], name));
        document.getElementById("drop").dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true }));
    }"""
    page.evaluate(drop, ["artikel.md", "Dinas membantah."])
    expect(page.locator("#text")).to_have_value("Dinas membantah.")
    page.evaluate(drop, ["gambar.png", "x"])
    expect(page.locator("#status")).to_contain_text("gambar.png: hanya berkas")


def test_markup_in_a_text_is_shown_as_text(open_page: Callable[..., Page]) -> None:
    page = open_page()
    classify(page, "Warga mengecam <img src=x onerror=alert(1)> penutupan.")
    assert page.locator("#article img").count() == 0
    expect(page.locator("#article .words")).to_contain_text("<img src=x onerror=alert(1)>")


def test_it_speaks_english_and_remembers(open_page: Callable[..., Page]) -> None:
    page = open_page()
    classify(page)
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".stands")).to_contain_text("Who denies")
    expect(page.locator("#article .head").nth(1)).to_contain_text("denial")
    accessible(page)
    picture(page, "english")
    page.reload()
    expect(page.locator("#go")).to_have_text("Label")


def test_the_card_of_the_model_is_shown(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.get_by_role("link", name="Kartu model").click()
    expect(page.get_by_role("dialog")).to_contain_text("Limits")
    accessible(page)
    picture(page, "card")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_it_works_by_keyboard_alone(open_page: Callable[..., Page]) -> None:
    page = open_page()
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "text":
            break
    page.keyboard.insert_text("Dinas membantah tuduhan tersebut.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#result")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.legend') !== null")
    page.keyboard.press("Enter")
    expect(page.locator(".legend button").first).to_have_attribute("aria-pressed", "true")


def test_nothing_happens_before_an_example_is_pressed(open_page: Callable[..., Page]) -> None:
    page = open_page()
    examples = page.get_by_role("group", name="Contoh").get_by_role("button")
    expect(examples).to_have_count(3)
    examples.first.focus()
    for key in ("ArrowDown", "ArrowRight", "Tab", "Tab"):
        page.keyboard.press(key)
    expect(examples.last).to_be_focused()
    expect(page.locator("#text")).to_have_value("")
    page.keyboard.press("Enter")
    expect(page.locator("#result")).to_be_focused()
    expect(page.locator("#text")).to_have_value(re.compile("^Rusia menyatakan"))


def test_the_focus_stays_where_asking_ends(open_page: Callable[..., Page]) -> None:
    page = open_page()
    go, held = page.locator("#go"), []
    page.route("**/v1/classify", lambda route: held.append(route))
    page.locator("#text").fill(TEXT)
    go.press("Enter")
    expect(page.locator("#form")).to_have_attribute("aria-busy", "true")
    expect(go).to_be_focused()
    go.press("Enter")  # one article at a time
    expect(go).to_be_disabled()
    page.get_by_role("button", name="Batalkan").press("Enter")
    expect(page.locator("#status")).to_have_text("Dibatalkan.")
    expect(go).to_be_focused()
    assert len(held) == 1
    page.unroute("**/v1/classify")
    page.route("**/v1/classify", lambda route: route.abort())
    go.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("tidak terjangkau")
    expect(go).to_be_focused()
    page.unroute("**/v1/classify")
    go.press("Enter")
    expect(page.locator("#result")).to_be_focused()


def test_busy_and_cancelled_are_shown(open_page: Callable[..., Page]) -> None:
    page = open_page()
    held = []
    page.route("**/v1/classify", lambda route: held.append(route))  # never answered
    page.locator("#text").fill(TEXT)
    page.locator("#go").click()
    expect(page.locator("#status")).to_have_text("Membaca artikel…")
    expect(page.locator("#go")).to_be_disabled()
    expect(page.locator("#form")).to_have_attribute("aria-busy", "true")
    accessible(page)
    picture(page, "busy")
    page.get_by_role("button", name="Batalkan").click()
    expect(page.locator("#status")).to_have_text("Dibatalkan.")
    expect(page.locator("#go")).to_be_enabled()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("busy", "sedang sibuk"),
        ("not_ready", "belum siap"),
        ("deadline", "tidak siap pada waktunya"),
        ("baru", "gagal menjawab"),
    ],
)
def test_errors_are_told_in_words(open_page: Callable[..., Page], code: str, told: str) -> None:
    page = open_page()
    body = json.dumps({"error": {"code": code, "message": "the reason"}})
    page.route("**/v1/classify", lambda route: route.fulfill(status=503, body=body, content_type="application/json"))
    page.locator("#text").fill(TEXT)
    page.locator("#go").click()
    expect(page.get_by_role("alert")).to_contain_text(told)
    expect(page.get_by_role("alert")).to_contain_text("the reason")
    accessible(page)
    picture(page, f"error-{code}")


def test_a_service_that_is_gone_and_an_empty_text_are_told(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.locator("#go").click()
    expect(page.get_by_role("alert")).to_contain_text("Belum ada teks")
    page.route("**/v1/classify", lambda route: route.abort())
    page.locator("#text").fill(TEXT)
    page.locator("#go").click()
    expect(page.get_by_role("alert")).to_contain_text("tidak terjangkau")
    accessible(page)
    picture(page, "unreachable")


def test_a_locked_service_asks_for_a_key(open_page: Callable[..., Page], start_server: StartServer) -> None:
    page = open_page(f"http://127.0.0.1:{start_server(SIKAP_KEYS=f'redaksi:{KEY}').port}")
    expect(page.locator("#key")).to_be_hidden()
    page.locator("#text").fill(TEXT)
    page.locator("#go").click()
    expect(page.get_by_role("alert")).to_contain_text("memerlukan kunci API")
    expect(page.locator("#key")).to_be_focused()
    accessible(page)
    page.locator("#key").fill(KEY)
    page.locator("#go").click()
    expect(page.locator("#result")).to_be_visible()
    page.get_by_role("link", name="Kartu model").click()
    expect(page.get_by_role("dialog")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_everyone_can_read_it(open_page: Callable[..., Page], scheme: str, width: int) -> None:
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    accessible(page)
    example(page)
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"{scheme}-{width}")
    page.get_by_role("button", name="kecaman").click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("#all")).to_have_text("Show all paragraphs")
    accessible(page)
    picture(page, f"{scheme}-{width}-filtered")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/docs", "/card"])
def test_documents_can_be_read_by_everyone(
    open_page: Callable[..., Page], address: str, path: str, scheme: str
) -> None:
    page = open_page(color_scheme=scheme, viewport={"width": 360, "height": 800})
    page.goto(address + path)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 27)"
    assert dark == (scheme == "dark")
    page.evaluate("document.querySelectorAll('details').forEach((node) => { node.open = true; })")
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    picture(page, f"{path.strip('/')}-{scheme}")
