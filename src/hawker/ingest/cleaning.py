"""How a raw row becomes an event, or why it cannot: every rule one SQL expression with a reason code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hawker.errors import BadInput, nearest
from hawker.ingest import values
from hawker.ingest.columns import ColumnMap
from hawker.ingest.sources import Source, literal
from hawker.ingest.words import KIND_WORDS, bare
from hawker.records.events import DAY, EARLIEST, EVENT_COLUMNS
from hawker.records.shopper import SPECIAL

LONGEST_ID = 128
MOST_VALUE = 10**15
"""Micros: a billion units of any currency is a slip, not a price."""
MOST_QUANTITY = 10**9

REASONS: dict[str, str] = {
    "missing_time": "The row has no time.",
    "bad_time": "The time cannot be read; give ISO 8601 or seconds since 1970.",
    "impossible_time": "The time is before 2000: a clock that was never set.",
    "future_time": "The time is more than a day in the future: a wrong clock, or a wrong unit.",
    "missing_kind": "The row does not say what happened.",
    "unknown_kind": "The kind of event is not known; map its word with `kinds`.",
    "missing_product": "An event of this kind needs a product.",
    "missing_query": "A search needs its query.",
    "missing_shopper": "An event of this kind needs a shopper.",
    "missing_ad": "An event about an ad needs the ad, its product or its decision.",
    "bad_quantity": "The quantity is no positive number (negative only for purchases: a return).",
    "bad_price": "The price cannot be read.",
    "negative_price": "The price is negative.",
    "absurd_price": "The price is above a billion units.",
    "bad_rating": "The rating is not a number.",
    "bad_number": "A slot, dwell time or receipt time cannot be read.",
    "long_identifier": f"An identifier is longer than {LONGEST_ID} characters.",
    "broken_row": "The row does not fit the header, its quotes do not match, or it is not a JSON object.",
    "broken_text": "The line holds bytes that are no text in the file's encoding.",
    "too_long_line": "The line is longer than a line may be.",
}
"""Why a row is set aside. What is only noted has its codes in `notes.REASONS`."""

CODES = {reason: code for code, reason in enumerate(REASONS, 1)}
NAMES = {code: reason for reason, code in CODES.items()}

_PRODUCT_KINDS = ("view", "click", "cart", "wish", "like", "purchase", "return", "review")
_AD_KINDS = ("ad_impression", "ad_click", "ad_hide", "ad_feedback", "ad_viewable")
_IDS = ("id", "shopper", "session", "product", "campaign", "ad", "decision")
_TEXTS = tuple(name for name, kind in EVENT_COLUMNS.items() if kind == "VARCHAR")
_UNSET = {"received": "CAST(0 AS BIGINT)", "quantity": "CAST(1.0 AS DOUBLE)", "value": "CAST(0 AS BIGINT)",
          "rating": "CAST(NULL AS DOUBLE)", "dwell_ms": "CAST(0 AS BIGINT)", "slot": "CAST(-1 AS BIGINT)",
          "synthetic": "false", "attributes": "'{}'"}  # fmt: skip
_SEPARATOR = "\x1f"
_Cells = Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Rules:
    """What the file does not say: the present moment, the currency, constants for text columns.

    `shopper` is SQL for the name that the records give a shopper.
    """

    now: int = 4_102_444_800_000_000
    currency: str = ""
    shopper: str = "shopper"
    defaults: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        open_to = [name for name in (*_TEXTS, "synthetic") if name not in ("id", "kind", "attributes")]
        for name in self.defaults:
            if name not in open_to:
                raise BadInput(f"'{name}' cannot have a default.", remedy=nearest(name, open_to))


def query(source: Source, map: ColumnMap, *, rules: Rules, only: str = "") -> str:
    """SQL for a source's rows as events: `r` (the row from 0), `EVENT_COLUMNS`, and `fault`.

    `fault` is 0 or the number of a reason (`NAMES`). The session's time zone is that of times
    that name none. `only` names a table whose column `r` holds the rows wanted, all where it is ''.
    """
    names = list(dict.fromkeys([*map.columns.values(), *map.attributes]))
    place = {name: f"s{index}" for index, name in enumerate(names)}
    cells = {target: (place[column], source.type(column)) for target, column in map.columns.items()}
    kept = {name: (place[name], source.type(name)) for name in map.attributes if bare(name) not in SPECIAL}
    read = _reading(map, cells, kept, rules)
    judged = _judging(cells)
    constants = _constants(read, rules)
    raw = f"({source.relation(names)}) AS raw" + (f" SEMI JOIN {only} ON raw.r = {only}.r" if only else "")
    rows = f"SELECT *, {_aliased(read)} FROM {raw}"
    rows = f"SELECT * REPLACE ({_aliased(judged)}), {_fault(cells, rules)} AS fault FROM ({rows})"
    if "shopper" in read and rules.shopper != "shopper":
        rows = f"SELECT * REPLACE ({rules.shopper} AS shopper) FROM ({rows})"
    columns = ", ".join(f'"{name}"' if name in read else f'{constants[name]} AS "{name}"'
                        for name in EVENT_COLUMNS if name != "id")  # fmt: skip
    return f"SELECT r, {_id(read, constants)} AS id, {columns}, fault FROM ({rows})"


def content(map: ColumnMap) -> str:
    """SQL for a 64-bit hash of what `query` gives for a row: equal rows, equal hashes."""
    mapped = {"kind", *map.columns, *(["attributes"] if map.attributes else [])} - {"id", "received"}
    mapped |= {"value", "quantity"} if "unit_price" in mapped else set()
    mapped |= {"currency"} if {"value", "unit_price"} & mapped else set()
    listed = ", ".join(f'"{name}"' for name in EVENT_COLUMNS if name in mapped)
    return f"hash({listed})"


def _reading(map: ColumnMap, cells: _Cells, kept: _Cells, rules: Rules) -> dict[str, str]:
    """Each mapped column read by its type; what cannot be read is NULL. Signs are still the shop's."""
    read = {"kind": _kind(map, cells)}
    for target, cell in cells.items():
        if target in ("time", "received"):
            read[target] = values.moment(*cell, day_first=map.day_first)
        elif target in ("quantity", "rating"):
            read[target] = values.number(*cell)
        elif target in ("value", "unit_price"):
            read[target] = values.money(*cell)
        elif target in ("slot", "dwell_ms"):
            read[target] = values.whole(*cell)
        elif target == "synthetic":
            read[target] = f"coalesce(TRY_CAST({cell[0]} AS BOOLEAN), false)"
        elif target == "currency":
            read[target] = values.currency(*cell)
        elif target == "id":
            read["own_id"] = values.text(*cell)
        elif target not in ("kind", "attributes"):
            read[target] = values.text(*cell)
    if "unit_price" in cells:
        read.setdefault("value", "CAST(NULL AS BIGINT)")
    if kept or "attributes" in cells:
        read["attributes"] = _attributes(cells, kept)
    _complete_currency(read, cells, rules)
    return read


