"""brat standoff: pairs of files, and what a folder from elsewhere may lack or hold besides."""

from pathlib import Path

import pytest

from labels.article import Article, Span
from labels.formats.registry import read, write
from labels.stance import Stance
from sikap.errors import InputError

IRAN = Article("meja/1", "uji", "kawat", "Iran membantah 😀 itu.", "tes", (Span(5, 14, Stance.DENIAL, (0, 4)),))


def folder(path: Path, annotations: str, text: str = "Iran membantah.\r\nWarga diam.\r\n") -> Path:
    (path / "desk-1.txt").write_bytes(text.encode())
    (path / "desk-1.ann").write_text(annotations, encoding="utf-8")
    return path


def test_an_article_is_a_pair_of_files_under_a_safe_name(tmp_path: Path) -> None:
    write([IRAN], tmp_path / "brat", "brat")
    names = ["0001-meja-1.ann", "0001-meja-1.txt", "annotation.conf", "articles.jsonl"]
    assert sorted(file.name for file in (tmp_path / "brat").iterdir()) == names
    annotations = (tmp_path / "brat" / names[0]).read_text(encoding="utf-8")
    assert annotations == "T1\tdenial 5 14\tmembantah\nT2\tholder 0 4\tIran\nR1\theld-by Arg1:T1 Arg2:T2\n"


def test_nothing_is_written_beside_older_files(tmp_path: Path) -> None:
    (tmp_path / "lama.txt").touch()
    for path in (tmp_path, tmp_path / "lama.txt"):
        with pytest.raises(InputError, match="not an empty folder"):
            write([IRAN], path, "brat")


def test_a_folder_from_elsewhere_needs_no_metadata(tmp_path: Path) -> None:
    source = "T1\tdenial 5 14\tmembantah\r\nA1\tRagu T1\n#1\tAnnotatorNotes T1\tcek\nT2\tholder 0 4\tIran\nR1\tBy Arg1:T1 Arg2:T2\t\n"
    (article,) = read(folder(tmp_path, source.replace("\r", "")))
    assert (article.id, article.text) == ("desk-1", "Iran membantah.\nWarga diam.")
    assert article.spans == (Span(5, 14, Stance.DENIAL, (0, 4)),)
    assert read(folder(tmp_path, source)) == [article]


def test_problems_name_the_line_of_the_annotations(tmp_path: Path) -> None:
    source = "T1\tdenial 5 14\tmembantah\nT2\tdenial 0 4;5 14\tIran membantah\nT3 denial\n"
    with pytest.raises(InputError) as refused:
        read(folder(tmp_path, source))
    assert [line.split(": ")[0] for line in str(refused.value).split("\n")] == [
        f"{tmp_path}/desk-1.ann:{n}" for n in (2, 3)
    ]
    with pytest.raises(InputError, match=r"desk-1\.ann:1: T1 at 6-14: found 'embantah', expected 'membantah'"):
        read(folder(tmp_path, "T1\tdenial 6 14\tmembantah\n"))
    with pytest.raises(InputError, match=r"desk-1\.ann:1: line: .*Arg1:T1 and Arg2:T2"):
        read(folder(tmp_path, "R1\theld-by T1 T2\n"))


def test_a_text_without_annotations_and_a_folder_without_texts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"found no \.txt file"):
        read(tmp_path, "brat")
    (tmp_path / "a.txt").write_text("Iran", encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.ann: no such file"):
        read(tmp_path, "brat")
