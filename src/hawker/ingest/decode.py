"""Which bytes a file is written in, and how to read it as text whatever they are."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, TextIO, cast

from hawker.errors import UnreadableFile
from hawker.records.ids import derived
from hawker.storage import files

SAMPLE = 1 << 18
"""Bytes looked at from the start of a file."""
PROBE, PROBES = 1 << 14, 32
"""Bytes looked at in each of some places further on: a file may begin in plain ASCII."""
CHUNK = 1 << 20
STRAY = 20
"""One broken byte is a slip among this many good characters; more means another encoding."""

_GZIP = b"\x1f\x8b"
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_BINARY = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "Unpack it, or save the sheet as CSV (UTF-8)."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "Open it and save the sheet as CSV (UTF-8)."),
    (b"PAR1", "a Parquet file", "Give it the ending .parquet."),
    (b"%PDF", "a PDF", "Export the data as CSV."),
    (b"\x89PNG", "an image", "Give the file that holds the data."),
    (b"\xff\xd8\xff", "an image", "Give the file that holds the data."),
    (b"BZh", "a bzip2 archive", "Unpack it, or pack it with gzip."),
    (b"\xfd7zXZ", "an xz archive", "Unpack it, or pack it with gzip."),
)
_COMMON = frozenset((*range(0xA1, 0xA4), *range(0xB0, 0xD8)))  # lead bytes of GB 2312: marks and level one
_TEXT_CONTROLS = frozenset(b"\t\n\v\f\r\x1b\x1c\x1d\x1e\x1f")


def encoding(path: Path) -> str:
    """The encoding of a text file (gzipped or not), as a name Python knows, from a bounded sample.

    One of utf-8, utf-8-sig, utf-16, utf-16-le, utf-16-be, gb18030 (holds GBK), cp1252, latin-1.
    Raises `UnreadableFile` where the file holds no text.
    """
    samples = list(_samples(path))
    head = samples[0]
    for mark, what, remedy in _BINARY:
        if head.startswith(mark):
            raise UnreadableFile(f"'{path.name}' is {what}, not text.", remedy=remedy)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    wide = _wide(head)
    if wide:
        return wide
    if any(_controls(sample) for sample in samples):
        raise UnreadableFile(
            f"'{path.name}' holds binary data, not text.", remedy="Give a text file, .gz of one, or .parquet."
        )
    good, bad = _counts(samples, "utf-8")
    if good >= STRAY * bad:
        return "utf-8"
    good, bad = _counts(samples, "gb18030")
    if good >= STRAY * bad and _chinese(samples):
        return "gb18030"
    return "latin-1" if _counts(samples, "cp1252")[1] else "cp1252"


def opened(path: Path, *, name: str = "") -> TextIO:
    """A file as text, line ends untouched, unpacked where gzipped; what cannot be decoded is U+FFFD.

    `name` is the encoding where it is known already.
    """
    known = name or encoding(path)
    return io.TextIOWrapper(_bytes(path), encoding=known, errors="replace", newline="")


def utf8(path: Path, folder: Path) -> Path:
    """A path under which DuckDB reads the file as UTF-8: the same one, or a transcoded copy in `folder`.

    The whole file is looked at once, in chunks. Bytes that are no text in its encoding become U+FFFD
    in the copy. Raises `UnreadableFile` for binary data and for a broken archive.
    """
    name = encoding(path)
    packed = _packed(path)
    if name == "utf-8" and packed == (path.suffix.lower() == ".gz") and _valid(path):
        return path
    copy = folder / f"{derived(path.absolute())[:12]}-{_unpacked(path.name)}"
    with files.whole(copy) as draft, draft.open("wb") as target:
        decoder = codecs.getincrementaldecoder(name)("replace")
        for chunk in _chunks(path):
            target.write(decoder.decode(chunk).encode("utf-8"))
        target.write(decoder.decode(b"", True).encode("utf-8"))
    return copy


def _unpacked(name: str) -> str:
    return name[:-3] if name.lower().endswith(".gz") else name


def _packed(path: Path) -> bool:
    with path.open("rb") as source:
        return source.read(2) == _GZIP


def _bytes(path: Path) -> BinaryIO:
    return cast(BinaryIO, _Archive(path)) if _packed(path) else path.open("rb")


class _Archive(gzip.GzipFile):
    """A gzip file that says in our words when it is broken."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self._path = path

    def read(self, size: int | None = -1) -> bytes:
        with self._whole():
            return super().read(size)

    def read1(self, size: int = -1) -> bytes:
        with self._whole():
            return super().read1(size)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise UnreadableFile(
                f"'{self._path.name}' is a broken gzip archive.", remedy="Copy or pack the file again."
            ) from error


def _chunks(path: Path) -> Iterator[bytes]:
    with _bytes(path) as source:
        while chunk := source.read(CHUNK):
            yield chunk


def _samples(path: Path) -> Iterator[bytes]:
    """The head, then whole lines from places further on; never a character cut at either end."""
    size = path.stat().st_size
    with _bytes(path) as source:
        yield source.read(SAMPLE)
        if _packed(path) or size <= SAMPLE:
            return
        for step in range(1, PROBES + 1):
            source.seek(SAMPLE + (size - SAMPLE) * step // (PROBES + 1))
            _, _, lines = source.read(PROBE).partition(b"\n")
            yield lines.rpartition(b"\n")[0]


def _wide(head: bytes) -> Literal["utf-16-le", "utf-16-be", ""]:
    """UTF-16 without a mark: every other byte of its ASCII part is zero."""
    even, odd = head[0:4096:2].count(0), head[1:4096:2].count(0)
    half = max(1, min(len(head), 4096) // 2)
    if odd > 0.3 * half and even < 0.02 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.3 * half and odd < 0.02 * half else ""


def _controls(sample: bytes) -> bool:
    """Whether bytes stand there that no text holds: a zero, or more than 1 % control characters."""
    if b"\0" in sample:
        return True
    held = sum(sample.count(code) for code in range(1, 32) if code not in _TEXT_CONTROLS)
    return held > 0.01 * len(sample)


def _decoded(samples: list[bytes], name: str) -> Iterator[str]:
    """Each sample as text; a character cut at the end of the head is left out."""
    for sample in samples:
        decoder = codecs.getincrementaldecoder(name)("replace")
        yield decoder.decode(sample, final=len(sample) < SAMPLE)


def _counts(samples: list[bytes], name: str) -> tuple[int, int]:
    """How many characters beyond ASCII the samples hold in that encoding, and how many are broken."""
    good = bad = 0
    for text in _decoded(samples, name):
        broken = text.count("\ufffd")
        bad += broken
        good += sum(char > "\x7f" for char in text) - broken if not text.isascii() else 0
    return good, bad


def _chinese(samples: list[bytes]) -> bool:
    """Whether the characters beyond ASCII are mostly everyday Chinese rather than accented Latin read

    as pairs: accented letters rarely make a pair whose lead byte is that of a common character.
    """
    beyond = [char for text in _decoded(samples, "gb18030") for char in text if char > "\x7f"]
    common = sum(char.encode("gb18030")[0] in _COMMON for char in beyond)
    return common >= 0.6 * max(1, len(beyond))


def _valid(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in _chunks(path):
            if not (chunk.isascii() and decoder.getstate()[0] == b""):
                decoder.decode(chunk)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True
