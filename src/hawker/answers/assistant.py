"""The shop assistant: reads a question, finds the records that answer it, and says no more than they do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from hawker.answers import compare, goods, offers, orders, phrase, policies, safe
from hawker.answers.case import Case
from hawker.answers.facts import titled
from hawker.answers.lexicon import Lexicon, lexicon
from hawker.answers.memory import Recall
from hawker.answers.naming import Names
from hawker.answers.orders import Orders
from hawker.answers.question import LONGEST
from hawker.answers.question import language as spoken_in
from hawker.answers.reply import Answer, Conversation, Sentence, Turn
from hawker.answers.say import summary
from hawker.answers.shop_words import Written
from hawker.language.analysis import plain
from hawker.language.writer import Writer, writer
from hawker.privacy import masking
from hawker.records.catalogue import Product
from hawker.retrieval import search_shop
from hawker.retrieval.search import Found, Search
from hawker.storage.shop import Shop

_POLICIES = ("returns", "refund", "exchange", "delivery", "abroad", "payment", "cancel", "invoice", "gift")


@dataclass
class Assistant:
    """Answers questions about one shop. Made by `build`; never changed, so threads may share it."""

    search: Search
    written: Written
    names: Names
    orders: Orders | None = None
    currency: str = ""
    shop_language: str = "en"
    contact: str = ""
    jurisdiction: str = ""
    writer: Writer | None = None
    words: Lexicon = field(default_factory=lexicon)

    def ask(
        self,
        text: str,
        *,
        conversation: Conversation | None = None,
        language: str = "",
        shopper: str = "",
        now: int | None = None,
    ) -> Answer:
        """Answer a question. `conversation` is the last answer's, `shopper` whoever has signed in.

        No model is asked but the writer, where the shop has named one; nothing is kept. `now` is not looked
        at yet: no record that an answer stands on has a time.
        """
        del now
        answer, _ = self.considered(text, conversation=conversation, language=language, shopper=shopper)
        return self.phrased(answer)

    def phrased(self, answer: Answer) -> Answer:
        """The answer in the words of the shop's writer, where it has one and the check does not object."""
        about = [self.names.places[one] for one in answer.products if one in self.names.places]
        products = self._products(about) if answer.kind != "policy" else ()
        return phrase.phrased(answer, self.writer, products=products, jurisdiction=self.jurisdiction)

    def considered(
        self,
        text: str,
        *,
        conversation: Conversation | None = None,
        language: str = "",
        shopper: str = "",
    ) -> tuple[Answer, Found | None]:
        """The answer, and what was found for a recommendation: what may be sponsored beside it."""
        before = conversation or Conversation()
        left, ordered = safe.request(text[:LONGEST])
        case = self._case(left or text[:LONGEST], before, spoken=language, shopper=shopper)
        found: Found | None = None
        if not text.strip():
            answer = case.refuse("empty", kind="unclear")
        elif not left and not (case.asked.fields and case.products):
            answer = case.refuse("not_an_order", kind="declined")
        elif "recommend" in case.asked.kinds and not case.asked.fields and not case.asked.topics:
            answer, found = offers.recommended(case, self.search)
        else:
            answer = self._routed(case, ordered=ordered)
        return self._finished(case, answer, text), found

    def _case(self, text: str, before: Conversation, *, spoken: str, shopper: str) -> Case:
        """What is asked, and of which products."""
        said = plain(text)
        tongue = (
            spoken[:2].lower() if spoken else spoken_in(text, before=before.language, shop=self.shop_language)
        )
        tongue = "zh" if tongue == "zh" else "en"
        named = Recall(self.names, self.words).named(said, before, language=tongue)
        return Case(
            text=text,
            asked=named.asked,
            products=self._products(named.rows),
            options=self._products(named.options),
            sure=named.share,
            whole=named.whole,
            before=before,
            shopper=shopper,
            currency=self.currency,
        )

    def _products(self, rows: Iterable[int]) -> tuple[Product, ...]:
        return tuple(self.names.products[row] for row in rows)

    def _routed(self, case: Case, *, ordered: bool) -> Answer:
        """The answer of whatever part of the shop the question is about."""
        asked = case.asked
        for kind in ("greeting", "thanks"):
            if kind in asked.kinds:
                return case.answer(kind, case.say(kind))
        if "person" in asked.kinds:
            return case.refuse("person", kind="person")
        if "order" in asked.kinds:
            return self._order(case)
        if "discount" in asked.kinds and "saving" not in asked.kinds and "stock" not in asked.fields:
            return self._discount(case)
        about = (*case.products, *case.options)[:1]
        called = any(goods.called(one, asked.rest) for one in about)
        if called and len(case.products) == 1:
            return goods.answered(case, case.products[0], self.words)
        if "gap" in asked.kinds and len(case.products) > 1:
            return compare.compared(case, case.products, self.words)
        if asked.topics and not called and (answer := self._policy(case)):
            return answer
        if case.options:
            return self._which(case)
        if len(case.products) > 1 and (asked.compares or goods.marks(asked.rest) > 1 or asked.again):
            return compare.compared(case, case.products, self.words)
        if case.products:
            return goods.answered(case, case.products[0], self.words)
        return self._unnamed(case, ordered=ordered)

    def _order(self, case: Case) -> Answer:
        """An order, or what the shop has written about orders where nobody's may be looked up."""
        answer = orders.answered(case, self.orders)
        if answer.abstained and answer.reason in ("no_orders", "not_signed_in"):
            written = self.written.answered(case)
            if written is not None and not orders.number(case.text):
                return written
        return answer

    def _discount(self, case: Case) -> Answer:
        """Nobody is granted anything; what the shop has written on coupons, or the price, stands beside."""
        written = self.written.answered(case) if "coupon" in case.asked.topics else None
        if written is not None:
            return written
        beside: Sequence[Sentence] = ()
        if case.products and not (price := goods.priced(case, case.products[0])).abstained:
            beside = price.sentences
        return case.refuse("not_mine", *beside, kind="discount", about=case.products[:1])

    def _policy(self, case: Case) -> Answer | None:
        """What the shop has written; of a product, unless its own record says so."""
        asked = case.asked
        if case.products and not set(asked.topics) & set(_POLICIES):
            own = goods.answered(case, case.products[0], self.words) if asked.fields else None
            if own is not None and not own.abstained:
                return own
        answer = self.written.answered(case)
        if answer is not None:
            return answer
        if not case.products and not case.options:
            return case.refuse("no_policy", kind="policy")
        if set(asked.topics) & set(_POLICIES) and set(asked.fields) <= {"price"}:
            return case.refuse("no_policy", kind="policy", about=case.products[:1])
        return None

    def _which(self, case: Case) -> Answer:
        """Several products fit equally: one answer where all say the same, else the question which."""
        told = [goods.answered(case, one, self.words) for one in case.options]
        if all(one.abstained for one in told):
            return told[0]
        values = {tuple(c.value for s in one.sentences for c in s.citations) for one in told}
        if len(values) == 1 and not told[0].abstained and case.asked.fields:
            return told[0]
        options = tuple(dict.fromkeys(titled(one) for one in case.options))
        asked = Answer(
            text="",
            sentences=(case.say("which"),),
            kind="clarify",
            products=tuple(one.id for one in case.options),
            reason="ambiguous",
            clarify=options,
        )
        return asked if len(options) > 1 else told[0]

    def _unnamed(self, case: Case, *, ordered: bool) -> Answer:
        """No product was named: what the shop has written, else which product is meant, else nothing."""
        asked = case.asked
        written = self.written.answered(case)
        if written is not None:
            return written
        if ordered and not asked.fields:
            return case.refuse("not_an_order", kind="declined")
        if asked.words:
            code = "unknown_product" if asked.fields or asked.kinds else "out_of_scope"
            return case.refuse(code, kind="unclear")
        if asked.fields or asked.compares:
            return Answer(
                text="", sentences=(case.say("which_product"),), kind="clarify", reason="no_product"
            )
        return case.refuse("out_of_scope", kind="unclear")

    def _finished(self, case: Case, answer: Answer, text: str) -> Answer:
        """The answer with its text, what is remembered, and what a person has to know who takes over."""
        turn = Turn(masking.text(text[:200]), answer.kind)
        turns = case.before.after(turn)
        sentences = answer.sentences
        handover = ""
        if answer.abstained:
            reason = sentences[0].text if sentences else answer.reason
            handover = summary(
                case.language,
                turns=[one.question for one in turns],
                products=[one.id for one in case.products],
                reason=reason,
            )
            if self.contact:
                sentences = (*sentences, case.say("contact", contact=self.contact))
        remembered = Conversation(
            products=answer.products or case.before.products,
            options=answer.products if answer.clarify else (),
            fields=case.asked.fields or case.before.fields,
            kind=answer.kind,
            language=case.language,
            turns=turns,
        )
        joint = "" if case.language == "zh" else " "
        return msgspec.structs.replace(
            answer,
            text=joint.join(one.text for one in sentences),
            sentences=sentences,
            handover=handover,
            language=case.language,
            conversation=remembered,
        )


def build(
    shop: Shop, *, products: Iterable[Product] | None = None, search: Search | None = None
) -> Assistant:
    """The assistant of a shop: over its catalogue, what it has written, and where its orders are looked up.

    `products` are the catalogue unless given, `search` their search where it has been made already.
    """
    made = search or search_shop.build(shop, products)
    settings = shop.settings
    return Assistant(
        search=made,
        written=Written(policies.read(shop), lexicon()),
        names=Names(made.index.products),
        orders=orders.opened(shop),
        currency=settings.currency,
        shop_language=settings.language,
        contact=settings.answers.contact,
        jurisdiction=settings.answers.jurisdiction,
        writer=writer(settings.answers.writer) if settings.answers.writer else None,
    )
