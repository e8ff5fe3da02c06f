"""The shop's orders, through a port: what a signed shopper may hear of one of their own, nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import msgspec
from msgspec import Struct

from hawker.answers.case import Case
from hawker.answers.reply import Answer, Citation
from hawker.answers.safe import harmless
from hawker.errors import BadReply, BadSetting, Unreachable, UnreadableFile
from hawker.storage.shop import Shop

SECONDS = 2.0
LARGEST = 100_000
_NUMBER = re.compile(r"(?<![\w.])#?([A-Za-z]{1,8}[-_]?\d[\w-]{0,38}|\d[\w-]{2,38})(?!\w)", re.ASCII)


class Order(Struct, frozen=True):
    """One order as a shop tells it: whose it is, how it stands, when it is due."""

    id: str
    shopper: str
    status: str
    expected: str = ""
    tracking: str = ""
    placed: str = ""
    products: tuple[str, ...] = ()


class Orders(Protocol):
    """Where orders are looked up. It is asked for a shopper's own only; the assistant checks that again."""

    def of(self, shopper: str, *, order: str = "") -> Sequence[Order]:
        """A shopper's orders, the latest first; with `order`, that one if it is theirs."""


class OrderFile:
    """Orders in a JSON lines file of the shop's folder, an order a line; read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stand = (0, 0)
        self._held: dict[str, list[Order]] = {}

    def of(self, shopper: str, *, order: str = "") -> Sequence[Order]:
        """A shopper's orders, the last of the file first."""
        held = self._current().get(shopper, [])
        return [one for one in held if not order or one.id.casefold() == order.casefold()]

    def _current(self) -> dict[str, list[Order]]:
        if not self._path.is_file():
            raise UnreadableFile(
                f"There is no file '{self._path.name}' of orders.", remedy="Name another in [answers] orders."
            )
        stand = self._path.stat()
        if (stand.st_size, stand.st_mtime_ns) != self._stand:
            found: dict[str, list[Order]] = {}
            for number, line in enumerate(self._path.read_bytes().splitlines(), 1):
                if line.strip():
                    one = _order(line, f"{self._path.name}:{number}")
                    found.setdefault(one.shopper, []).insert(0, one)
            self._held, self._stand = found, (stand.st_size, stand.st_mtime_ns)
        return self._held


class OrderService:
    """Orders behind a URL of the shop's with `{shopper}` and `{order}` in it; it answers one order or a list.

    It is asked once, for two seconds at most. 404 says that there is none.
    """

    def __init__(self, url: str) -> None:
        if urlsplit(url).scheme not in ("http", "https") or "{shopper}" not in url:
            raise BadSetting(
                f"'{url[:80]}' cannot tell whose orders are meant.",
                remedy="Write a URL such as https://shop.example/orders?shopper={shopper}&order={order}",
            )
        self._url = url

    def of(self, shopper: str, *, order: str = "") -> Sequence[Order]:
        """A shopper's orders, as the service gives them."""
        url = self._url.replace("{shopper}", quote(shopper, safe="")).replace(
            "{order}", quote(order, safe="")
        )
        try:
            with urlopen(Request(url, headers={"accept": "application/json"}), timeout=SECONDS) as reply:
                body = reply.read(LARGEST)
        except HTTPError as error:
            if error.code == 404:
                return []
            raise Unreachable(f"The shop's orders answered {error.code}.") from error
        except (URLError, OSError) as error:
            raise Unreachable(f"The shop's orders do not answer: {error}.") from error
        try:
            held = msgspec.json.decode(body, type=list[Order] | Order)
        except msgspec.MsgspecError as error:
            raise BadReply(f"The shop's orders answered with what is none: {error}.") from error
        return held if isinstance(held, list) else [held]


def opened(shop: Shop) -> Orders | None:
    """Where this shop's orders are looked up; None where it has named no place."""
    place = shop.settings.answers.orders
    if not place:
        return None
    return OrderService(place) if "://" in place else OrderFile(shop.folder / place)


def number(text: str) -> str:
    """The number of an order in a question; '' where there is none.

    >>> number("Where is order #A-1042?"), number("Where is my order?")
    ('A-1042', '')
    """
    found = _NUMBER.search(text)
    return found[1] if found else ""


def unnumbered(text: str) -> str:
    """A question without what may be an order's number, which leads to a person.

    >>> unnumbered("Where is order #A-1042?")
    'Where is order #…?'
    """
    return _NUMBER.sub("#…", text)


def answered(case: Case, orders: Orders | None) -> Answer:
    """How a shopper's order stands: the one that was named, else the last. Never another shopper's."""
    if orders is None:
        return case.refuse("no_orders", kind="order")
    if not case.shopper:
        return case.refuse("not_signed_in", kind="order")
    named = number(case.text)
    try:
        found = [one for one in orders.of(case.shopper, order=named) if _theirs(one, case.shopper, named)]
    except (Unreachable, BadReply, UnreadableFile):
        return case.refuse("no_orders", kind="order")
    if not found:
        return case.refuse("order_not_found", kind="order")
    one = found[0]
    said = [case.say("order_status", _cite(one, "status"), order=one.id, value=harmless(one.status))]
    if one.expected:
        said.append(case.say("order_due", _cite(one, "expected"), value=harmless(one.expected)))
    if one.tracking:
        said.append(case.say("order_tracking", _cite(one, "tracking"), value=harmless(one.tracking)))
    return case.answer("order", *said)


def _theirs(one: Order, shopper: str, named: str) -> bool:
    return one.shopper == shopper and (not named or one.id.casefold() == named.casefold())


def _cite(one: Order, field: str) -> Citation:
    return Citation("order", one.id, field, str(getattr(one, field)))


def _order(line: bytes, place: str) -> Order:
    try:
        return msgspec.json.decode(line, type=Order)
    except msgspec.MsgspecError as error:
        raise UnreadableFile(
            f"{place}: {error}.", remedy="Write objects with 'id', 'shopper' and 'status'."
        ) from error
