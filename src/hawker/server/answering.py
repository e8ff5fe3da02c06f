"""`/v1/ask`: what a page may ask the shop's assistant, and what it is told: sentences, and their records."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
from collections.abc import Mapping
from time import perf_counter
from typing import TYPE_CHECKING

import msgspec
import structlog
from msgspec import Struct

from hawker import answers
from hawker.answers import offers, orders
from hawker.answers.assistant import Assistant
from hawker.answers.policies import version as written
from hawker.answers.question import LONGEST
from hawker.answers.reply import Answer, Conversation, Sentence, Suggestion
from hawker.delivery import Engine, pipeline
from hawker.errors import HawkerError
from hawker.privacy import masking
from hawker.records.consent import Consent, ConsentPath
from hawker.records.decision import Request
from hawker.records.key import Role
from hawker.retrieval.search import Found
from hawker.server import asking
from hawker.server.asking import PageAnswer
from hawker.server.endpoint import PAGES, TEXT, Endpoint, parameters
from hawker.server.kept import Kept
from hawker.server.keys import caller
from hawker.server.lookup import searched
from hawker.server.pages import serving
from hawker.server.wire import Handler, Receive, Reply, Scope, bodily, body, decoded, unfit, wrong_method
from hawker.storage.questions import Question, Questions

if TYPE_CHECKING:
    from hawker.server.application import Application

MOST_REMEMBERED = 20_000
_log = structlog.get_logger("hawker.server")


class AskRequest(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A question, and who asks. `conversation` is what the last answer gave under that name.

    Orders are looked up for a `shopper` only where the shop's own server asks, with its secret key.
    """

    question: str = ""
    conversation: str = ""
    shopper: str = ""
    session: str = ""
    location: str = ""
    device: str = ""
    language: str = ""
    consent: Consent = Consent()


class AskAnswer(Struct):
    """The answer: `text`, and its `sentences` with the records that they stand on.

    Where `abstained`, nothing on record answers it: `reason` is the code of why, `handover` the summary
    for a person. `clarify` lists what to choose from. `suggested` are recommended with reasons, `sponsored`
    is as `/v1/decide` answers, null where nothing was recommended or the shop has no such placement.
    `conversation` is to be sent with the next question.
    """

    text: str
    sentences: tuple[Sentence, ...]
    kind: str
    products: tuple[str, ...]
    abstained: bool
    reason: str
    handover: str
    clarify: tuple[str, ...]
    suggested: tuple[Suggestion, ...]
    sponsored: PageAnswer | None
    language: str
    writer: str
    conversation: str


_DECODER = msgspec.json.Decoder(AskRequest)
_REMEMBERED = msgspec.json.Decoder(Conversation)
_SIGNALS = tuple(field.name for field in msgspec.structs.fields(Consent))
_TEXTS = ("question", "conversation", "shopper", "session", "location", "device", "language")
PARAMETERS = (*_TEXTS, *_SIGNALS)
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "post",
        "/v1/ask",
        "The shop's assistant: an answer from the records, or none",
        keys=PAGES,
        takes=AskRequest,
        gives=AskAnswer,
        refusals=(400, 413, 503),
    ),
    Endpoint(
        "get",
        "/v1/ask",
        "The same, with every field of the request as a parameter",
        keys=PAGES,
        gives=AskAnswer,
        parameters=(*((name, TEXT, False) for name in _TEXTS), *parameters(Consent)),
        refusals=(400, 503),
    ),
)


def hot(application: Application) -> Mapping[str, Handler]:
    """The handler of questions."""
    held = Kept("ask", _version, lambda engine, _: _made(application, engine))

    async def handle(scope: Scope, receive: Receive) -> Reply:
        engine = serving(application)
        if scope["method"] == "POST":
            asked = posted(await body(scope, receive, most=application.limit), scope)
        elif scope["method"] == "GET":
            asked = in_query(scope)
        else:
            return wrong_method(("GET", "POST"), scope["method"])
        request = asking.sound(_request(asked, engine), scope)
        assistant = await held.current(engine)
        signed = asked.shopper if caller(scope).role is Role.SHOP else ""
        answer, found = await asyncio.to_thread(_considered, assistant, asked, signed)
        ads = _ads(application, request, found, assistant)
        if days := engine.shop.settings.answers.keep_days:
            await asyncio.to_thread(_keep, engine, _noted(engine, request, asked, answer), days)
        return Reply(200, _told(answer, ads))

    return {"/v1/ask": handle}


def posted(given: bytes, scope: Scope) -> AskRequest:
    """The question in a JSON body."""
    known = (*AskRequest.__struct_fields__, *_SIGNALS)
    example = 'Send a question, such as {"question": "How much is the green tea?"}.'
    asked = decoded(_DECODER, given or b"{}", known=known, example=example)
    bodily(scope)
    return _bounded(asked)


