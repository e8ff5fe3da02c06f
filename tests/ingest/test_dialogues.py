"""Questions and answers of staff, as their files have them."""

import gzip
import json
from pathlib import Path

import pytest

from hawker.errors import BadInput, MissingData
from hawker.ingest.datasets import dialogues


def _jddc(folder: Path, questions: list[str], answers: list[str]) -> Path:
    for name, lines in ((dialogues.QUESTIONS, questions), (dialogues.ANSWERS, answers)):
        with gzip.open(folder / name, "wt", encoding="utf-8") as stream:
            stream.write("".join(f"{line}\n" for line in lines))
    return folder


def test_faces_short_and_repeated_answers_are_left_out(tmp_path: Path) -> None:
    told = "您好,七天之内可以无理由退货的哦#E-s[数字x],"
    folder = _jddc(
        tmp_path,
        ["能退货吗?,", "怎么退", "在吗", "几天到"],
        [told, told, "在的,", "明天会送到您那里的,请放心,"],
    )
    assert dialogues.jddc(folder) == (
        ("能退货吗?", "您好,七天之内可以无理由退货的哦"),
        ("几天到", "明天会送到您那里的,请放心"),
    )


def test_files_of_unequal_length_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="2 lines"):
        dialogues.jddc(_jddc(tmp_path, ["a", "b"], ["c"]))


def test_the_faq_is_read_and_a_wrong_one_refused(tmp_path: Path) -> None:
    rows = [{"question": "How? ", "answer": "So."}, {"question": "And how?", "answer": "So."}]
    (tmp_path / dialogues.FAQ).write_text(json.dumps({"questions": rows}), "utf-8")
    assert dialogues.faq(tmp_path) == (("How?", "So."),)
    (tmp_path / dialogues.FAQ).write_text("[]", "utf-8")
    with pytest.raises(BadInput, match="questions"):
        dialogues.faq(tmp_path)


@pytest.mark.parametrize("read", [dialogues.jddc, dialogues.faq])
def test_an_absent_file_is_named(read: object, tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="Put"):
        read(tmp_path)  # type: ignore[operator]
