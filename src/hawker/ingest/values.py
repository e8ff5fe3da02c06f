"""One raw value as SQL: times, money, numbers and text read from whatever a shop wrote."""

from __future__ import annotations

from hawker.ingest.sources import literal

_DIGITS = ("０１２３４５６７８９．，－", "0123456789.,-")
_SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY", "￥": "CNY", "元": "CNY", "円": "JPY"}
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_DAYS = ("%d %b %Y", "%d-%b-%Y", "%d.%m.%Y", "%Y.%m.%d", "%Y年%m月%d日")
_CHINESE = ("%Y年%m月%d日 %H时%M分%S秒", "%Y年%m月%d日 %H时%M分", "%Y年%m月%d日%H时%M分%S秒",
            "%Y年%m月%d日%H时%M分", "%Y年%m月%d日%H:%M:%S", "%Y年%m月%d日%H:%M")  # fmt: skip


def textual(kind: str) -> bool:
    """Whether a DuckDB type is read as text."""
    return not _numeric(kind) and not kind.startswith(("TIMESTAMP", "DATE", "BOOLEAN"))


def present(value: str, kind: str) -> str:
    """Whether there is a value at all: not NULL, not NaN, not blank."""
    if textual(kind):
        return f"({value} IS NOT NULL AND trim({value}) <> '')"
    if kind in ("FLOAT", "DOUBLE"):
        return f"({value} IS NOT NULL AND NOT isnan({value}))"
    return f"({value} IS NOT NULL)"


def text(value: str, kind: str) -> str:
    """Trimmed text, '' where missing; a whole number kept as a float loses its '.0'."""
    if kind == _TEXT:
        return f"coalesce(trim({value}), '')"
    if kind in ("FLOAT", "DOUBLE"):
        whole = f"CASE WHEN {value} = trunc({value}) THEN CAST(TRY_CAST({value} AS HUGEINT) AS VARCHAR)"
        return f"CASE WHEN {present(value, kind)} THEN {whole} ELSE CAST({value} AS VARCHAR) END ELSE '' END"
    return f"coalesce(trim(CAST({value} AS VARCHAR)), '')"


def number(value: str, kind: str) -> str:
    """A finite DOUBLE, or NULL."""
    if not textual(kind):
        return f"(CASE WHEN isfinite(TRY_CAST({value} AS DOUBLE)) THEN TRY_CAST({value} AS DOUBLE) END)"
    plain = f"TRY_CAST({value} AS DOUBLE)"
    other = f"TRY_CAST({_decimal(_narrow(value), whole=True)} AS DOUBLE)"
    read = f"(CASE WHEN {value} IS NULL THEN NULL ELSE coalesce({plain}, {other}) END)"
    return f"(CASE WHEN isfinite({read}) THEN {read} END)"


def whole(value: str, kind: str) -> str:
    """A BIGINT, or NULL."""
    return f"TRY_CAST({value if textual(kind) else f'round({value})'} AS BIGINT)"


def money(value: str, kind: str) -> str:
    """Micros from a price as shops write it (`hawker.records.money.parse` in SQL), or NULL."""
    plain = f"TRY_CAST(round(TRY_CAST({value} AS DOUBLE) * 1000000) AS BIGINT)"
    if not textual(kind):
        return plain
    other = (
        f"TRY_CAST(round(TRY_CAST({_decimal(_narrow(value), whole=False)} AS DOUBLE) * 1000000) AS BIGINT)"
    )
    return f"(CASE WHEN {value} IS NULL THEN NULL ELSE coalesce({plain}, {other}) END)"


def currency_in(value: str) -> str:
    """The currency a price text names by symbol or code, '' where it names none."""
    marks = " ".join(
        f"WHEN contains({value}, {literal(mark)}) THEN '{code}'" for mark, code in _SYMBOLS.items()
    )
    code = f"upper(regexp_extract({value}, '\\b([A-Za-z]{{3}})\\b', 1))"
    return (
        f"(CASE WHEN {value} IS NULL OR TRY_CAST({value} AS DOUBLE) IS NOT NULL THEN '' "
        f"WHEN {code} <> '' THEN {code} {marks} ELSE '' END)"
    )


def currency(value: str, kind: str) -> str:
    """A currency code in capitals; a symbol becomes its code."""
    name = text(value, kind)
    marks = " ".join(f"WHEN {literal(mark)} THEN '{code}'" for mark, code in _SYMBOLS.items())
    return f"(CASE {name} {marks} ELSE upper({name}) END)"


