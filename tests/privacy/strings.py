"""Consent strings written for tests: the other half of `privacy.tcf` and `privacy.gpp`, by the standard."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from hawker.privacy.gpp import LAYOUTS, UsPrivacy
from hawker.privacy.tcf import Tcf

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def characters(bits: str) -> str:
    padded = bits + "0" * (-len(bits) % 6)
    return "".join(ALPHABET[int(padded[at : at + 6], 2)] for at in range(0, len(padded), 6))


def number(value: int, width: int) -> str:
    return format(value, f"0{width}b")


def flags(places: Collection[int], count: int) -> str:
    return "".join("1" if place in places else "0" for place in range(1, count + 1))


def letters(text: str) -> str:
    return "".join(number(ord(letter) - ord("A"), 6) for letter in text)


def core(said: Tcf, *, version: int = 2, specific: bool = True) -> str:
    bits = number(version, 6) + number(said.created, 36) + number(said.updated, 36)
    bits += number(said.cmp, 12) + number(said.cmp_version, 12) + number(said.screen, 6)
    bits += letters(said.language) + number(said.vendor_list, 12) + number(said.policy, 6)
    bits += ("1" if specific else "0") + "0" + flags(said.special_features, 12)
    bits += flags(said.consented, 24) + flags(said.legitimate, 24)
    return characters(bits + ("1" if said.purpose_one_treated else "0") + letters(said.country))


def tcf(
    consented: Collection[int] = (),
    legitimate: Collection[int] = (),
    *,
    specific: bool = True,
    version: int = 2,
) -> str:
    """A core string of a made-up consent tool, in which these purposes have a ground."""
    said = Tcf(
        created=16_000_000_000,
        updated=16_000_000_000,
        cmp=10,
        cmp_version=1,
        screen=1,
        language="EN",
        vendor_list=48,
        policy=4,
        special_features=frozenset(),
        consented=frozenset(consented),
        legitimate=frozenset(legitimate),
        purpose_one_treated=False,
        country="DE",
    )
    return core(said, specific=specific, version=version)


def fibonacci(value: int) -> str:
    series = [1, 2]
    while series[-1] <= value:
        series.append(series[-1] + series[-2])
    bits = ""
    for term in reversed(series):
        took = term <= value
        value -= term if took else 0
        bits = ("1" if took else "0") + bits
    return bits.rstrip("0") + "1"


def header(sections: Sequence[int]) -> str:
    """A header; neighbours become a range."""
    groups: list[list[int]] = []
    for section in sorted(sections):
        if groups and section == groups[-1][-1] + 1:
            groups[-1].append(section)
        else:
            groups.append([section])
    bits, last = number(3, 6) + number(1, 6) + number(len(groups), 12), 0
    for group in groups:
        bits += "0" if len(group) == 1 else "1"
        bits += fibonacci(group[0] - last)
        bits += "" if len(group) == 1 else fibonacci(group[-1] - group[0])
        last = group[-1]
    return characters(bits)


def us(section: int, said: UsPrivacy, *, version: int = 1) -> str:
    """A US section by its layout."""
    layout = LAYOUTS[section, version]
    fields = [1] * layout.notices + [said.sale]
    fields += [said.sharing] if layout.sharing else []
    fields += [said.targeted] if layout.targeted else []
    fields += [*said.sensitive, *said.child]
    fields += [said.personal] if layout.personal else []
    text = characters(number(version, 6) + "".join(number(value, 2) for value in [*fields, 1, 0, 0]))
    return f"{text}.{characters('011')}" if said.gpc else text


def gpp(sections: Mapping[int, str]) -> str:
    return "~".join([header(list(sections)), *(sections[section] for section in sorted(sections))])
