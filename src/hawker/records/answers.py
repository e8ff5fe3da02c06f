"""What a shop lets its assistant answer from, and with what words."""

from __future__ import annotations

from msgspec import Struct


class AnswerRules(Struct, frozen=True, forbid_unknown_fields=True):
    """A shop's assistant. `policies` (Markdown) and `faq` (CSV, JSON or JSON lines with a question and an

    answer) are patterns of file names within the shop's folder. `orders` is a file of orders or the URL of
    the shop's own order service, '' for none. `writer` phrases answers (as in `hawker write`), '' leaves
    them as they are extracted; `jurisdiction` is the law that phrased answers are checked against.
    `placement` is where sponsored products beside recommendations are booked, '' for none. `contact` is
    what a shopper is told when a person has to take over. `keep_days` is how long questions are kept, 0 not
    at all.
    """

    policies: tuple[str, ...] = ("policies*.md",)
    faq: tuple[str, ...] = ("faq*.csv", "faq*.jsonl", "faq*.json")
    orders: str = ""
    writer: str = ""
    jurisdiction: str = ""
    placement: str = ""
    contact: str = ""
    keep_days: int = 30
