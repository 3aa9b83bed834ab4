"""Kinds of paragraphs: web furniture and headings are told from body text, and sentences are never furniture."""

import pytest

from labels.furniture import LONGEST_FURNITURE, is_furniture, is_heading, kind_of

FURNITURE = [
    "Baca juga: Harga Beras Naik Lagi",
    "BACA JUGA : Harga Beras Naik Lagi",
    "Baca Juga Harga Beras Naik Lagi",
    "Simak juga: Video Banjir di Kota Lama",
    "Lihat artikel asli",
    "Artikel terkait",
    "Artikel selengkapnya bisa dibaca di sini.",
    "Berita Terpopuler:",
    "Halaman selanjutnya",
    "Pilihan Editor: Jalan Rusak di Desa Sukamaju",
    "Tag: banjir, jembatan",
    "Penulis: Rina Wulandari",
    "Reporter: Rina Wulandari Editor: Budi Santosa",
    "Oleh: Rina Wulandari",
    "(rin/bud)",
    "[Gambas:Video 20detik]",
    "Senin, 5 Mei 2025 10:15 WIB",
    "2 jam lalu",
    "ADVERTISEMENT",
    "Scroll to continue with content",
    "Iklan",
    "Bagikan ke Facebook",
    "Facebook Twitter WhatsApp",
    "Ikuti berita terbaru kami di Google News",
    "Dapatkan berita pilihan di kanal WhatsApp kami",
    "Unduh aplikasi kami",
    "Komentar (12)",
    "Tulis komentar Anda",
    "Copyright 2025 Koran Kota. All rights reserved.",
    "© 2025 Koran Kota",
    "(c) 2025 Koran Kota",
    "Lihat Video 'Warga Mengecam Polisi'",
    "Dilarang mengutip tanpa izin tertulis dari redaksi",
    "***",
    "— — —",
]
SENTENCES = [
    "Pembaca juga menolak rencana itu, kata pengurus perpustakaan.",
    "Iklan rokok itu dikecam karena menyasar anak-anak.",
    "Penulis buku itu membantah menjiplak karya orang lain.",
    "Editor majalah itu mengecam penangkapan wartawannya.",
    "Komentar menteri itu dikecam oleh serikat buruh.",
    "Facebook membantah menjual data penggunanya.",
    "Copyright Office di negara itu menolak gugatan, sebab pendaftaran sudah sesuai undang-undang. " + "Kata. " * 30,
    "Selengkapnya akan disampaikan polisi pada hari Senin.",
    "Senin, 5 Mei 2025, polisi membantah kabar itu.",
]
# Each begins as furniture does, but says something that a reader would want labelled.
LOOKALIKES = [
    "Informasi terkait penangkapan itu tidak benar, kata Kapolres.",
    "Berita terkait mundurnya menteri itu hoaks, ujar juru bicaranya.",
    "Bagikan sembako saat masa tenang, calon bupati itu dikecam warga.",
    "Hak cipta lagu itu milik kami menurut undang-undang, kata penciptanya.",
    "Halaman 3 putusan itu menyebut penyitaan sah menurut hukum.",
    "(c) Menteri membantah tuduhan menerima uang itu.",
    "Copyright lagu itu milik kami, kata penciptanya.",
    "Lihat video itu, warga mengecam polisi.",
    "Dilarang mengambil gambar di ruang sidang, wartawan mengecam pengadilan.",
]


@pytest.mark.parametrize("text", FURNITURE)
def test_furniture_is_recognised(text: str) -> None:
    assert kind_of(text) == "furniture"


@pytest.mark.parametrize("text", SENTENCES)
def test_sentences_about_media_are_body(text: str) -> None:
    assert kind_of(text) == "body"


@pytest.mark.parametrize("text", LOOKALIKES)
def test_sentences_that_begin_like_furniture_are_body(text: str) -> None:
    assert kind_of(text) == "body"


def test_a_long_paragraph_that_begins_like_furniture_is_body() -> None:
    text = "Baca juga: " + "kata " * LONGEST_FURNITURE
    assert not is_furniture(text)
    assert kind_of(text) == "body"


@pytest.mark.parametrize(
    "text",
    [
        "Rusia Tepis Tudingan Barat",
        "Warga Mengecam Penutupan Jembatan Lama",
        "5 Fakta Sidang Kasus Beras",
        "Kronologi kejadian",
    ],
)
def test_headings_are_recognised(text: str) -> None:
    assert kind_of(text) == "heading"


@pytest.mark.parametrize(
    "text",
    [
        "Polisi membantah.",
        "Polisi membantah kabar itu:",
        '"Itu tidak benar"',
        "\u201cItu tidak benar\u201d",
        "- butir pertama",
        "",
        "ia berkata bahwa mereka semua sudah pulang sejak kemarin sore tanpa pamit lagi",
        "Polisi Kota Lama Membantah Kabar Bahwa Tahanan Itu Kabur Dari Sel Pada Malam Minggu Kemarin",
    ],
)
def test_sentences_quotes_and_lists_are_no_headings(text: str) -> None:
    assert not is_heading(text)
