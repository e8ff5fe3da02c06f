"""An explanation of one decision: executed again, then told to a person in their language."""

from __future__ import annotations

from msgspec import Struct

from hawker.delivery.engine import Engine
from hawker.explain.again import Again, Executed, again
from hawker.explain.score import EXACT, Why, contributions
from hawker.explain.words import left_out, signal, spoken, unfilled, word
from hawker.records.bid import NoBidReason
from hawker.records.campaign import Pricing
from hawker.records.consent import ConsentPath
from hawker.records.decision import Decision, Slot
from hawker.records.money import MICROS
from hawker.storage.decision_log import DecisionLog
from hawker.storage.shop import Shop

_MOST_PARTS = 3


class Reason(Struct, frozen=True):
    """One reason of a score: its code, its words, and its part (positive: it counts for the ad)."""

    code: str
    text: str
    weight: float


class AdExplained(Struct, frozen=True):
    """One shown ad. `reasons` compare its score with those of the other ads considered.

    `propensity` is the chance it had of this slot, `probability` the predicted chance of `outcome`
    (a rate only where the model is calibrated), `explored` whether chance drew it.
    """

    slot: int
    ad: str
    product: str
    headline: str
    sponsored: bool
    label: str
    on_behalf_of: str
    paid_by: str
    statement: str
    why: str
    reasons: tuple[Reason, ...]
    method: str
    score: float
    baseline: float
    price: str
    propensity: float
    probability: float
    explored: bool


class LeftOut(Struct, frozen=True):
    """How many ads were not shown for one reason."""

    reason: str
    count: int
    text: str


class Explanation(Struct, frozen=True):
    """The whole answer. `reproduced` is true where executing the record again gave it bit for bit,

    None where it cannot be executed (`reproduction` says why). `parameters` are the main parameters
    used and `choices` how to change them (DSA art. 26).
    """

    decision: str
    time: int
    language: str
    placement: str
    path: str
    path_text: str
    reproduced: bool | None
    reproduction: Again
    ads: tuple[AdExplained, ...]
    fallback: str
    fallback_text: str
    eligible: int
    considered: int
    left_out: tuple[LeftOut, ...]
    parameters: tuple[str, ...]
    choices: tuple[str, ...]
    outcome: str
    versions: dict[str, str]
    watermark: int
    synthetic: bool


def explain(source: Shop | Engine, decision: str | Decision, *, language: str = "en") -> Explanation:
    """Explain a decision on record, by its id, or one in hand.

    Raises `NotFound` for a decision that is not on record, `BadSetting` for another language than
    English and Chinese.
    """
    chosen = spoken(language)
    record = decision if isinstance(decision, Decision) else _recorded(source, decision)
    compared, executed = again(record, source)
    shop = source.shop if isinstance(source, Engine) else source
    told = [
        _ad(record, place, executed, language=chosen, currency=shop.settings.currency)
        for place in range(len(record.slots))
    ]
    used = dict.fromkeys([*(reason.text for ad in told for reason in ad.reasons), word("bid", chosen)])
    return Explanation(
        decision=record.id,
        time=record.time,
        language=chosen,
        placement=record.request.placement,
        path=record.path,
        path_text=f"{word(f'path_{record.path}', chosen)} {signal(record.path_reason, chosen)}",
        reproduced=compared.reproduced,
        reproduction=compared,
        ads=tuple(told),
        fallback=record.fallback,
        fallback_text=unfilled(record.fallback, chosen) if record.fallback else "",
        eligible=record.eligible,
        considered=len(record.candidates.ads),
        left_out=tuple(
            LeftOut(reason, count, left_out(reason, chosen))
            for reason, count in sorted(record.excluded.items(), key=lambda entry: -entry[1])
        ),
        parameters=tuple(used) if told else (),
        choices=_choices(record.path, chosen),
        outcome=record.outcome,
        versions=record.versions,
        watermark=record.watermark,
        synthetic=record.synthetic,
    )


def _recorded(source: Shop | Engine, name: str) -> Decision:
    if isinstance(source, Engine):
        return source.decision_log.read(name)
    log = DecisionLog(source.decisions)
    try:
        return log.read(name)
    finally:
        log.close()


def _ad(
    record: Decision, place: int, executed: Executed | None, *, language: str, currency: str
) -> AdExplained:
    slot = record.slots[place]
    found = _why(record, slot, executed)
    reasons = tuple(Reason(part.reason, word(part.reason, language), part.weight) for part in found.parts)
    return AdExplained(
        slot=place,
        ad=slot.ad.id,
        product=slot.ad.product,
        headline=slot.ad.headline,
        sponsored=True,
        label=word("sponsored", language),
        on_behalf_of=slot.ad.behalf or slot.ad.advertiser,
        paid_by=slot.ad.payer,
        statement=_statement(slot, language),
        why=_sentence(slot, reasons, language, narrowed=NoBidReason.NOT_RETRIEVED in record.excluded),
        reasons=reasons,
        method=found.method,
        score=found.score,
        baseline=found.baseline,
        price=_price(record, slot, language=language, currency=currency),
        propensity=slot.propensity,
        probability=slot.probability,
        explored=slot.explored,
    )


def _statement(slot: Slot, language: str) -> str:
    """That it is an ad, whom it speaks for, and who pays where that is another."""
    who = slot.ad.behalf or slot.ad.advertiser or word("nobody", language)
    said = word("is_ad", language, who=who)
    space = "" if language == "zh" else " "
    return f"{said}{space}{word('paid_by', language, who=slot.ad.payer)}" if slot.ad.payer else said


def _why(record: Decision, slot: Slot, executed: Executed | None) -> Why:
    """The parts of a shown ad's score; none where the model is gone, or had no say in its value."""
    if executed is None or slot.pricing == Pricing.CPM:
        return Why(EXACT, 0.0, 0.0, ())
    model, rows, place = executed.stage(record.candidates.ads.index(slot.ad.id))
    return contributions(model, rows, row=place)


def _sentence(slot: Slot, reasons: tuple[Reason, ...], language: str, *, narrowed: bool) -> str:
    """Why this ad has this slot, in one or two sentences, the heaviest reasons first."""
    if slot.explored:
        return word("by_chance", language)
    if not reasons:
        first = f" {word('first_look', language)}" if narrowed else ""
        return word("by_bid", language) + first
    said = [
        word("for" if reason.weight > 0 else "against", language, reason=reason.text)
        for reason in reasons[:_MOST_PARTS]
    ]
    return word("because", language, reasons=word("and", language).join(said))


def _price(record: Decision, slot: Slot, *, language: str, currency: str) -> str:
    given = {"price": _amount(slot.price, currency), "unit": word(slot.pricing, language)}
    if record.mechanism == "first":
        return word("price_bid", language, **given)
    if not slot.runner_up:
        return word("price_floor", language, **given)
    return word("price_rival", language, rival=slot.runner_up, **given)


def _amount(price: int, currency: str) -> str:
    """Micros in full: a click may cost less than a cent."""
    whole, rest = divmod(price, MICROS)
    digits = f"{rest:06}".rstrip("0").ljust(2, "0")
    return f"{whole:,}.{digits} {currency}".strip()


def _choices(path: str, language: str) -> tuple[str, ...]:
    """What the shopper can do about it: DSA art. 26 asks for it to be said beside the ad."""
    names = {
        ConsentPath.PERSONALISED: ("change_refuse", "change_interests", "change_hide", "change_none"),
        ConsentPath.CONTEXTUAL: ("change_back", "change_hide", "change_none"),
    }.get(ConsentPath(path), ())
    return tuple(word(name, language) for name in names)
