"""How requests and answers travel: gzip both ways, the version in a header, 400 without a word."""

from __future__ import annotations

import gzip
import re
import zlib

from hawker.records.exchange import Exchange
from hawker.server.openrtb.answer import VERSION
from hawker.server.openrtb.request import Malformed
from hawker.server.wire import JSON, Reply, Scope, header

_PLAIN = (("x-openrtb-version", VERSION),)
_PACKED = (*_PLAIN, ("content-encoding", "gzip"), ("vary", "accept-encoding"))
MALFORMED, NOTHING = Reply(400, b"", JSON, _PLAIN), Reply(204, b"", JSON, _PLAIN)
_HOST = re.compile(r"[A-Za-z0-9._-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")
_GZIP = 31  # zlib's number for a gzip header


def unpacked(scope: Scope, given: bytes, *, most: int) -> bytes:
    """A body as it was before gzip; raises `Malformed` for a broken one, or one too large when unpacked."""
    encoding = header(scope, b"content-encoding").strip().lower()
    if encoding in {b"", b"identity"}:
        return given
    if encoding not in {b"gzip", b"x-gzip"}:
        raise Malformed("only gzip is understood")
    reader = zlib.decompressobj(wbits=_GZIP)
    try:
        found = reader.decompress(given, most)
    except zlib.error as error:
        raise Malformed(str(error)) from error
    if not reader.eof:
        raise Malformed("the packed body is cut short or too large")
    return found


def packed(scope: Scope, body: bytes) -> Reply:
    """An answer of JSON, packed where the exchange takes it so."""
    if not accepts(header(scope, b"accept-encoding").decode("latin-1")):
        return Reply(200, body, JSON, _PLAIN)
    return Reply(200, gzip.compress(body, compresslevel=1, mtime=0), JSON, _PACKED)


def accepts(encodings: str) -> bool:
    """Whether an Accept-Encoding takes gzip.

    >>> accepts("gzip, br"), accepts("br, gzip;q=0"), accepts("")
    (True, False, False)
    """
    for one in encodings.lower().split(","):
        name, _, rest = one.partition(";")
        if name.strip() in {"gzip", "x-gzip", "*"}:
            weight = rest.replace(" ", "").removeprefix("q=")
            return weight.strip("0.") != "" or not weight
    return False


def base(scope: Scope, settings: Exchange) -> str:
    """Where this server is reached from outside: as the settings say, else as the request says."""
    if settings.address:
        return settings.address.rstrip("/")
    host = header(scope, b"host").decode("latin-1")
    return f"{scope.get('scheme', 'http')}://{host if _HOST.fullmatch(host) else 'localhost'}"
