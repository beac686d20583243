"""The group that a person is counted in: region, sector, and the cooperative or employer. Pure.

Where a list of an office has the person, the list says all three, so that known and registered compare. Else the newest
registration says it; where its region is none of today's, the NIK says where it was first issued.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from pipeline.coverage.regions import region_of_name, region_of_nik
from pipeline.membership.facts import Enrolment
from pipeline.membership.member import Member
from schemas.values import source_kind, source_who

NOBODY: Final = ""  # of no cooperative and no employer
_EMPLOYERS: Final = frozenset({"employer", "cooperative"})


class Listed(NamedTuple):
    """What a list says of a worker; empty where it says nothing."""

    nik: str | None
    region: str
    sector: str
    cooperative: str


def group_of(members: Sequence[Member], listed: Sequence[Listed]) -> tuple[str, str, str]:
    """(region, sector, cooperative) of a person. Empty: not known."""
    newest = newest_enrolment(members)
    by_list = [
        next((found for found in column if found), "") for column in _columns(listed)
    ]  # fmt: skip
    niks = [one.nik for one in listed] + [newest.nik if newest is not None else None]
    region = by_list[0] or (region_of_name(newest.region) if newest is not None else "")
    region = region or next((found for one in niks if (found := region_of_nik(one))), "")
    if newest is None:
        return region, by_list[1], by_list[2]
    return region, by_list[1] or newest.sector, by_list[2] or cooperative_of(newest)


def _columns(listed: Sequence[Listed]) -> tuple[list[str], list[str], list[str]]:
    return [one.region for one in listed], [one.sector for one in listed], [one.cooperative for one in listed]


def newest_enrolment(members: Sequence[Member]) -> Enrolment | None:
    found = [one for member in members for one in member.enrolments]
    return max(found, key=lambda one: (one.registered_on, one.known)) if found else None


def owner_of(enrolment: Enrolment) -> str:
    """The number of the employer (NPP), as principals are named; NOBODY: none is named."""
    return (enrolment.employer_number or NOBODY).casefold()


def cooperative_of(enrolment: Enrolment) -> str:
    """How the picture names it: the cooperative as the registration writes it, else its number or name."""
    writer = enrolment.writer
    registrar = source_who(writer) if writer is not None and source_kind(writer) in _EMPLOYERS else NOBODY
    return " ".join((enrolment.channel or "").split()) or enrolment.employer_number or registrar
