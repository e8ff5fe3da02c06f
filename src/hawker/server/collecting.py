"""`/v1/events`: a batch in any of three shapes becomes events, each item judged by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Struct

from hawker.delivery.door import Told
from hawker.records.events import Event
from hawker.records.verdict import Status, Verdict
from hawker.server.endpoint import PAGES, Endpoint
from hawker.server.wire import hint, unfit

_LINES = frozenset({b"application/jsonl", b"application/x-ndjson", b"application/jsonlines"})
_REMEDY = 'Send a JSON array of events, {"events": [...]}, or one event a line.'


class _Batch(Struct, forbid_unknown_fields=True):
    events: list[Told]


class _RawBatch(Struct, forbid_unknown_fields=True):
    events: list[msgspec.Raw]


class Verdicts(Struct):
    """One verdict for each item of the batch, in its order."""

    verdicts: list[Verdict]


ENDPOINTS = (
    Endpoint(
        "post",
        "/v1/events",
        "Take in what shoppers did; each event gets its own verdict",
        keys=PAGES,
        takes=list[Told],
        gives=Verdicts,
        refusals=(400, 413, 503, 507),
    ),
)


class _Name(Struct):
    id: Any = ""


_EVENT = msgspec.json.Decoder(Told)
_NAME = msgspec.json.Decoder(_Name)
_LIST = msgspec.json.Decoder(list[Told])
_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_WRAPPED = msgspec.json.Decoder(_Batch)
_RAW_WRAPPED = msgspec.json.Decoder(_RawBatch)

Item = Event | Verdict


def collect(body: bytes, *, media: bytes, observe: Callable[[Sequence[Event]], list[Verdict]]) -> Verdicts:
    """Judge a batch: what does not decode is rejected with its place, all else goes to `observe`."""
    items = decoded(body, media=media)
    judged = iter(observe([item for item in items if isinstance(item, Event)]))
    return Verdicts([item if isinstance(item, Verdict) else next(judged) for item in items])


def decoded(body: bytes, *, media: bytes = b"") -> Sequence[Item]:
    """The items of a batch: an event, or the verdict on what is none."""
    text = body.strip()
    if not text:
        raise unfit("The body is empty.", _REMEDY)
    try:
        if media.partition(b";")[0].strip().lower() in _LINES:
            return _lines(text)
        if text.startswith(b"["):
            return _array(text)
        return _object(text) if text.startswith(b"{") else _lines(text)
    except RecursionError as error:
        raise unfit("The body is nested too deep.", _REMEDY) from error


def _array(text: bytes) -> Sequence[Item]:
    with suppress(msgspec.DecodeError):
        return _LIST.decode(text)
    try:
        return _one_by_one(_RAW_LIST.decode(text))
    except msgspec.DecodeError as error:
        raise unfit(f"The body is not JSON: {error}.", _REMEDY) from error


def _object(text: bytes) -> Sequence[Item]:
    """`{"events": [...]}`, a single event, or the first of several lines."""
    with suppress(msgspec.DecodeError):
        return _WRAPPED.decode(text).events
    if not _is_json(text):
        return _lines(text)
    with suppress(msgspec.ValidationError):
        return _one_by_one(_RAW_WRAPPED.decode(text).events)
    return _one_by_one([msgspec.Raw(text)])


def _lines(text: bytes) -> Sequence[Item]:
    """One event a line. A body of which no line is JSON is refused as a whole."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    items = [_item(line, f"line {number}") for number, line in lines]
    if all(isinstance(item, Verdict) for item in items) and not any(_is_json(line) for _, line in lines):
        raise unfit("The body is not JSON, nor is any of its lines.", _REMEDY)
    return items


def _one_by_one(raws: Sequence[msgspec.Raw]) -> Sequence[Item]:
    return [_item(bytes(raw), f"item {index}") for index, raw in enumerate(raws)]


def _item(text: bytes, place: str) -> Item:
    try:
        return _EVENT.decode(text)
    except msgspec.ValidationError as error:
        remedy = hint(str(error), Told.__struct_fields__)
        return Verdict(_id(text), Status.REJECTED, f"{place}: {error}. {remedy}".strip())
    except msgspec.DecodeError as error:
        return Verdict("", Status.REJECTED, f"{place}: not JSON: {error}.")


def _id(text: bytes) -> str:
    try:
        name = _NAME.decode(text).id
    except msgspec.MsgspecError:
        return ""
    return name[:128] if isinstance(name, str) else ""


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return True