def moment(value: str, kind: str, *, day_first: bool = False) -> str:
    """Microseconds since 1970 or NULL, from a timestamp, an epoch in any unit, or a written date.

    What names no zone is in the session's time zone.
    """
    if kind.startswith(("TIMESTAMP", "DATE")):
        return f"epoch_us(TRY_CAST({value} AS TIMESTAMPTZ))"
    if _numeric(kind):
        return _epoch(f"TRY_CAST({value} AS DOUBLE)", value)
    trimmed = f"trim({value})"
    iso = f"epoch_us(TRY_CAST({value} AS TIMESTAMPTZ))"
    days = ("%d/%m/%y", "%d/%m/%Y", "%d-%m-%Y") if day_first else ("%m/%d/%y", "%m/%d/%Y", "%m-%d-%Y")
    shapes = [f"{day}{clock}" for day in (*days, *_DAYS) for clock in _CLOCKS] + list(_CHINESE)
    listed = ", ".join(literal(shape) for shape in ("%Y%m%d", "%Y%m%d%H%M%S", *shapes))
    written = f"epoch_us(TRY_CAST(try_strptime({trimmed}, [{listed}]) AS TIMESTAMPTZ))"
    unix = _epoch(f"TRY_CAST({value} AS DOUBLE)", value)
    return (
        f"(CASE WHEN {value} IS NULL THEN NULL WHEN contains({value}, '-') THEN coalesce({iso}, {written}) "
        f"ELSE coalesce({unix}, {iso}, {written}) END)"
    )


def _epoch(seconds: str, value: str) -> str:
    """An epoch by its size: seconds, milli-, micro- or nanoseconds; eight or fourteen digits are a date."""
    exact = f"TRY_CAST({value} AS BIGINT)"
    digits = f"CAST({exact} AS VARCHAR)"
    dated = f"epoch_us(TRY_CAST(try_strptime({digits}, ['%Y%m%d', '%Y%m%d%H%M%S']) AS TIMESTAMPTZ))"
    return (
        f"(CASE WHEN {seconds} BETWEEN 19000101 AND 21001231 "
        f"OR {seconds} BETWEEN 19000101000000 AND 21001231235959 THEN {dated} "
        f"WHEN abs({seconds}) < 1e11 THEN TRY_CAST(round({seconds} * 1e6) AS BIGINT) "
        f"WHEN abs({seconds}) < 1e14 THEN TRY_CAST(round({seconds} * 1e3) AS BIGINT) "
        f"WHEN abs({seconds}) < 1e17 THEN {exact} ELSE {exact} // 1000 END)"
    )


def _narrow(value: str) -> str:
    return f"translate({value}, '{_DIGITS[0]}', '{_DIGITS[1]}')"


def _decimal(value: str, *, whole: bool) -> str:
    """The digits of a number written with any marks, as SQL text with a decimal point.

    With `whole` the text must be nothing but the number.
    """
    pattern = "[-+]?[0-9][0-9.,''\\s\\x{a0}\\x{202f}]*"
    pattern = f"^\\s*{pattern}$" if whole else pattern
    found = f"regexp_extract({value}, '{pattern}')"
    digits = f"rtrim(regexp_replace({found}, '[\\s''\\x{{a0}}\\x{{202f}}]', '', 'g'), '.,')"
    european = f"replace(replace({digits}, '.', ''), ',', '.')"
    return (
        f"(CASE WHEN contains({digits}, ',') AND contains({digits}, '.') THEN "
        f"CASE WHEN regexp_matches({digits}, ',[^.]*$') THEN {european} ELSE replace({digits}, ',', '') END "
        f"WHEN regexp_matches({digits}, '[.,].*[.,]') OR regexp_matches({digits}, '[0-9],[0-9]{{3}}$') "
        f"THEN regexp_replace({digits}, '[.,]', '', 'g') ELSE replace({digits}, ',', '.') END)"
    )


_TEXT = "VARCHAR"


def _integer(kind: str) -> bool:
    return kind.endswith("INT") or kind.endswith("INTEGER")


def _numeric(kind: str) -> bool:
    return _integer(kind) or kind in ("FLOAT", "DOUBLE") or kind.startswith("DECIMAL")