def in_query(scope: Scope) -> AskRequest:
    """The question in a query string."""
    try:
        asked = msgspec.convert(asking.fields(scope, known=PARAMETERS), AskRequest, strict=False)
    except msgspec.ValidationError as error:
        raise unfit(f"{error}.") from error
    return _bounded(asked)


def remembered(given: str) -> Conversation:
    """What a page was given to send back: no secret, and whoever changes it changes what is spoken of."""
    if not given:
        return Conversation()
    try:
        return _REMEMBERED.decode(base64.urlsafe_b64decode(given.encode("ascii")))
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise unfit("'conversation' is none.", "Send what the last answer gave, or nothing.") from error


def token(held: Conversation) -> str:
    """What is remembered, as a page sends it back."""
    return base64.urlsafe_b64encode(msgspec.json.encode(held)).decode("ascii")


def _considered(assistant: Assistant, asked: AskRequest, signed: str) -> tuple[Answer, Found | None]:
    answer, found = assistant.considered(
        asked.question,
        conversation=remembered(asked.conversation),
        language=asked.language,
        shopper=signed,
    )
    return assistant.phrased(answer), found


def _request(asked: AskRequest, engine: Engine) -> Request:
    """The question as a request whose path consent decides."""
    return Request(
        placement=engine.shop.settings.answers.placement,
        shopper=asked.shopper,
        session=asked.session,
        location=asked.location,
        device=asked.device,
        language=asked.language,
        consent=asked.consent,
    )


def _ads(
    application: Application, request: Request, found: Found | None, assistant: Assistant
) -> PageAnswer | None:
    """What is sponsored beside a recommendation: one decision, on record like any other."""
    engine = serving(application)
    if found is None or not found.hits or request.placement not in engine.world.placements:
        return None
    asked = msgspec.structs.replace(request, query=found.question.text)
    since = perf_counter()
    decision = offers.decided(found, asked=asked, engine=engine, search=assistant.search)
    application.metrics.decided(decision, since=since)
    return asking.answer(decision, language=engine.shop.settings.language, tokens=engine.door.tokens)


def _noted(engine: Engine, request: Request, asked: AskRequest, answer: Answer) -> Question:
    """The question as it is kept: masked, no order named, nobody's where the path is not personalised."""
    renamed = engine.naming.renamed(request)
    personal = pipeline.path_of(renamed, engine.world)[0] is ConsentPath.PERSONALISED
    cited = [one for said in answer.sentences for one in said.citations]
    marks = dict.fromkeys("[order]" if one.source == "order" else one.mark for one in cited)
    question = masking.text(asked.question[:LONGEST])
    return Question(
        time=engine.tick(),
        shopper=renamed.shopper if personal else "",
        session=renamed.session if personal else "",
        question=orders.unnumbered(question) if answer.kind == "order" else question,
        language=answer.language,
        kind=answer.kind,
        citations=" ".join(marks),
        reason=answer.reason,
    )


def _keep(engine: Engine, one: Question, days: int) -> None:
    """Put a question on record; an answer does not wait for a disk that is full."""
    try:
        with contextlib.closing(Questions(engine.shop.control)) as questions:
            questions.add(one, days=days)
    except HawkerError as error:
        _log.error("question_not_kept", error=str(error))


def _told(answer: Answer, ads: PageAnswer | None) -> bytes:
    return msgspec.json.encode(
        AskAnswer(
            text=answer.text,
            sentences=answer.sentences,
            kind=answer.kind,
            products=answer.products,
            abstained=answer.abstained,
            reason=answer.reason,
            handover=answer.handover,
            clarify=answer.clarify,
            suggested=answer.suggested,
            sponsored=ads,
            language=answer.language,
            writer=answer.writer,
            conversation=token(answer.conversation),
        )
    )


def _bounded(asked: AskRequest) -> AskRequest:
    """The question within bounds."""
    if len(asked.question) > LONGEST:
        raise unfit(f"'question' must be at most {LONGEST} characters.")
    if len(asked.conversation) > MOST_REMEMBERED:
        raise unfit(f"'conversation' must be at most {MOST_REMEMBERED} characters.")
    return asked


def _version(engine: Engine) -> tuple[str, ...]:
    """What an assistant is made of, by its versions."""
    held = (engine.world.versions.get(name, "") for name in ("catalogue", "vectors"))
    return (*held, written(engine.shop))


async def _made(application: Application, engine: Engine) -> Assistant:
    search = await searched(application).current(engine)
    return await asyncio.to_thread(answers.build, engine.shop, search=search)