def _complete_currency(read: dict[str, str], cells: _Cells, rules: Rules) -> None:
    """The currency of its own column, else the one the price text names, else the shop's."""
    prices = [cells[name] for name in ("value", "unit_price") if name in cells]
    told = [values.currency_in(place) for place, kind in prices if values.textual(kind)]
    found = [f"nullif({sql}, '')" for sql in ([read["currency"]] if "currency" in read else []) + told]
    if found:
        default = rules.defaults.get("currency", rules.currency)
        read["currency"] = f"coalesce({', '.join(found)}, {literal(default)})"


def _kind(map: ColumnMap, cells: _Cells) -> str:
    """The kind a row's word names, '' where there is none, NULL where it is not known."""
    if "kind" not in cells:
        return literal(map.kind)
    word = values.text(*cells["kind"])
    own = "".join(f" WHEN {literal(said)} THEN {literal(kind)}" for said, kind in map.kinds.items())
    plain = f"replace(replace(lower({word}), ' ', '_'), '-', '_')"
    cases = " ".join(f"WHEN {literal(known)} THEN '{kind}'" for known, kind in KIND_WORDS.items())
    known = f"CASE {plain} WHEN '' THEN '' {cases} END"
    if not own:
        return known
    exact, kind = cells["kind"]
    trimmed = f"CASE {word}{own} ELSE {known} END"
    return f"CASE {exact}{own} ELSE {trimmed} END" if kind == "VARCHAR" else trimmed


def _one_of(kinds: tuple[str, ...]) -> str:
    """Whether the kind is one of these: a CASE, since DuckDB makes a join of a long IN, which costs more."""
    cases = " ".join(f"WHEN '{kind}' THEN true" for kind in kinds)
    return f"CASE kind {cases} ELSE false END"


