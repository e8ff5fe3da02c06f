"""The files an invented shop would hand over: a catalogue, weekly logs, the stores' orders, with dirt.

The formats are a shop's own (Chinese headers, yuan, local times, gzip, GBK), so that reading them is
real work; `COLUMNS` and `ORDER_COLUMNS` say which column means what.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from hawker.records.catalogue import Product
from hawker.records.events import DAY, SECOND, Event, EventKind
from hawker.records.money import MICROS, micros
from hawker.simulate.behaviour import behaviour
from hawker.simulate.shops.compose import ATTRIBUTES, words
from hawker.simulate.world import World, world
from hawker.storage import files

Progress = Callable[[str, float], None]

COLUMNS = {
    "id": "event_id",
    "kind": "event",
    "time": "timestamp",
    "shopper": "user_id",
    "session": "session_id",
    "product": "item_id",
    "query": "keyword",
    "quantity": "quantity",
    "value": "amount",
    "currency": "currency",
    "rating": "rating",
    "text": "comment",
    "placement": "placement",
    "location": "location",
    "device": "device",
    "dwell_ms": "dwell_ms",
    "campaign": "campaign_id",
    "ad": "ad_id",
    "slot": "slot",
    "reason": "reason",
    "synthetic": "synthetic",
    "attributes": "attributes",
}
"""Event field → key in the weekly logs. Amounts are yuan for the whole line; times carry a zone."""

ORDER_COLUMNS = {
    "session": "订单号",
    "time": "下单时间",
    "shopper": "会员编号",
    "product": "商品编号",
    "quantity": "数量",
    "value": "实付金额",
    "location": "门店",
    "synthetic": "模拟",
}
"""Event field → header of the stores' orders (GBK, every row a purchase, local time)."""

PRODUCT_COLUMNS = {
    "id": "商品编号",
    "title": "商品标题",
    "description": "商品描述",
    "category": "类目",
    "brand": "品牌",
    "price": "价格",
    "sale_price": "促销价",
    "currency": "币种",
    "availability": "库存状态",
    "stock": "库存",
    "link": "商品链接",
    "image": "图片链接",
    "group": "SPU编号",
    "color": "颜色",
    "size": "尺码",
    "material": "材质",
    "gender": "适用性别",
    **{f"attributes.{name}": name for name in ATTRIBUTES},
}
"""Product field → header of the catalogue (UTF-8 with a byte order mark)."""

ZONE = "Asia/Shanghai"
"""Where times without a zone were taken."""

_WORDED = {"in_stock": "有货", "out_of_stock": "缺货"}
_REPEATED = 0.003
_BROKEN = 0.0004
_ANONYMOUS = 0.01
_UNKNOWN = 0.0008


@dataclass(frozen=True)
class Files:
    """What was written. `dirt` counts what a cleaner should find, by kind; `events` counts the true ones."""

    catalogue: Path
    logs: tuple[Path, ...]
    orders: Path
    products: int
    events: int
    dirt: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        planted = ", ".join(f"{count} {kind}" for kind, count in self.dirt.items())
        return f"{self.products} products, {self.events:,} events in {len(self.logs) + 1} files ({planted})"


def write(
    folder: str | Path,
    *,
    shop: str = "zh",
    shoppers: int = 2000,
    days: int = 90,
    seed: int = 7,
    progress: Progress | None = None,
) -> Files:
    """Make an invented shop and write its files under `folder/raw`; the same seed gives the same bytes."""
    tell = progress or (lambda _words, _share: None)
    tell("inventing shoppers", 0.0)
    truth = world(shop, shoppers=shoppers, days=days, seed=seed)
    tell("living through the days", 0.1)
    return record(truth, behaviour(truth, seed=seed), folder, progress=tell)


def record(
    truth: World, events: list[Event], folder: str | Path, *, progress: Progress | None = None
) -> Files:
    """Write a world's catalogue and the given events as its raw files, dirt included."""
    target, tell = Path(folder) / "raw", progress or (lambda _words, _share: None)
    zone = timezone(timedelta(minutes=words(truth.shop).utc_offset_minutes))
    rng = np.random.default_rng([truth.seed, 6])
    tell("writing the catalogue", 0.5)
    files.write(target / "catalogue.csv", _catalogue(truth.products))
    counted: dict[str, int] = {}
    stores = [event for event in events if event.kind is EventKind.PURCHASE and event.device == "store"]
    files.write(target / "offline_orders.csv", _orders(stores, zone=zone, rng=rng, counted=counted))
    online = [event for event in events if event.device != "store"]
    logs = _weeks(truth, online, target / "logs", zone=zone, rng=rng, counted=counted, tell=tell)
    tell("written", 1.0)
    return Files(
        target / "catalogue.csv",
        logs,
        target / "offline_orders.csv",
        len(truth.products),
        len(events),
        counted,
    )


