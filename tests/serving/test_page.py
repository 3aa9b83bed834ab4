"""The page in a real browser: what it shows, by mouse and keyboard, in both languages, to a screen reader, on a phone.

`SIKAP_SCREENSHOTS=folder` keeps pictures of it.
"""

import csv
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = os.environ.get("SIKAP_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed (Debian: apt-get install chromium)"),
]
TEXT = "Warga 😀 mengecam penutupan itu.\r\nDinas membantah tuduhan tersebut.\r\nBaca juga: Jadwal Kereta\r\nRapat digelar Senin."
KEY = "kunci-redaksi-0123456789"
StartServer = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


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


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("SIKAP_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_an_article_is_shown_with_stances_evidence_and_holders(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.get_by_label("Contoh").select_option(label="Lapak di tepi kanal")
    expect(page.locator("#result")).to_be_visible()
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
    page.get_by_label("Contoh").select_option("0")
    expect(page.locator("#article article")).to_have_count(7)
    page.get_by_role("button", name="bantahan").click()
    expect(page.locator("#article article")).to_have_count(1)
    expect(page.get_by_role("button", name="bantahan")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="bantahan")).to_be_focused()
    expect(page.locator("#status")).to_contain_text("1 dari 7 paragraf")
    page.get_by_role("button", name="Tampilkan semua").click()
    expect(page.locator("#article article")).to_have_count(7)
    page.locator(".stands button").first.click()
    expect(page.locator("#article article")).not_to_have_count(7)


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


def test_busy_and_cancelled_are_shown(open_page: Callable[..., Page]) -> None:
    page = open_page()
    held = []
    page.route("**/v1/classify", lambda route: held.append(route))  # never answered
    page.locator("#text").fill(TEXT)
    page.locator("#go").click()
    expect(page.locator("#status")).to_have_text("Membaca artikel…")
    expect(page.locator("#go")).to_be_disabled()
    expect(page.locator("#form")).to_have_attribute("aria-busy", "true")
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
    page.get_by_label("Contoh").select_option("0")
    expect(page.locator("#article article")).to_have_count(7)
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"{scheme}-{width}")


@pytest.mark.parametrize("path", ["/docs", "/card"])
def test_documents_can_be_read_by_everyone(open_page: Callable[..., Page], address: str, path: str) -> None:
    page = open_page(viewport={"width": 360, "height": 800})
    page.goto(address + path)
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    picture(page, path.strip("/"))