def _attributes(cells: _Cells, kept: _Cells) -> str:
    """A JSON object of texts: the mapped one and the columns kept by name, no special categories."""
    parts = []
    if "attributes" in cells:
        place, kind = cells["attributes"]
        body = values.text(place, kind) if kind == "VARCHAR" else f"CAST(to_json({place}) AS VARCHAR)"
        texts = f"CAST(to_json(json_transform({body}, '\"MAP(VARCHAR, VARCHAR)\"')) AS VARCHAR)"
        parts.append(
            f"CASE WHEN coalesce({body}, '') = '' THEN '{{}}' WHEN NOT json_valid({body}) "
            f"OR json_type({body}) <> 'OBJECT' THEN json_object('text', {body}) ELSE {texts} END"
        )
    if kept:
        pairs = ", ".join(f"{literal(name)}, nullif({values.text(*cell)}, '')" for name, cell in kept.items())
        parts.append(f"json_object({pairs})")
    banned = "{" + ", ".join(f'"{name}": null' for name in sorted(SPECIAL)) + "}"
    return f"CAST(json_merge_patch('{{}}', {', '.join(parts)}, '{banned}') AS VARCHAR)"


def _judging(cells: _Cells) -> dict[str, str]:
    """The columns as they will be kept: a purchase of less than nothing is a return of that much."""
    kept = {"time": "coalesce(time, 0)", "kind": "coalesce(kind, '')"}
    if "quantity" in cells:
        kept["quantity"] = "coalesce(abs(quantity), 1.0)"
        kept["kind"] = (
            "CASE WHEN kind = 'purchase' AND quantity < 0 THEN 'return' ELSE coalesce(kind, '') END"
        )
    elif "value" in cells:
        kept["kind"] = (
            "CASE WHEN kind = 'purchase' AND \"value\" < 0 THEN 'return' ELSE coalesce(kind, '') END"
        )
    if {"value", "unit_price"} & cells.keys():
        total = "CASE WHEN kind IN ('purchase', 'return') THEN abs(\"value\") ELSE \"value\" END"
        if "unit_price" in cells:
            pieces = "coalesce(abs(quantity), 1.0)" if "quantity" in cells else "1.0"
            line = f"TRY_CAST(round(unit_price * {pieces}) AS BIGINT)"
            total = f"coalesce({total if 'value' in cells else 'NULL'}, {line})"
        kept["value"] = f"coalesce({total}, 0)"
    for name, unset in (("received", "0"), ("slot", "-1"), ("dwell_ms", "0")):
        if name in cells:
            kept[name] = f"coalesce({name}, {unset})"
    return kept


def _fault(cells: _Cells, rules: Rules) -> str:
    """The number of the first rule a row breaks, 0 where it breaks none."""
    broken = [(CODES[reason], test) for reason, test in _tests(cells, rules)]
    sound = f"WHEN {_sound(cells, rules)} THEN 0 " if {"product", "shopper"} <= cells.keys() else ""
    return f"CASE {sound}" + " ".join(f"WHEN {test} THEN {code}" for code, test in broken) + " ELSE 0 END"


def _sound(cells: _Cells, rules: Rules) -> str:
    """What holds for nearly every row and rules out every fault: most rows need no further test."""
    tests = [f"time BETWEEN {EARLIEST} AND {rules.now + DAY}", "kind <> ''", "kind <> 'search'"]
    tests += ["product <> ''", "shopper <> ''"]
    if "quantity" in cells:
        tests.append("quantity > 0 AND quantity <= 1000")
    if "value" in cells:
        tests.append(f'"value" BETWEEN 0 AND {MOST_VALUE}')
    if "unit_price" in cells:
        tests.append(f"unit_price BETWEEN 0 AND {MOST_VALUE // 1000}")
    tests += [f"{name} IS NOT NULL" for name in ("rating", "slot", "dwell_ms", "received") if name in cells]
    ids = ["own_id" if name == "id" else name for name in _IDS if name in cells]
    return " AND ".join([*tests, *(f"strlen({id}) <= {LONGEST_ID}" for id in ids)])


