"""Consent strings as bits: six to a character, whole numbers and Fibonacci codes read from the front."""

from __future__ import annotations

from hawker.errors import BadRecord

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_SIX = {character: value for value, character in enumerate(_ALPHABET)}
_LONGEST_CODE = 24


class Bits:
    """The bits of a base64url text, read once from front to back. `what` names it in errors."""

    def __init__(self, text: str, *, what: str) -> None:
        self._what = what
        self._length = 6 * len(text)
        self._place = 0
        value = 0
        for character in text:
            six = _SIX.get(character)
            if six is None:
                raise self.wrong("holds a character that base64url does not have")
            value = value << 6 | six
        self._value = value

    def number(self, width: int) -> int:
        """The next `width` bits as a number, the highest first."""
        end = self._place + width
        if end > self._length:
            raise self.wrong("ends too early")
        self._place = end
        return self._value >> (self._length - end) & ((1 << width) - 1)

    def flag(self) -> bool:
        """The next bit."""
        return self.number(1) == 1

    def numbers(self, width: int, count: int) -> tuple[int, ...]:
        """Several numbers of one width."""
        return tuple(self.number(width) for _ in range(count))

    def flags(self, count: int) -> frozenset[int]:
        """Which of the next `count` bits are set, counted from 1."""
        return frozenset(place for place in range(1, count + 1) if self.flag())

    def fibonacci(self) -> int:
        """The next number in Fibonacci coding: a sum of 1, 2, 3, 5, 8, …, ended by two ones in a row."""
        total, before = 0, False
        low, high = 1, 2
        for _ in range(_LONGEST_CODE):
            bit = self.flag()
            if bit and before:
                return total
            total += low if bit else 0
            before = bit
            low, high = high, low + high
        raise self.wrong("holds a number that never ends")

    def wrong(self, how: str) -> BadRecord:
        """The error for a string that cannot be read."""
        return BadRecord(f"The {self._what} string {how}.", remedy="Send it as the consent tool gave it.")
