"""The IAB's GPP string: a header that lists sections by number, then one consent string for each.

Read are sections 2 (TCF for Europe), 6 (the older US string), 7 (US national) and 8 to 23 (states,
each with a layout of its own). Of the others (5, Canada; 24 to 27, whose sections begin with a header
that we hold no certain description of; and any that is new) only the presence is known, and
`Gpp.unread` names them: a section that applies and cannot be read allows nothing.
"""

from __future__ import annotations

from msgspec import Struct

from hawker.errors import BadRecord
from hawker.privacy import tcf
from hawker.privacy.bits import Bits
from hawker.privacy.tcf import Tcf

TCF_EU, USP, US_NATIONAL = 2, 6, 7
_TYPE, _VERSION = 3, 1


class Layout(Struct, frozen=True):
    """How many two-bit fields of each sort a section's core has.

    They stand there in this order: notices, sale, sharing, targeted, sensitive, child, personal.
    """

    notices: int
    sensitive: int
    child: int
    sharing: int = 0
    targeted: int = 1
    personal: int = 0


LAYOUTS: dict[tuple[int, int], Layout] = {
    (7, 1): Layout(6, 12, 2, sharing=1, personal=1),
    (7, 2): Layout(6, 16, 3, sharing=1, personal=1),
    (8, 1): Layout(3, 9, 2, sharing=1, targeted=0, personal=1),  # California
    (9, 1): Layout(3, 8, 1),  # Virginia
    (10, 1): Layout(3, 7, 1),  # Colorado
    (11, 1): Layout(4, 8, 1),  # Utah
    (12, 1): Layout(3, 8, 3),  # Connecticut
    (13, 1): Layout(3, 8, 3, personal=1),  # Florida
    (14, 1): Layout(3, 8, 3, personal=1),  # Montana
    (15, 1): Layout(3, 11, 3, personal=1),  # Oregon
    (16, 1): Layout(3, 8, 1, personal=1),  # Texas
    (17, 1): Layout(3, 9, 5, personal=1),  # Delaware
    (18, 1): Layout(4, 8, 1),  # Iowa
    (19, 1): Layout(3, 8, 1, personal=1),  # Nebraska
    (20, 1): Layout(3, 8, 3, personal=1),  # New Hampshire
    (21, 1): Layout(3, 10, 5, personal=1),  # New Jersey
    (22, 1): Layout(3, 8, 1, personal=1),  # Tennessee
    (23, 1): Layout(3, 8, 1, personal=1),  # Minnesota
}
"""By section and version. Three fields on the agreement between the parties follow; they change nothing."""
_AGREEMENT = 3
_UNDEFINED = 3


class UsPrivacy(Struct, frozen=True):
    """What a US section says. In each field 0 is not applicable, 1 refused, 2 not refused.

    `child` not 0 means that the person is known to be a child, whatever was consented for them.
    """

    sale: int = 0
    sharing: int = 0
    targeted: int = 0
    sensitive: tuple[int, ...] = ()
    child: tuple[int, ...] = ()
    personal: int = 0
    gpc: bool = False

    @property
    def refused(self) -> bool:
        """Whether sale, sharing, targeted advertising or use for other purposes was refused."""
        return self.gpc or 1 in (self.sale, self.sharing, self.targeted, self.personal)

    @property
    def known_child(self) -> bool:
        """Whether the section speaks of a child."""
        return any(self.child)


class Gpp(Struct, frozen=True):
    """A decoded string: section numbers in the header's order, and what could be read of them."""

    sections: tuple[int, ...]
    europe: Tcf | None = None
    us: dict[int, UsPrivacy] = {}
    unread: frozenset[int] = frozenset()


def header(text: str) -> tuple[int, ...]:
    """The section numbers that a header lists; raises `BadRecord`.

    >>> header("DBABM"), header("DBACNY"), header("DBABjw")
    ((2,), (2, 6), (5, 6))
    """
    bits = Bits(text, what="GPP")
    if bits.number(6) != _TYPE or bits.number(6) != _VERSION:
        raise bits.wrong("does not begin with a header of version 1")
    found: list[int] = []
    last = 0
    for _ in range(bits.number(12)):
        ranged = bits.flag()
        first = last + bits.fibonacci()
        last = first + bits.fibonacci() if ranged else first
        if last > 4095:
            raise bits.wrong("names a section that cannot be")
        found.extend(range(first, last + 1))
    return tuple(found)


def decode(text: str) -> Gpp:
    """Read a string and the sections that are known. Raises `BadRecord` where header or shape is wrong.

    A section that is broken in itself is listed as unread: the others still count.
    """
    head, *parts = text.split("~")
    sections = header(head)
    if len(sections) != len(parts):
        raise BadRecord(f"The GPP string lists {len(sections)} sections and holds {len(parts)}.")
    europe: Tcf | None = None
    us: dict[int, UsPrivacy] = {}
    unread = set()
    for section, part in zip(sections, parts, strict=True):
        try:
            if section == TCF_EU:
                europe = tcf.decode(part)
            elif section == USP:
                us[section] = _older(part)
            else:
                us[section] = _state(section, part)
        except BadRecord:
            unread.add(section)
    return Gpp(sections, europe, us, frozenset(unread))


def _older(text: str) -> UsPrivacy:
    """The four characters of the US Privacy string: version, notice, sale refused, agreement."""
    if len(text) != 4 or text[0] != "1" or any(mark not in "YN-" for mark in text[1:].upper()):
        raise BadRecord("The US privacy string is not four characters such as '1YNN'.")
    return UsPrivacy(sale={"Y": 1, "N": 2, "-": 0}[text[2].upper()])


def _state(section: int, text: str) -> UsPrivacy:
    """A US section: its core, and the segment that says whether Global Privacy Control was on."""
    core, *segments = text.split(".")
    bits = Bits(core, what=f"GPP section {section}")
    layout = LAYOUTS.get((section, bits.number(6)))
    if layout is None:
        raise bits.wrong("has a layout that is not known here")
    bits.numbers(2, layout.notices)
    read = UsPrivacy(
        sale=bits.number(2),
        sharing=bits.number(2) if layout.sharing else 0,
        targeted=bits.number(2) if layout.targeted else 0,
        sensitive=bits.numbers(2, layout.sensitive),
        child=bits.numbers(2, layout.child),
        personal=bits.number(2) if layout.personal else 0,
        gpc=any(_gpc(Bits(segment, what="GPP")) for segment in segments),
    )
    bits.numbers(2, _AGREEMENT)
    if _UNDEFINED in (read.sale, read.sharing, read.targeted, read.personal, *read.child):
        raise bits.wrong("holds a value that is not defined")
    return read


def _gpc(bits: Bits) -> bool:
    return bits.number(2) == 1 and bits.flag()
