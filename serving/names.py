"""Names: which mentions of holders are one and the same, by their words and by the abbreviations that stand for them."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

# What Indonesian newspapers abbreviate without saying so.
COMMON: Final[Mapping[str, str]] = {
    "as": "amerika serikat",
    "bawaslu": "badan pengawas pemilihan umum",
    "bi": "bank indonesia",
    "bnpb": "badan nasional penanggulangan bencana",
    "bpk": "badan pemeriksa keuangan",
    "dpr": "dewan perwakilan rakyat",
    "kejagung": "kejaksaan agung",
    "kemendagri": "kementerian dalam negeri",
    "kemenhan": "kementerian pertahanan",
    "kemhan": "kementerian pertahanan",
    "kemenkes": "kementerian kesehatan",
    "kemenkeu": "kementerian keuangan",
    "kemenlu": "kementerian luar negeri",
    "kemlu": "kementerian luar negeri",
    "kpk": "komisi pemberantasan korupsi",
    "kpu": "komisi pemilihan umum",
    "ma": "mahkamah agung",
    "mk": "mahkamah konstitusi",
    "mui": "majelis ulama indonesia",
    "ojk": "otoritas jasa keuangan",
    "pbb": "perserikatan bangsa-bangsa",
    "polri": "kepolisian republik indonesia",
    "tni": "tentara nasional indonesia",
}
# Words have an end: from every capital of one that has none the search would run through all of it.
_INTRODUCED: Final = re.compile(r"((?:[A-Z][\w'’-]{0,40}\s+(?:(?:dan|untuk|atas)\s+)?){1,7})\(([A-Z][A-Za-z]{1,11})\)")
_TRIMMED: Final = ".,()\"'"


def abbreviations(text: str) -> dict[str, str]:
    """Abbreviations that a text introduces in brackets, as in *Lembaga Sensor Film (LSF)*, with the words they stand for.

    Both in lower case. Of the capitalised words before the bracket those count from which the letters can be taken in order.
    """
    found: dict[str, str] = {}
    for match in _INTRODUCED.finditer(text):
        words, short = match[1].split(), match[2].casefold()
        for first in range(len(words) - 1, -1, -1):
            if words[first][0].casefold() == short[0] and _spells(" ".join(words[first:]).casefold(), short):
                found[short] = " ".join(words[first:]).casefold()
                break
    return found


def _spells(name: str, short: str) -> bool:
    """Whether the letters of `short` occur in `name` in order."""
    letters = iter(name)
    return all(letter in letters for letter in short)


def merge_names(mentions: Sequence[str], known: Mapping[str, str] = COMMON) -> dict[str, str]:
    """Which name each mention goes by: the longest mention whose words include all of its own, else itself.

    *Trump* goes by *Donald Trump* where exactly one longer mention fits; with two of them it stays alone. Abbreviations in
    `known` count as the words that they stand for, so that *Kemlu* goes by *Kementerian Luar Negeri*.
    """
    words = {mention: _words(mention, known) for mention in mentions}
    merged: dict[str, str] = {}
    for mention in words:
        fuller = [other for other in words if words[mention] < words[other]]
        maximal = [other for other in fuller if not any(words[other] < words[third] for third in fuller)]
        same = [other for other in words if words[other] == words[mention]]
        one_name = len({words[other] for other in maximal}) == 1  # in one spelling or several
        merged[mention] = _fullest(maximal if one_name else same)
    return {mention: merged.get(name, name) for mention, name in merged.items()}


def _words(mention: str, known: Mapping[str, str]) -> frozenset[str]:
    spoken = (word.strip(_TRIMMED).casefold() for word in mention.split())
    return frozenset(part for word in spoken for part in known.get(word, word).split() if part)


def _fullest(spellings: Sequence[str]) -> str:
    """The spelling of most words, the first of several: *Kementerian Luar Negeri* rather than *Kemlu*."""
    return max(spellings, key=lambda name: len(name.split()))
