"""Every error Hawker raises, drawn as one tree; each carries the remedy in its message.

    HawkerError
    ├── BadInput            what the caller gave cannot be used (names the place)
    │   ├── BadRecord       one record: an event, a product, a campaign
    │   ├── BadMapping      a column map that does not fit the file
    │   ├── BadSetting      an unknown or impossible setting (names the nearest)
    │   └── UnreadableFile  a file that is not what its name says
    ├── NotFound            a shop, model, decision or product that is not there
    │   └── NoShop          the folder is not a shop
    ├── MissingExtra        an optional dependency is not installed (names the command)
    ├── MissingData         a data set is not installed (names the command)
    ├── StorageFull         the disk filled; nothing half-written was kept
    ├── Corrupt             a stored file fails its checksum or cannot be opened
    ├── Unreachable         a server that the shop names (database, Redis, encoder) does not answer
    ├── BadReply            a model or a server answered with what cannot be used
    └── Conflict            two things claim one name, or a lock is held
        └── Stale           it has changed since it was read

Expected outcomes (a finding, a lost auction, too few data) are values, not errors.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from types import ModuleType


class HawkerError(Exception):
    """The root: `str(error)` says what happened and where, `remedy` what to do now."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip() if remedy else message)
        self.message = message
        self.remedy = remedy


class BadInput(HawkerError):
    """What the caller gave cannot be used."""


class BadRecord(BadInput):
    """One record (event, product, campaign) breaks its schema."""


class BadMapping(BadInput):
    """A column map names a column the file does not have, or lacks a required one."""


class BadSetting(BadInput):
    """A setting is unknown or impossible."""


class UnreadableFile(BadInput):
    """A file is not what its name says."""


class NotFound(HawkerError):
    """The thing named is not in this shop."""


class NoShop(NotFound):
    """The folder is not a Hawker shop."""


class MissingExtra(HawkerError):
    """An optional dependency is not installed."""


class MissingData(HawkerError):
    """A data set is not installed."""


class StorageFull(HawkerError):
    """The disk filled while writing; nothing half-written was kept."""


class Corrupt(HawkerError):
    """A stored file fails its checksum or cannot be opened."""


class Unreachable(HawkerError):
    """A server that the shop names does not answer: a database, Redis, an encoder."""


class BadReply(HawkerError):
    """A model or a server answered with what cannot be used."""


class Conflict(HawkerError):
    """Two things claim one name, or another process holds the lock."""


class Stale(Conflict):
    """What was to be changed has changed since it was read."""


def nearest(name: str, known: list[str]) -> str:
    """A half-sentence that names the nearest known word, for messages about unknown ones.

    >>> nearest("placment", ["placement", "shopper"])
    "Did you mean 'placement'?"
    """
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known: {', '.join(sorted(known)[:12])}."


def extra(module: str, name: str) -> ModuleType:
    """Import an optional dependency, or say in one sentence how to get it.

    `module` is the import name, `name` the extra of `pip install 'hawker[name]'`.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtra(
            f"This needs '{module}', which is not installed.",
            remedy=f"Install it with: pip install 'hawker[{name}]'",
        ) from error
