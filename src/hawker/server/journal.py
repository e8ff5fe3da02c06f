"""Where the server writes what happens to it: one JSON object a line, people masked."""

from __future__ import annotations

import sys
from typing import Any

import structlog
from structlog.typing import EventDict

from hawker.privacy.masking import masked


def to_stderr() -> None:
    """Log to standard error, unless the process that embeds the server has decided otherwise."""
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _masked,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # what it is now, not at the start
        cache_logger_on_first_use=False,
    )


def _masked(_logger: Any, _name: str, line: EventDict) -> EventDict:
    """A line in which nobody can be known again; the time of it stays."""
    return {name: value if name == "timestamp" else masked(value, name=name) for name, value in line.items()}
