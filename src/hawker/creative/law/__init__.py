"""Whether words may be said in an ad: the advertising law of China, the EU, the UK and the US as data.

What is found is an `Objection` that cites its clause. An ERROR blocks; where the text or the product
shows that an exemption applies there is nothing or, where a person has to look, a WARNING.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache

from hawker.creative.law.books import JURISDICTIONS, Rule, claims, rules
from hawker.creative.law.folding import LETTERS, Folded, fold
from hawker.creative.law.joining import joined
from hawker.creative.law.weighing import Facts, Reading, facts, lifted
from hawker.errors import BadInput, nearest
from hawker.records.catalogue import Product
from hawker.records.draft import Objection
from hawker.records.finding import Severity

USUAL = {"zh": "CN", "en": "US"}
"""Where copy in a language is taken to be shown when nobody says; any other language: the EU."""

_SAYS = {
    "en": {"says": "“{text}” {message} ({clause}).", "lifted": "“{text}”: {why}; {clause} is not meant."},
    "zh": {
        "says": "“{text}”：{message}（{clause}）。",
        "lifted": "“{text}”：{why}，一般不属于{clause}禁止的情形。",
    },
}
_UNREAD = {
    "en": ("Advertising law is checked in English and Chinese only.", "Let somebody who reads it approve."),
    "zh": ("广告法检查仅支持中文和英文。", "请由懂该语言的人员审核。"),
}


def usual(language: str) -> str:
    """The jurisdiction that copy in a language is taken to be for.

    >>> usual("zh"), usual("de")
    ('CN', 'EU')
    """
    return USUAL.get(language[:2].lower(), "EU")


def provable() -> list[str]:
    """The rules for which proof counts, by id.

    >>> "uk-superlative" in provable(), "cn-superlative" in provable()
    (True, False)
    """
    return [rule.id for place in JURISDICTIONS for rule in rules(place) if rule.evidence]


def check(
    text: str,
    *,
    language: str,
    jurisdiction: str = "",
    product: Product | None = None,
    evidence: Collection[str] = (),
    reader: str = "en",
) -> tuple[Objection, ...]:
    """What the law of a jurisdiction ('' the language's usual one) holds against a text, in its order.

    `evidence` names the rules for which the shop holds proof: they leave a WARNING where the law lets
    proof count. Raises `BadInput` for a jurisdiction there are no rules for.

    >>> [(one.text, one.clause) for one in check("The best pillow.", language="en", jurisdiction="UK")]
    [('best', 'CAP Code 3.7')]
    """
    place = (jurisdiction or usual(language)).upper()
    if place not in JURISDICTIONS:
        raise BadInput(
            f"There are no rules for the jurisdiction '{jurisdiction}'. {nearest(place, list(JURISDICTIONS))}"
        )
    folded = fold(text)
    if not folded.text.strip():
        return ()
    known = facts(product, folded)
    tongue = reader if reader in _SAYS else "en"
    found = [
        objection
        for rule, start, end in _violations(folded, place, known)
        if (objection := _objection(text, rule, Reading(folded, start, end, known), evidence, tongue))
    ]
    if language[:2].lower() not in USUAL:
        message, remedy = _UNREAD[tongue]
        found.append(
            Objection("law", "law_unread", message=message, remedy=remedy, severity=Severity.WARNING)
        )
    return tuple(sorted(found, key=lambda one: (one.start, one.end)))


@lru_cache(maxsize=4096)
def _read(folded: str, claim: str) -> tuple[tuple[int, int], ...]:
    """Where a claim is read in a folded text, whoever the product is."""
    found = {
        match.span()
        for language, pattern in claims()[claim].reads.items()
        if LETTERS[language].search(folded)
        for match in pattern.finditer(folded)
    } | set(joined(folded, claim))
    kept: list[tuple[int, int]] = []
    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
        if start < end and (not kept or end > kept[-1][1]):
            kept.append((start, end))
    return tuple(kept)


def _violations(folded: Folded, jurisdiction: str, known: Facts) -> Iterator[tuple[Rule, int, int]]:
    """Every claim read, with the first of the clauses against it that is about these goods."""
    met: set[str] = set()
    for rule in rules(jurisdiction):
        if rule.claim in met or (rule.sectors and not rule.sectors & known.sectors):
            continue
        met.add(rule.claim)
        if rule.spared & known.sectors:
            continue
        needs = claims()[rule.claim].needs
        if needs is not None and needs.search(folded.text) is None:
            continue
        for start, end in _read(folded.text, rule.claim):
            yield rule, start, end


def _objection(
    text: str, rule: Rule, reading: Reading, evidence: Collection[str], reader: str
) -> Objection | None:
    """What is to be said about a claim that was read; None where an exemption leaves nothing of it."""
    claim = claims()[rule.claim]
    lift = lifted(claim, reading)
    if lift is not None and lift.to == "nothing":
        return None
    proven = rule.evidence and rule.id in evidence
    start, end = reading.folded.span(reading.start, reading.end)
    words = {
        "text": text[start:end],
        "clause": rule.clause,
        "message": claim.message[reader],
        "why": lift.why[reader] if lift else "",
    }
    return Objection(
        kind="law",
        reason=claim.name,
        text=text[start:end],
        start=start,
        end=end,
        message=_SAYS[reader]["lifted" if lift else "says"].format(**words),
        remedy=claim.remedy[reader],
        clause=rule.clause,
        severity=Severity.WARNING if lift or proven else rule.severity,
    )
