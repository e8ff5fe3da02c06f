"""How often somebody may ask: a bucket of tokens for each key and for each address, kept in memory."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

_MOST = 100_000  # addresses remembered; beyond, those whose buckets are full again are let go


class Buckets:
    """A bucket for each name: it fills at `rate` a second, holds twice that, and an answer costs one.

    A rate of 0 has no limit.

    >>> buckets = Buckets(1)
    >>> [buckets.take("a", 0.0) for _ in range(3)], buckets.take("a", 1.5)
    ([0.0, 0.0, 1.0], 0.0)
    """

    def __init__(self, rate: float) -> None:
        self._rate, self._most = float(rate), 2.0 * rate
        self._held: dict[str, tuple[float, float]] = {}

    def take(self, name: str, now: float) -> float:
        """Take a token, or say how many seconds there are to wait for one."""
        if not self._rate:
            return 0.0
        left, since = self._held.get(name, (self._most, now))
        left = min(left + max(now - since, 0.0) * self._rate, self._most)
        if left < 1.0:
            self._held[name] = (left, now)
            return (1.0 - left) / self._rate
        if len(self._held) >= _MOST:
            self._forget(now)
        self._held[name] = (left - 1.0, now)
        return 0.0

    def _forget(self, now: float) -> None:
        """Let go of everybody who could have a full bucket, or of everybody where that frees nothing."""
        full = self._most / self._rate
        kept = {name: held for name, held in self._held.items() if now - held[1] < full}
        self._held = kept if len(kept) < _MOST else {}


def neighbourhood(address: str) -> str:
    """Whom an address counts for: itself, or its /64 where one household has them all; '' is this machine.

    >>> neighbourhood("192.0.2.7"), neighbourhood("2001:db8:1:2::3"), neighbourhood("::1")
    ('192.0.2.7', '2001:db8:1:2', '')
    """
    found = _address(address)
    if found is None or found.is_loopback:
        return "" if found else "unknown"
    if isinstance(found, IPv6Address):
        return ":".join(f"{group:x}" for group in _groups(found)[:4])
    return str(found)


def loopback(host: str) -> bool:
    """Whether only this machine can reach a host.

    >>> loopback("localhost"), loopback("127.0.0.2"), loopback("::1"), loopback("0.0.0.0")
    (True, True, True, False)
    """
    found = _address(host)
    return host == "localhost" or (found is not None and found.is_loopback)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _groups(address: IPv6Address) -> list[int]:
    packed = address.packed
    return [int.from_bytes(packed[at : at + 2]) for at in range(0, 16, 2)]
