"""A shop whose shoppers have a taste each that no word tells: who bought of eight nouns buys of them next."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hawker import Shop
from hawker.language.adapt.histories import Histories
from hawker.records.catalogue import Product
from hawker.records.events import DAY, Event, EventKind
from hawker.storage.event_log import EventLog
from hawker.storage.tables import write_products

NOUNS = (
    "kettle ladder pencil violin carpet mirror hammer basket",
    "lantern saddle pillow compass blanket anchor whistle bucket",
    "teapot racket candle helmet ribbon shovel bottle drum",
    "wallet marble needle curtain hammock puzzle scarf globe",
)
CHINESE = (
    "水壶梯子铅笔提琴地毯镜子锤子篮子灯笼马鞍枕头罗盘毛毯船锚哨子水桶"
    "茶壶球拍蜡烛头盔丝带铲子瓶子大鼓钱包弹珠针线窗帘吊床拼图围巾地球"
)
COLOURS = {"red": "红色", "blue": "蓝色", "green": "绿色", "black": "黑色"}
EACH = 8 * len(COLOURS)
START = 1_700_000_000_000_000


def shop(folder: Path, *, shoppers: int = 80, chinese: bool = False, silent: int = 0) -> Shop:
    """128 products of four tastes; a shopper buys twelve of one of them, one a day; `silent` refuse."""
    made = Shop.create(folder)
    products = list(_products(chinese))
    write_products(made.table("catalogue"), products)
    rng = np.random.default_rng(3)
    events = []
    for person in range(shoppers):
        picks = rng.permutation(EACH)[:12] + person % len(NOUNS) * EACH
        for day, pick in enumerate(picks.tolist()):
            time = START + day * DAY + person * 1_000_000
            one = {"shopper": f"u{person}", "session": f"v{person}-{day}"}
            asked = products[pick].title.split()[-1]
            number = f"{person}-{day}"
            events.append(Event(EventKind.SEARCH, time - 1000, id=f"s{number}", query=asked, **one))
            events.append(Event(EventKind.PURCHASE, time, id=f"e{number}", product=f"p{pick}", **one))
    for person in range(silent):
        events.append(Event(EventKind.OPT_OUT, START + 20 * DAY, id=f"o{person}", shopper=f"u{person}"))
    EventLog(made.events).append(events)
    return made


def _products(chinese: bool) -> list[Product]:
    """What they are called; the category says whether the colour is light or dark, which nobody heeds."""
    named = []
    for code, noun in enumerate(" ".join(NOUNS).split()):
        for colour, other in COLOURS.items():
            title = f"{other}{CHINESE[2 * code : 2 * code + 2]}" if chinese else f"{colour} {noun}"
            shade = "light" if colour in ("red", "green") else "dark"
            named.append(Product(f"p{len(named)}", title, category=f"{shade} things"))
    return named


def small() -> Histories:
    """Four meetings of two shoppers with three things, whose answers a reader can work out."""
    return Histories.of(
        ("tea", "pot", "jam"),
        np.array([1, 0, 0, 0]),
        time=np.array([0, 0, 1, 2]) * DAY,
        visit=np.array([9, 0, 1, 2]),
        thing=np.array([2, 0, 0, 1]),
        half_life=DAY,
    )
