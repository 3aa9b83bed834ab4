"""The texture of prose: what is masked, and what is measured."""

import numpy as np
import pytest

from training.texture import FUNCTION_WORDS, mask, texture


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Menurut Hasan, kapal itu milik PT Samudra.", "menurut N , _ itu _ N N ."),
        ("KPK menahan camat. Dia membisu.", "N _ _ . dia _ ."),
        ("Kapal itu berlayar pada Senin (3/2/2026) pukul 10.30.", "_ itu _ pada N ( 0 ) _ 0 ."),
        ("“Kami tidak tahu,” katanya — lalu pergi.", '" kami tidak _ , " katanya - lalu _ .'),
        ("Jakarta (ANTARA) - Rapat itu batal.", "_ itu _ ."),
        ("JAKARTA, KOMPAS.com -- Rapat itu batal.", "_ itu _ ."),
        ("Ia mengatakan itu kepada detikcom, bukan harian.co.id.", "ia mengatakan itu kepada N , bukan N ."),
        ("Beda antara keduanya 1.500 orang.", "_ antara _ 0 _ ."),
        ("", ""),
    ],
)
def test_names_numbers_outlets_and_other_words_are_masked(text: str, wanted: str) -> None:
    assert " ".join(mask(text)) == wanted


def test_a_long_row_of_capitals_is_read_in_no_time() -> None:
    assert mask("A" * 5000 + " (") == ["N", "("]


def test_the_texture_of_a_paragraph_is_told_by_name() -> None:
    matrix, names = texture(['"Itu tidak benar," kata Hasan.', "Rapat itu batal. Semua pulang ke rumah."])
    assert matrix.shape == (2, len(names))
    assert len(set(names)) == len(names)
    first, second = (dict(zip(names, row, strict=True)) for row in matrix)
    assert (first["word tidak"], second["word tidak"]) == (pytest.approx(1000 / 9), 0)
    assert (first["quote: begins with one"], second["quote: begins with one"]) == (1, 0)
    assert (first["length: sentences"], second["length: sentences"]) == (1, 2)
    assert second["length: longest sentence"] == 4
    assert first["run tidak _"] > second["run tidak _"] == 0


def test_what_a_text_is_about_leaves_no_trace() -> None:
    ours, theirs = "Hasan menutup pasar itu pada 2019.", "Joko membuka jalan itu pada 1887."
    matrix, names = texture([ours, theirs])
    differing = {name for name, *values in zip(names, *matrix, strict=True) if len(set(values)) > 1}
    assert differing <= {name for name in names if name.startswith(("length", "quote"))}


def test_only_runs_with_a_function_word_are_counted_and_no_more_than_asked_for() -> None:
    _, names = texture(["Kapal itu berlayar cepat sekali ke timur."], patterns=3)
    runs = [name.removeprefix("run ") for name in names if name.startswith("run ")]
    assert len(runs) == 3
    assert all(FUNCTION_WORDS & set(run.split()) for run in runs)


def test_a_paragraph_without_a_word_is_zeros() -> None:
    matrix, _ = texture(["", "Rapat itu batal."])
    assert not np.isnan(matrix).any()
