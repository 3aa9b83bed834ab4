"""What kind of thing a paragraph is: body text, a heading, or web furniture that carries no stance."""

import re
from typing import Final

from labels.article import Kind

# Furniture begins with one of these and is short: a long paragraph that begins alike is a sentence of the article.
LONGEST_FURNITURE: Final = 220
LONGEST_HEADING: Final = 14  # words

_LINKS = r"""
    (?:baca|simak|lihat|tonton|saksikan|dengarkan)(?:\s*:|\s+(?:juga|selengkapnya|pula)\b\s*:?|\s+(?:artikel|berita|video|foto)\b(?:\s*:|(?!.*\.\W*$)))\s*.{0,180}$
  | (?:artikel|berita|informasi)\s+selengkapnya\b .{0,80}$
  | (?:artikel|berita|informasi)\s+(?:terkait|lainnya|pilihan|populer|rekomendasi)(?:\s+(?:lainnya|lain|di\s+sini|klik\b.{0,40}))?(?:\s*:.{0,80})?\s*$
  | halaman\s+(?:selanjutnya|berikutnya|selengkapnya|\d+)(?:\s*(?:dari|/|:)\s*.{0,40})?\s*$
  | (?:berita|artikel|topik|tag)\s+(?:terkait|terpopuler)\s*:?\s*$
  | pilihan\s+editor\s*: .*$ | tags?\s*: .*$ | topik\s*: .*$
"""
_CREDIT = r"(?:penulis|editor|reporter|pewarta|penyunting|uploader|redaktur|fotografer|sumber\s+foto|sumber\s+berita|laporan\s+wartawan)\s*:"
# Each credit ends where the next begins, and is never read twice: a plain `(…\S.{0,100})+$` takes exponential time.
_CREDITS = rf"""
    (?>{_CREDIT}\s*\S(?:(?!{_CREDIT}).){{0,100}})+$
  | (?:oleh|by)\s*:\s*\S.{{0,60}}$
  | \([a-z]{{2,8}}(?:/[a-z]{{2,8}}){{1,3}}\)\s*$
  | \[?(?:gambas|img|video|image|foto|photo)(?::|\.\d)[^\]]*\]?\s*$
  | (?:\w+,\s+)?(?:senin|selasa|rabu|kamis|jumat|jum'at|sabtu|minggu),?\s+\d{{1,2}}[\s/]\S+[\s/]\d{{4}}[,\s|-]*\d{{1,2}}[:.]\d{{2}}(?:\s*(?:wib|wita|wit))?\s*$
  | \d+\s+(?:menit|jam|hari)\s+(?:yang\s+)?lalu\s*$
"""
_ADVERTS = r"""
    advertisement | scroll\s+to\s+(?:continue|resume).* | lanjutkan\s+membaca.* | iklan | sponsored | promoted
  | adv(?:ertorial)?\s*$
"""
_SHARING = r"""
    (?:bagikan|share|salin\s+(?:tautan|link)|copy\s+link|kirim\s+ke\s+teman)(?:\s+(?:ini|artikel|berita|halaman|tautan|ke|di|via|lewat|melalui|on|to|this)\b.{0,80}|\s*:.{0,80})?\s*$
  | (?:facebook|twitter|whatsapp|telegram|instagram|x|line|pinterest|linkedin|email|threads|youtube|tiktok)
    (?:[\s,|/•·-]+(?:facebook|twitter|whatsapp|telegram|instagram|x|line|pinterest|linkedin|email|threads|youtube|tiktok))+\s*$
  | (?:ikuti|follow|gabung|bergabung|dapatkan)\b.{0,120}\b(?:whatsapp|telegram|google\s+news|instagram|channel|kanal|newsletter|twitter|tiktok)\b.{0,60}$
  | (?:download|unduh)\s+(?:aplikasi|apps?)\b.{0,80}$
"""
_COMMENTS = r"""
    (?:\d+\s+)?komentar\s*(?:\(\d+\))?\s*$ | (?:tulis|kirim|beri|tambahkan)\s+komentar.{0,80}$
  | (?:login|masuk|daftar)\s+(?:untuk|dulu)\s+.{0,40}komentar.{0,40}$ | jadilah\s+yang\s+pertama\s+(?:ber)?komentar.{0,40}$
  | komentar\s+(?:sepenuhnya\s+)?(?:menjadi\s+)?tanggung\s*jawab\s+.{0,80}$
"""
_RIGHTS = r"""
    (?:copyright\s*(?=©|\(c\)|\d|by\b|all\b)|©|\(c\)\s*(?=\d|by\b|all\b|copyright))\s*.{0,160}$ | hak\s+cipta(?:\s*(?:©|\(c\)|:|\d{4}|dilindungi|pada).{0,160})?\s*$ | .{0,60}all\s+rights\s+reserved\.?\s*$
  | dilarang\s+(?:keras\s+)?(?:mengambil|menyalin|mengutip|memperbanyak|melakukan\s+crawling)\b.{0,160}\b(?:izin|seizin|ijin|persetujuan|redaksi|crawling|konten)\b.{0,80}$
"""
_FURNITURE = re.compile(
    rf"^\W{{0,3}}(?:{'|'.join((_LINKS, _CREDITS, _ADVERTS, _SHARING, _COMMENTS, _RIGHTS))})\W*$",
    re.IGNORECASE | re.VERBOSE,
)
_ENDS_A_SENTENCE = re.compile(r"[.!:;,…][\"'”’)\]]*$|[\"'”’]$")


def kind_of(text: str) -> Kind:
    """Tell body text from headings and web furniture by the shape of one paragraph."""
    if is_furniture(text):
        return "furniture"
    return "heading" if is_heading(text) else "body"


def is_furniture(text: str) -> bool:
    """Whether a paragraph is a byline, a link to other articles, an advert, a share or comment form, or a notice of rights."""
    return len(text) <= LONGEST_FURNITURE and (_FURNITURE.match(text) is not None or not any(map(str.isalnum, text)))


def is_heading(text: str) -> bool:
    """Whether a paragraph is a headline: few words, no closing punctuation, and capitals as in a title or a single phrase."""
    words = text.split()
    if not words or len(words) > LONGEST_HEADING or _ENDS_A_SENTENCE.search(text) or text[0] in "\"“'‘-–•*":
        return False
    capitals = sum(word[0].isupper() or word[0].isdigit() for word in words)
    return capitals >= 0.5 * len(words) or len(words) <= 8
