"""The four ways to hand a report or a quality check over: terminal text, JSON, CSV, HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from hawker.measurement.layout import report_page, sentences
from hawker.measurement.page import Page
from hawker.measurement.plain import plain
from hawker.measurement.quality import Quality, quality_page
from hawker.measurement.report import Report
from hawker.measurement.spreadsheet import spreadsheet
from hawker.measurement.web import web
from hawker.records.finding import Finding

Measured = Report | Quality


def terminal(
    measured: Measured, *, language: str = "en", width: int = 120, alarms: Sequence[Finding] = ()
) -> str:
    """Plain text with small charts, at most `width` cells wide where the names allow it."""
    return plain(_page(measured, language, alarms), width=width)


def html(measured: Measured, *, language: str = "en", alarms: Sequence[Finding] = ()) -> str:
    """One self-contained document; write it as UTF-8."""
    return web(_page(measured, language, alarms))


def csv(measured: Measured, *, language: str = "en", alarms: Sequence[Finding] = ()) -> str:
    """One table for a spreadsheet; write it as 'utf-8-sig', which Excel needs to read Chinese."""
    return spreadsheet(_page(measured, language, alarms))


def as_json(measured: Measured, *, language: str = "en", alarms: Sequence[Finding] = ()) -> str:
    """One JSON object: exact micros, estimates with bounds or reason, notes as codes and in words."""
    document: dict[str, Any] = msgspec.to_builtins(measured)
    for name in ("notes", "method"):
        notes = getattr(measured, name)
        texts = sentences(notes, language, shift=measured.offset)
        document[name] = [
            {**msgspec.to_builtins(note), "text": text} for note, text in zip(notes, texts, strict=True)
        ]
    if alarms:
        document["alarms"] = msgspec.to_builtins(list(alarms))
    return msgspec.json.encode(document).decode()


def _page(measured: Measured, language: str, alarms: Sequence[Finding]) -> Page:
    if isinstance(measured, Report):
        return report_page(measured, language=language, alarms=alarms)
    return quality_page(measured, language=language, alarms=alarms)
