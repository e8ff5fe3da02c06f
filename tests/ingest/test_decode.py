"""Encodings are told apart from the bytes, and every text file reaches DuckDB as UTF-8."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import duckdb
import pytest

from hawker.errors import UnreadableFile
from hawker.ingest import decode

CHINESE = "商品编号,标题,价格\n" + "a1,红色连衣裙 夏季新款,￥59.00\na2,男士运动鞋（黑）,￥129\n" * 40
GERMAN = "id,title,price\n" + "1,Größe für Mädchen: weiße Söckchen,12\n2,Café crème brûlée,3\n" * 40


@pytest.mark.parametrize(
    ("text", "written", "expected"),
    [
        (CHINESE, "utf-8", "utf-8"),
        (CHINESE, "utf-8-sig", "utf-8-sig"),
        (CHINESE, "utf-16", "utf-16"),
        (GERMAN, "utf-16-le", "utf-16-le"),
        (GERMAN, "utf-16-be", "utf-16-be"),
        (CHINESE, "gbk", "gb18030"),
        (CHINESE + "𠮷", "gb18030", "gb18030"),
        (GERMAN, "cp1252", "cp1252"),
        (GERMAN + "\x81", "latin-1", "latin-1"),
        ("id,price\n1,5 €\n", "cp1252", "cp1252"),
        ("plain,ascii\n", "ascii", "utf-8"),
        ("", "ascii", "utf-8"),
    ],
)
def test_each_encoding_is_recognised_and_read_back(tmp_path: Path, text: str, written: str, expected: str):
    for path in (tmp_path / "file.csv", tmp_path / "file.csv.gz"):
        packer = gzip.compress if path.suffix == ".gz" else bytes
        path.write_bytes(packer(text.encode(written)))
        assert decode.encoding(path) == expected
        with decode.opened(path) as source:
            assert source.read() == text
        plain = decode.utf8(path, tmp_path / "scratch")
        content = plain.read_bytes()
        assert (gzip.decompress(content) if plain.suffix == ".gz" else content).decode("utf-8") == text


def test_a_character_cut_at_the_end_of_the_sample_is_no_fault(tmp_path: Path):
    for shift in range(3):
        path = tmp_path / f"{shift}.csv"
        path.write_text("x" * shift + "红裙" * decode.SAMPLE, "utf-8")
        assert decode.encoding(path) == "utf-8"
        path.write_bytes(("x" * shift + "红裙" * decode.SAMPLE).encode("gbk"))
        assert decode.encoding(path) == "gb18030"


def test_chinese_that_begins_after_the_sample_is_seen(tmp_path: Path):
    path = tmp_path / "late.csv"
    path.write_bytes(("1,plain\n" * 60_000 + CHINESE * 20).encode("gbk"))
    assert decode.encoding(path) == "gb18030"


def test_utf8_files_are_not_copied_and_others_are(tmp_path: Path):
    plain = tmp_path / "plain.csv"
    plain.write_text(CHINESE, "utf-8")
    assert decode.utf8(plain, tmp_path / "scratch") == plain
    packed = tmp_path / "plain.csv.gz"
    packed.write_bytes(gzip.compress(CHINESE.encode()))
    assert decode.utf8(packed, tmp_path / "scratch") == packed
    misnamed = tmp_path / "packed.csv"
    misnamed.write_bytes(packed.read_bytes())
    copy = decode.utf8(misnamed, tmp_path / "scratch")
    assert copy != misnamed
    assert copy.read_text("utf-8") == CHINESE


def test_a_stray_byte_becomes_a_mark_that_duckdb_can_read(tmp_path: Path):
    path = tmp_path / "stray.csv"
    path.write_bytes(
        "id,title\n1,裙\n".encode()
        + b"1,plain\n" * 50_000
        + "1,红色连衣裙\n".encode() * 1_000
        + b"2,bad \xff byte\n3,fine\n"
    )
    copy = decode.utf8(path, tmp_path / "scratch")
    rows = duckdb.sql(
        f"SELECT title FROM read_csv('{copy}', header = true) WHERE id > 1 ORDER BY id"
    ).fetchall()
    assert [title for (title,) in rows] == ["bad \ufffd byte", "fine"]


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (random.Random(7).randbytes(5_000), "binary"),
        (b"PK\x03\x04" + b"\0" * 50, "Excel"),
        (b"PAR1\x15\x04" + b"\0" * 50, ".parquet"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "image"),
        (gzip.compress(random.Random(7).randbytes(5_000)), "binary"),
        (gzip.compress(random.Random(7).randbytes(5_000))[:3_000], "gzip"),
    ],
)
def test_a_binary_file_named_csv_says_so_with_a_remedy(tmp_path: Path, content: bytes, hint: str):
    path = tmp_path / "products.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=hint) as caught:
        decode.encoding(path)
    assert caught.value.remedy
    with pytest.raises(UnreadableFile):
        decode.utf8(path, tmp_path / "scratch")
