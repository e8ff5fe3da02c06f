"""Google Merchant feeds: XML (RSS 2.0 and Atom, streamed) and tab-separated text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import escape

from hawker.errors import UnreadableFile
from hawker.ingest import decode
from hawker.ingest.feeds import rows
from hawker.ingest.feeds.product import FIELDS
from hawker.ingest.feeds.rows import Broken, Row

_NAMES = {
    **{name: name for name in FIELDS},
    "image_link": "image", "item_group_id": "group", "product_type": "category",
    "quantity_to_sell_on_facebook": "stock", "inventory": "stock", "content_language": "language",
}  # fmt: skip
_ITEMS = frozenset({"item", "entry"})
_KEPT = re.compile(
    r"custom_label_[0-4]$|pattern$|google_product_category$|size_type$|multipack$|product_highlight$"
)
_FAULTY = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)|[\x00-\x08\x0b\x0c\x0e-\x1f]"
)
_TAIL = 12
_CHUNK = 1 << 16


def read_table(path: Path) -> Iterator[Row | Broken]:
    """The rows of a Merchant TSV; header names may be written with blanks ('image link')."""
    for record in rows.table(path):
        if isinstance(record, Broken):
            yield record
        else:
            number, cells, text = record
            named = [(re.sub(r"[\s-]+", "_", name.strip().lower()), cell) for name, cell in cells.items()]
            yield _row(number, named, text)


def read_xml(path: Path) -> Iterator[Row | Broken]:
    """The items of a Merchant XML feed, one at a time.

    A document type or entity of the feed's own is refused (`UnreadableFile`). Stray ampersands and
    control characters are mended; where the XML breaks for good, what came before is kept and the
    break itself set aside.
    """
    items = _Items(path)
    held = ""
    try:
        with decode.opened(path) as source:
            while chunk := source.read(_CHUNK):
                text = held + chunk
                held = text[cut:] if (cut := text.rfind("&", -_TAIL)) >= 0 and len(text) > _TAIL else ""
                items.feed(text[: len(text) - len(held)])
                yield from items.finished()
                if items.waiting > 8 * rows.LONGEST:
                    message = "a tag or comment here is longer than any feed's: nothing after it was read."
                    yield Broken(items.line, "broken_feed", message)
                    return
        items.feed(held)
        items.close()
    except expat.ExpatError as error:
        message = f"the XML breaks here ({expat.errors.messages[error.code]}): nothing after it was read."
        yield Broken(error.lineno, "broken_feed", message)
    yield from items.finished()


class _Items:
    """Collects the direct children of each item as expat walks through the feed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done: list[Row | Broken] = []
        self._pairs: list[tuple[str, str]] | None = None
        self._depth = 0
        self._begun = 0
        self._text: list[str] = []
        self._size = self._fed = 0
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._refuse

    @property
    def line(self) -> int:
        return self._parser.CurrentLineNumber

    @property
    def waiting(self) -> int:
        """Bytes of a tag or comment that has not ended yet, which expat holds."""
        return self._fed - max(0, self._parser.CurrentByteIndex)

    def feed(self, text: str) -> None:
        content = _FAULTY.sub(_mended, text).encode("utf-8", "replace")
        self._fed += len(content)
        self._parser.Parse(content, False)

    def close(self) -> None:
        self._parser.Parse(b"", True)

    def finished(self) -> list[Row | Broken]:
        done, self._done = self._done, []
        return done

    def _refuse(self, *_: object) -> None:
        raise UnreadableFile(
            f"'{self._path.name}' declares a document type, which may hide an entity bomb.",
            remedy="Remove the <!DOCTYPE …> from the feed: a product feed needs none.",
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if self._pairs is None:
            if local in _ITEMS:
                self._pairs, self._depth, self._size = [], 0, 0
                self._begun = self._parser.CurrentLineNumber
            return
        self._depth += 1
        if self._depth == 1:
            self._text = []
            if local == "link" and "href" in attributes:
                self._text.append(attributes["href"])

    def _characters(self, text: str) -> None:
        if self._pairs is None or self._depth != 1:
            return
        self._size += len(text)
        if self._size <= rows.LONGEST:
            self._text.append(text)

    def _end(self, name: str) -> None:
        if self._pairs is None:
            return
        if self._depth == 1:
            self._pairs.append((name, "".join(self._text)))
        if self._depth == 0:
            self._done.append(self._item(self._pairs))
            self._pairs = None
        self._depth -= 1

    def _item(self, pairs: list[tuple[str, str]]) -> Row | Broken:
        """Google's own names come before those of RSS and Atom, whose id is that of the entry."""
        if self._size > rows.LONGEST:
            message = f"an item of {self._size:,} characters: the most is {rows.LONGEST:,}."
            return Broken(self._begun, "too_long_line", message)
        own = [(name.rpartition(":")[2], text) for name, text in pairs if ":" in name]
        plain = [(name, text) for name, text in pairs if ":" not in name and not (own and name == "id")]
        inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in pairs)
        raw = f"<rss><channel><item>{inner}</item></channel></rss>"
        return _row(self._begun, own + plain, raw)


def _mended(match: re.Match[str]) -> str:
    return "&amp;" if match.group() == "&" else ""


def _row(number: int, pairs: list[tuple[str, str]], raw: str) -> Row:
    """The first text under each name counts."""
    fields: dict[str, str] = {}
    attributes: dict[str, str] = {}
    for name, text in pairs:
        if not text.strip():
            continue
        if name in _NAMES:
            fields.setdefault(_NAMES[name], text.strip())
        elif _KEPT.match(name):
            attributes.setdefault(name, text.strip())
        elif name in ("summary", "content"):
            fields.setdefault("description", text.strip())
    if "category" not in fields and not attributes.get("google_product_category", "0").isdigit():
        fields["category"] = attributes["google_product_category"]
    return Row(number, fields, attributes, raw=raw)
