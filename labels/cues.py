"""Cue words: what each marked stance is most often said with. They prove nothing, and so tell easy paragraphs from hard."""

import re
from typing import Final

from labels.stance import Stance

# Looked up in this order: a paragraph that says both *membantah* and *melanggar hukum* more often denies.
CUES: Final = {
    stance: re.compile(words, re.IGNORECASE)
    for stance, words in {
        Stance.DENIAL: r"(?<!tidak )(?<!tidak mem)(?:mem)?bantah|menyangkal|menepis|menampik|tidak benar|tak benar|hoaks|fitnah|tidak pernah|tak berdasar",
        Stance.LEGAL_JUSTIFICATION: r"sesuai (?:dengan )?(?:hukum|undang|aturan|prosedur|ketentuan|konstitusi)|berdasarkan (?:undang|pasal|hukum)"
        r"|tidak melanggar|hak untuk membela|kewenangan|amanat",
        Stance.CONDEMNATION: r"mengecam|mengutuk|mengkritik|menuduh|menuding|menyalahkan|melanggar|pelanggaran|kejahatan|menyayangkan|protes",
    }.items()
}

# News also talks *of* stances without taking one: as a topic, a case label, a schedule, a request turned down.
TALK: Final = re.compile(
    r"\b(?:hukum|undang-undang|pasal|pelanggaran|kedaulatan|kecaman|tuduhan|tudingan|dugaan|bantahan|membantah|protes|kritik"
    r"|kewenangan|menolak|enggan (?:ber)?komentar|sidang|gugatan)\b",
    re.IGNORECASE,
)


def cued_stance(text: str) -> Stance | None:
    """The stance of the first group of cue words that `text` holds one of; None where it holds none."""
    return next((stance for stance, words in CUES.items() if words.search(text)), None)


def tempts(text: str) -> bool:
    """Whether `text` holds any word that a stance is said with or talked of, so that a reader of words alone may err."""
    return cued_stance(text) is not None or TALK.search(text) is not None
