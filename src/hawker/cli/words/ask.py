"""What `hawker ask` says, in English and Chinese."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "ask_question": ("“{text}”", "“{text}”"),
    "ask_handover": ("Handed over to a person: {reason}", "转人工：{reason}"),
    "ask_serve": ("and POST /v1/ask", "然后 POST /v1/ask"),
    "demo_asked": ("The assistant answers from the records alone:", "助手只依据资料回答："),
}
"""Each in English and Chinese; braces name what is filled in."""
