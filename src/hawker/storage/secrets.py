"""A shop's own secrets: drawn once, readable by their owner alone, and rotated without a gap.

`secrets/NAME` holds one key a line in hexadecimal, the newest first: the first makes, all of them are
still understood. The environment variable `HAWKER_SECRET_NAME`, keys separated by commas, wins over
the file, for those who keep secrets elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets as chance
from contextlib import suppress
from pathlib import Path

from hawker.errors import BadSetting, Corrupt
from hawker.storage import files
from hawker.storage.shop import Shop

BYTES = 32
KEPT = 8
"""How many keys of one name are kept; rotating once more lets go of the oldest."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


def secret(shop: Shop, name: str) -> bytes:
    """The key in use under a name; drawn and written down when it is first asked for."""
    return keys(shop, name)[0]


def keys(shop: Shop, name: str) -> tuple[bytes, ...]:
    """Every key of a name, the one in use first.

    Raises `BadSetting` for a variable that holds no keys, `Corrupt` for a file that holds none.
    """
    if not _NAME.fullmatch(name):
        raise BadSetting(f"'{name[:40]}' cannot name a secret.", remedy="Use small letters, digits and '_'.")
    variable = f"HAWKER_SECRET_{name.upper()}"
    given = os.environ.get(variable, "")
    if given:
        return _read(
            given.split(","),
            BadSetting(f"{variable} holds no keys.", remedy=f"Give {2 * BYTES} hexadecimal digits or more."),
        )
    path = _path(shop, name)
    if not path.is_file():
        _found(path)
    remedy = "Restore it from a copy: what was made with the lost key cannot be understood without it."
    return _read(
        path.read_text("ascii", "replace").split(), Corrupt(f"'{path}' holds no keys.", remedy=remedy)
    )


def rotate(shop: Shop, name: str) -> bytes:
    """Put a new key into use; the ones before stay understood. Returns the new one.

    Raises `BadSetting` where the keys come from the environment: they are rotated there.
    """
    variable = f"HAWKER_SECRET_{name.upper()}"
    if os.environ.get(variable):
        raise BadSetting(
            f"The keys come from {variable}.", remedy="Put the new one before the old ones there."
        )
    held = keys(shop, name)
    fresh = chance.token_bytes(BYTES)
    path = _path(shop, name)
    with files.whole(path) as draft:
        _write(draft, (fresh, *held)[:KEPT])
    return fresh


def key_id(key: bytes) -> str:
    """A short public name of a key, to find it again among others.

    >>> key_id(bytes(32))
    '66687aad'
    """
    return hashlib.sha256(key).hexdigest()[:8]


def _path(shop: Shop, name: str) -> Path:
    return shop.folder / "secrets" / name


def _read(words: list[str], none: BadSetting | Corrupt) -> tuple[bytes, ...]:
    """Keys from words; the error never repeats what it could not read."""
    try:
        found = tuple(bytes.fromhex(word.strip()) for word in words if word.strip())
    except ValueError:
        raise none from None
    if not found or any(len(key) < BYTES for key in found):
        raise none
    return found


def _found(path: Path) -> None:
    """Draw the first key. Of several processes at once one wins, and all read its key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}{chance.token_hex(4)}{files.PARTIAL}")
    try:
        _write(draft, (chance.token_bytes(BYTES),))
        files.flush(draft)
        with suppress(FileExistsError):
            os.link(draft, path)
        files.flush(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _write(path: Path, held: tuple[bytes, ...]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.writelines(f"{key.hex()}\n" for key in held)
