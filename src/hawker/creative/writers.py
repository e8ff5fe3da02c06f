"""Which writer: by name, from a language model, or one that is a writer already; and copy in one call."""

from __future__ import annotations

from hawker.creative.draft import Extractive
from hawker.creative.studio import Drafter
from hawker.creative.studio import write as _write
from hawker.language.writer import EXTRACTIVE, Writer, writer
from hawker.records.draft import Brief
from hawker.records.sheet import Sheet
from hawker.records.writing import WriterRules


def drafter(by: str | Writer | Drafter, *, rules: WriterRules | None = None) -> Drafter:
    """What writes: 'extractive', 'local:smollm2', 'openai:URL#MODEL', a language model, or a writer as it is.

    >>> drafter("extractive").name
    'extractive'
    """
    if by == EXTRACTIVE:
        return Extractive()
    if not isinstance(by, str) and isinstance(by, Drafter):
        return by
    from hawker.creative.prompted import Prompted

    return Prompted(writer(by, rules=rules) if isinstance(by, str) else by)


def write(by: str | Writer | Drafter, brief: Brief, *, n: int = 4, seed: int = 0) -> Sheet:
    """Copy for a brief, held against the gate: what may be shown first, then what fell, with its objections.

    >>> from hawker.records.catalogue import Product
    >>> sheet = write("extractive", Brief(Product("p", "Wool trail socks", brand="Hill")), n=2, seed=7)
    >>> sorted(sheet.accepted[0].draft.parts)
    ['call_to_action', 'description', 'title']
    """
    return _write(drafter(by), brief, n=n, seed=seed)