def _catalogue(products: Iterable[Product]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(PRODUCT_COLUMNS.values())
    for product in products:
        writer.writerow(_cell(product, name) for name in PRODUCT_COLUMNS)
    return text.getvalue().encode("utf-8-sig")


def _cell(product: Product, name: str) -> str:
    if name.startswith("attributes."):
        return product.attributes.get(name.partition(".")[2], "")
    value = getattr(product, name)
    if name in ("price", "sale_price"):
        return _yuan(value) if value else ""
    return _WORDED[str(value)] if name == "availability" else str(value)


def _yuan(amount: int) -> str:
    return f"{amount / MICROS:.2f}"


def _orders(
    events: list[Event], *, zone: timezone, rng: np.random.Generator, counted: dict[str, int]
) -> bytes:
    """The stores' till roll: prices with marks, guests without a number, returns as negative rows."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*ORDER_COLUMNS.values(), "备注"])
    luck = rng.random((len(events), 3))
    for event, (guest, back, odd) in zip(events, luck.tolist(), strict=True):
        time = datetime.fromtimestamp(event.time / SECOND, zone).strftime("%Y/%m/%d %H:%M:%S")
        row = [event.session, time, "" if guest < 0.08 else event.shopper, event.product]
        row += [f"{event.quantity:.0f}", f"￥{event.value / MICROS:,.2f}", event.location, "true", ""]
        writer.writerow(row)
        _count(counted, "guest orders", guest < 0.08)
        if _count(counted, "negative quantities", back < 0.02):
            writer.writerow(
                [f"{row[0]}T", time, row[2], row[3], f"-{row[4]}", f"-{row[5]}", *row[6:8], "顾客退回"]
            )
        if _count(counted, "broken order rows", odd < 0.004):
            writer.writerow([row[0], "时间未记录", *row[2:5], "待核", *row[6:8], "手工补录"])
    return text.getvalue().encode("gbk")


def _count(counted: dict[str, int], kind: str, happened: bool) -> bool:
    counted[kind] = counted.get(kind, 0) + int(happened)
    return happened


def _weeks(
    truth: World,
    events: list[Event],
    target: Path,
    *,
    zone: timezone,
    rng: np.random.Generator,
    counted: dict[str, int],
    tell: Progress,
) -> tuple[Path, ...]:
    """One gzipped log a week, named by its ISO week."""
    weeks: dict[int, list[Event]] = {}
    for event in events:
        weeks.setdefault(max(0, event.time - truth.start) // (7 * DAY), []).append(event)
    paths = []
    for index, (week, happened) in enumerate(sorted(weeks.items())):
        tell("writing the logs", 0.6 + 0.4 * index / len(weeks))
        lines = _soiled(happened, zone=zone, rng=rng, counted=counted, first=week == 0)
        year, number, _ = datetime.fromtimestamp((truth.start + week * 7 * DAY) / SECOND, zone).isocalendar()
        path = target / f"{year}-w{number:02d}.jsonl.gz"
        files.write(path, gzip.compress(b"\n".join(lines) + b"\n", compresslevel=6, mtime=0))
        paths.append(path)
    return tuple(paths)


def _soiled(
    events: list[Event], *, zone: timezone, rng: np.random.Generator, counted: dict[str, int], first: bool
) -> list[bytes]:
    """A week's lines with the usual dirt: sent twice, cut off, without a shopper, for unknown goods."""
    lines, late = [], []
    for event, luck in zip(events, rng.random((len(events), 4)).tolist(), strict=True):
        line = _line(event, zone=zone)
        if _count(counted, "anonymous views", event.kind is EventKind.VIEW and luck[0] < _ANONYMOUS):
            line["user_id"] = ""
        if _count(counted, "unknown products", event.kind is EventKind.VIEW and luck[1] < _UNKNOWN):
            line["item_id"] = f"old-{int(luck[1] / _UNKNOWN * 40):02d}"
        packed = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()
        lines.append(packed)
        if _count(counted, "repeated rows", luck[2] < _REPEATED):
            late.append(packed)
        if _count(counted, "broken rows", luck[3] < _BROKEN):
            lines.append(packed[: len(packed) // 2])
    if first:
        lines += _impossible(events[0], zone=zone, counted=counted)
    return lines + late


def _impossible(event: Event, *, zone: timezone, counted: dict[str, int]) -> list[bytes]:
    """Rows from clocks that were never set, and one from the far future."""
    lines = []
    for number, moment in enumerate((0, 86_400 * SECOND, 32_472_144_000 * SECOND)):
        line = {**_line(event, zone=zone), "event_id": f"clock-{number}", "timestamp": _stamp(moment, zone)}
        lines.append(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode())
        _count(counted, "impossible times", True)
    return lines


def _line(event: Event, *, zone: timezone) -> dict[str, Any]:
    """One event as the shop writes it; what is empty is left out."""
    line: dict[str, Any] = {}
    for name, column in COLUMNS.items():
        value = getattr(event, name)
        if name == "time":
            line[column] = _stamp(value, zone)
        elif name == "value":
            line |= {column: _yuan(value)} if value else {}
        elif name == "slot":
            line |= {column: value} if value >= 0 else {}
        elif name == "quantity":
            line |= {column: int(value)} if event.value else {}
        elif value not in ("", None, 0) and value != {}:
            line[column] = value
    return line


def _stamp(time: int, zone: timezone) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time)
    return moment.astimezone(zone).isoformat(timespec="milliseconds")


def parsed(line: bytes | str) -> Event:
    """One good line of a weekly log as an event; a bad one raises `ValueError` or an error of msgspec."""
    raw = json.loads(line)
    cells = {name: raw[column] for name, column in COLUMNS.items() if column in raw}
    moment = datetime.fromisoformat(cells["time"]) - datetime(1970, 1, 1, tzinfo=UTC)
    cells["time"] = moment // timedelta(microseconds=1)
    cells["value"] = micros(cells.get("value", 0))
    return msgspec.convert(cells, Event)
