"""Where the server writes what happens to it: one JSON object a line, on standard error."""

from __future__ import annotations

import sys

import structlog


def to_stderr() -> None:
    """Log to standard error, unless the process that embeds the server has decided otherwise."""
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # what it is now, not at the start
        cache_logger_on_first_use=False,
    )
