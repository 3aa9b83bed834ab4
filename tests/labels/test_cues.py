"""Cue words: which group speaks, and what only looks like one."""

import pytest

from labels.cues import cued_stance, tempts


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Menteri MEMBANTAH telah melanggar hukum.", "denial"),
        ("Menteri tidak membantah.", None),
        ("Langkah itu sesuai dengan undang-undang.", "legal-justification"),
        ("Warga mengecam penutupan pasar.", "condemnation"),
        ("Rapat dijadwalkan Senin.", None),
    ],
)
def test_the_first_group_of_cue_words_decides(text: str, wanted: str | None) -> None:
    assert cued_stance(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Menteri tidak membantah.", True),
        ("Sidang dugaan suap itu ditunda.", True),
        ("Menteri enggan berkomentar.", True),
        ("Bukti itu dihukumkan.", False),
        ("Rapat dijadwalkan Senin.", False),
    ],
)
def test_words_that_talk_of_a_stance_tempt_too(text: str, wanted: bool) -> None:
    assert tempts(text) is wanted
