"""One endpoint as it is described: what it takes and gives, which refusals to expect, whose keys open it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from hawker.records.key import Role
from hawker.server.wire import JSON

Parameter = tuple[str, dict[str, Any], bool]
"""A name, its JSON schema, and whether it has to be given."""

TEXT: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {"type": "integer", "minimum": 0}
FLAG: Parameter = ("debug", {"type": "boolean"}, False)
LANGUAGE: Parameter = ("language", {"type": "string", "enum": ["en", "zh"]}, False)

ANYONE: tuple[Role, ...] = ()
PAGES = (Role.SHOP, Role.PAGE)
SHOP = (Role.SHOP,)
STAFF = (Role.SHOP, Role.READER)
READERS = (Role.SHOP, Role.READER, Role.ADVERTISER)
OWNERS = (Role.SHOP, Role.ADVERTISER)


@dataclass(frozen=True)
class Endpoint:
    """One method of one path. `keys` are the roles it opens to; where it is `ANYONE`, no key is asked for.

    An endpoint that opens to advertisers has to show each only its own. `status` is that of success,
    with `makes` it is 201 where something new was made; `silent` are further ones without a body. What
    is `proven` by a token in its path has no rate.
    """

    method: str
    path: str
    summary: str
    keys: tuple[Role, ...]
    takes: Any = None
    gives: Any = None
    parameters: tuple[Parameter, ...] = ()
    kinds: tuple[str, ...] = (JSON,)
    refusals: tuple[int, ...] = ()
    silent: tuple[int, ...] = ()
    proven: bool = False
    status: int = 200
    makes: bool = False

    @property
    def described(self) -> str:
        """The path as the description writes it: without how its parts are matched."""
        return self.path.replace(":path}", "}")


def parameters(record: type[msgspec.Struct], *, without: tuple[str, ...] = ()) -> tuple[Parameter, ...]:
    """The fields of a record as parameters of a query."""
    kinds: dict[Any, dict[str, Any]] = {
        bool: {"type": "boolean"},
        int: WHOLE,
        tuple[str, ...]: {"type": "array", "items": TEXT},
    }
    fields = [field for field in msgspec.structs.fields(record) if field.name not in without]
    return tuple((field.name, kinds.get(field.type, TEXT), field.required) for field in fields)
