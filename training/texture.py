"""The texture of prose: function words, punctuation, lengths and quotes of a paragraph, with all that it is about masked."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.corpus import PLAIN_FORMS

# A closed list of our own: conjunctions, prepositions, pronouns, quantifiers, negators, auxiliaries, adverbs; and last the
# verbs that news hangs its quotes on.
_CLOSED = """
dan atau serta tetapi tapi namun melainkan sedangkan sementara lalu kemudian selanjutnya sebelumnya bahwa karena sebab
sehingga hingga sampai agar supaya jika kalau bila apabila ketika saat sewaktu sejak setelah sesudah sebelum selama
sambil meski meskipun walau walaupun padahal maka bahkan malah justru adapun yakni yaitu ialah adalah merupakan seperti
sebagai sebagaimana daripada selain kecuali tanpa demi untuk guna bagi di ke dari pada kepada terhadap oleh dengan
dalam antara tentang mengenai soal terkait atas bawah luar depan belakang menurut berdasarkan melalui lewat akibat menjadi
yang ini itu tersebut begitu demikian sini situ sana para sang si
saya aku kami kita anda kamu dia ia mereka beliau siapa apa mana kapan mengapa kenapa bagaimana berapa apakah
satu dua tiga kedua ketiga beberapa sejumlah banyak sedikit semua seluruh setiap tiap masing-masing berbagai sebagian
lain lainnya sendiri sama suatu sebuah seorang
tidak tak bukan belum jangan
akan telah sudah sedang tengah masih pernah baru lagi dapat bisa harus mesti perlu boleh mampu ingin mau hendak
juga pun hanya cuma saja sangat lebih paling terlalu cukup sekitar hampir sekali kembali pula memang tentu mungkin
ada tiada secara usai jelang sebanyak tetap segera kini sekarang nanti tadi kala
kata katanya ujar ujarnya ucap ucapnya tutur tuturnya imbuh imbuhnya tambah tambahnya jelas jelasnya tegas tegasnya
tandas tandasnya ungkap ungkapnya sebut sebutnya terang terangnya papar paparnya pungkas pungkasnya mengatakan menyatakan
menyebut menyebutkan menegaskan menjelaskan mengungkapkan menambahkan menuturkan mengaku menilai
"""
FUNCTION_WORDS: Final = frozenset(_CLOSED.split())
NAME, NUMBER, OTHER = "N", "0", "_"
LEGEND = "words, marks and runs per 1,000 tokens; N a name, 0 a number, _ any other word"

# `Jakarta (ANTARA) -`, `JAKARTA, KOMPAS.com -`: the line that an outlet opens its reports with.
_DATELINE = re.compile(r"^(?:(?:[A-Z][\w.]*+|detik\w*+|\d++|[(),/])\s*+){1,10}+-+\s+")
_OUTLET = re.compile(r"\b(?:detik(?:com|[A-Z]\w+)|[\w-]+(?:\.(?:com|co|id|net|org|tv|news))+)\b", re.IGNORECASE)
_TOKEN = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:-[^\W\d_]+)*|[^\w\s]")
_ENDS = frozenset('.!?:"')
_PLAIN = str.maketrans(PLAIN_FORMS)
_MARKS = tuple(".,;:?!\"'()-/%…")
_SENTENCE = re.compile(r"[.!?]+[\"')]*(?:\s+|$)")
_QUOTED = re.compile(r'"[^"]*"?')


def mask(text: str) -> list[str]:
    """Tokens of a paragraph: function words in lower case and punctuation stay; names, numbers and other words are masked.

    A name is a word with a capital inside a sentence, or in capitals throughout; an outlet's opening line is left out.
    """
    plain = _DATELINE.sub("", text.translate(_PLAIN))
    tokens = _TOKEN.findall(_OUTLET.sub("Outlet", plain))
    return [_masked(token, before in _ENDS) for before, token in pairwise([".", *tokens])]


def _masked(token: str, begins_sentence: bool) -> str:
    if token[0].isdigit():
        return NUMBER
    if not token[0].isalpha():
        return token
    if token[0].isupper() and (not begins_sentence or (len(token) > 1 and token.isupper())):
        return NAME
    return word if (word := token.lower()) in FUNCTION_WORDS else OTHER


def texture(texts: Sequence[str], patterns: int = 300) -> tuple[NDArray[np.float64], list[str]]:
    """Features of paragraphs, shape (paragraphs, features), and the features' names.

    Frequencies (per 1,000 tokens) of function words, punctuation, names and numbers, and of the `patterns` commonest
    masked runs of two or three tokens that hold a function word; lengths of paragraph, sentences and words; and the shape of quotes.
    """
    masked = [mask(text) for text in texts]
    runs = [Counter(_runs(tokens)) for tokens in masked]
    spread = Counter(run for counts in runs for run in counts)
    kept = sorted(spread, key=lambda run: (-spread[run], run))[:patterns]
    words = sorted({token for tokens in masked for token in tokens} & FUNCTION_WORDS)
    rows = []
    for text, tokens, counts in zip(texts, masked, runs, strict=True):
        single, each = Counter(tokens), 1000 / max(1, len(tokens))
        shares = [single[token] * each for token in (*words, *_MARKS, NAME, NUMBER)]
        rows.append([*shares, *(counts[run] * each for run in kept), *_shape(text.translate(_PLAIN)).values()])
    names = [*(f"word {word}" for word in words), *(f"mark {mark}" for mark in _MARKS), "names", "numbers"]
    return np.array(rows), [*names, *(f"run {run}" for run in kept), *_shape("")]


def _runs(tokens: Sequence[str]) -> Iterator[str]:
    for length in (2, 3):
        for start in range(len(tokens) - length + 1):
            run = tokens[start : start + length]
            if not FUNCTION_WORDS.isdisjoint(run):
                yield " ".join(run)


def _shape(text: str) -> dict[str, float]:
    """Lengths and quotes of a paragraph, by the name of the feature."""
    words = text.split()
    sentences = [len(part.split()) for part in _SENTENCE.split(text) if part.strip()] or [0]
    quoted = _QUOTED.findall(text)
    return {
        "length: words": len(words),
        "length: log of words": float(np.log1p(len(words))),
        "length: sentences": len(sentences),
        "length: words a sentence": len(words) / len(sentences),
        "length: longest sentence": max(sentences),
        "length: shortest sentence": min(sentences),
        "length: characters a word": sum(map(len, words)) / max(1, len(words)),
        "quote: how many": len(quoted),
        "quote: share of the text": sum(map(len, quoted)) / max(1, len(text)),
        "quote: begins with one": float(text.startswith('"')),
        "quote: ends with one": float(text.rstrip(".").endswith('"')),
        "quote: then a comma": float(',"' in text or '",' in text),
    }