def _tests(cells: _Cells, rules: Rules) -> list[tuple[str, str]]:
    """Reasons with the SQL condition under which a row has them, in order of precedence."""

    def blank(name: str) -> str:
        return f"\"{name}\" = ''" if name in cells or name in rules.defaults else "true"

    def unread(name: str) -> str:
        return f'("{name}" IS NULL AND {values.present(*cells[name])})'

    tests = [
        ("missing_time", f"NOT {values.present(*cells['time'])}"),
        ("bad_time", "time IS NULL"),
        ("impossible_time", f"time < {EARLIEST}"),
        ("future_time", f"time > {rules.now + DAY}"),
    ]
    if "kind" in cells:
        tests += [("missing_kind", "kind = ''"), ("unknown_kind", "kind IS NULL")]
    tests += [
        ("missing_product", f"{blank('product')} AND {_one_of(_PRODUCT_KINDS)}"),
        ("missing_query", f"kind = 'search' AND {blank('query')}"),
        ("missing_shopper", f"{blank('shopper')} AND {_one_of(('opt_out', 'attributes'))}"),
        (
            "missing_ad",
            f"{blank('ad')} AND {blank('product')} AND {blank('decision')} AND {_one_of(_AD_KINDS)}",
        ),
    ]
    if "quantity" in cells:
        none = "quantity = 0 OR abs(quantity) > " + str(MOST_QUANTITY)
        lost = "quantity < 0 AND kind NOT IN ('purchase', 'return')"
        tests.append(("bad_quantity", f"({unread('quantity')} OR {none} OR {lost})"))
    tests += _price_tests(cells, unread)
    if "rating" in cells:
        tests.append(("bad_rating", unread("rating")))
    tests += [("bad_number", unread(name)) for name in ("slot", "dwell_ms", "received") if name in cells]
    long = [name for name in _IDS if name in cells]
    if long:
        ids = ["own_id" if name == "id" else name for name in long]
        lengths = " OR ".join(f"(strlen({id}) > {LONGEST_ID} AND length({id}) > {LONGEST_ID})" for id in ids)
        tests.append(("long_identifier", f"({lengths})"))
    return tests


def _price_tests(cells: _Cells, unread: Callable[[str], str]) -> list[tuple[str, str]]:
    tests = [("bad_price", unread(name)) for name in ("value", "unit_price") if name in cells]
    if "value" in cells:
        signed = "quantity < 0" if "quantity" in cells else "kind = 'purchase'"
        tests.append(("negative_price", f"(\"value\" < 0 AND NOT ({signed} OR kind = 'return'))"))
        tests.append(("absurd_price", f'abs("value") > {MOST_VALUE}'))
    if "unit_price" in cells:
        tests.append(("negative_price", "unit_price < 0"))
        pieces = " * greatest(abs(coalesce(quantity, 1.0)), 1.0)" if "quantity" in cells else ""
        tests.append(("absurd_price", f"unit_price{pieces} > {MOST_VALUE}"))
    return tests


def _constants(read: Mapping[str, str], rules: Rules) -> dict[str, str]:
    """What the columns are that the file does not have."""
    constants = {}
    for name in EVENT_COLUMNS:
        if name in read:
            continue
        if name in rules.defaults:
            given = rules.defaults[name]
            constants[name] = str(bool(given)).lower() if name == "synthetic" else literal(given)
        elif name == "currency" and "value" in read:
            constants[name] = literal(rules.currency)
        else:
            constants[name] = _UNSET.get(name, "''")
    return constants


def _id(read: Mapping[str, str], constants: Mapping[str, str]) -> str:
    """The file's own id; a row without one gets the digest of its content, as `records.ids.derived`."""
    parts: list[str] = []
    fixed = ""
    for name in EVENT_COLUMNS:
        if name in ("id", "received"):
            continue
        if name in read:
            parts += [literal(fixed), f"coalesce(CAST(\"{name}\" AS VARCHAR), '')"]
            fixed = _SEPARATOR
        else:
            fixed += _plain(constants[name]) + _SEPARATOR
    digest = f"md5(concat({', '.join([*parts, literal(fixed.removesuffix(_SEPARATOR))])}))"
    return f"CASE WHEN own_id <> '' THEN own_id ELSE {digest} END" if "own_id" in read else digest


def _plain(constant: str) -> str:
    """The text of an SQL constant: its value without quotes and casts."""
    inner = constant.removeprefix("CAST(").partition(" AS ")[0]
    return "" if inner == "NULL" else inner.strip("'")


def _aliased(expressions: Mapping[str, str]) -> str:
    return ", ".join(f'{sql} AS "{name}"' for name, sql in expressions.items())
