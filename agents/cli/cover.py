"""`santunan cover`: whether a worker is covered on a day, since when, and why not."""

import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from agents.cli.options import DAY, Json, KnownOn, Language
from agents.terminal import print_json, rupiah

if TYPE_CHECKING:
    from pipeline.membership.contributions import MonthStatus
    from pipeline.membership.eligibility import CoverageAnswer
    from pipeline.membership.member import Member

_ANSWERS = {
    "id": {"yes": "terlindungi", "no": "tidak terlindungi", "officer": "diputuskan oleh petugas"},
    "en": {"yes": "covered", "no": "not covered", "officer": "an officer must say"},
}
_NIK_DIGITS = 16


def add_to(cli: typer.Typer) -> None:
    cli.command("cover")(cover)


def cover(
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="Membership number (KPJ), or NIK.")],
    program: Annotated[Literal["JKK", "JKM"], typer.Option("--program")] = "JKK",
    on: Annotated[dt.date | None, typer.Option("--on", **DAY, help="The day; by default today.")] = None,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Read membership events here instead of the store.")
    ] = None,
    known_on: KnownOn = None,
    lang: Language = "id",
    json: Json = False,
) -> None:
    """Is this worker covered on this day, and if not, why?

    Since when, paid through when, what is owed. The answer is what a claim would meet, as far as membership
    goes; it decides nothing. Exit code 1 where the answer
    is not yes. With --known-on, what was known then beside what is known now, for both programs.

    \b
    Examples:
      santunan cover 19110000014
      santunan cover 19110000014 --program JKM --on 2025-03-01 --lang en
      santunan cover 19110000014 --on 2025-03-01 --known-on 2025-03-02
      santunan cover 19110000014 --from .santunan/demo/events.jsonl
    """
    from pipeline.errors import EXIT_REFUSED
    from pipeline.law.book import Book
    from pipeline.membership.contributions import arrears
    from pipeline.membership.eligibility import coverage_answer
    from schemas.clock import JAKARTA
    from schemas.values import MEMBER_NUMBER_SHAPE, NIK_SHAPE

    if not re.fullmatch(f"{MEMBER_NUMBER_SHAPE}|{NIK_SHAPE}", member):
        raise typer.BadParameter("write a membership number (KPJ: 11 digits or capital letters) or a NIK (16 digits)")
    if known_on is not None:
        if source is not None:
            raise typer.BadParameter("--known-on does not go with --from")
        _show_known(member, on, known_on, lang, json=json)
        return
    day = on or dt.datetime.now(JAKARTA).date()
    book = Book.load()
    if day > book.through:
        raise typer.BadParameter(f"the law is known through {book.through}; give that day or an earlier one")
    found = _from_file(source, member) if source else _from_store(member)
    memberships: list[Member | None] = [*found] or [None]
    answers = [(one, coverage_answer(one, program, day, book)) for one in memberships]
    for one, answer in answers:
        owed = arrears(one, day, book) if one is not None else ()
        if json:
            print_json([_document(one, answer, owed)])
        else:
            _show(one.number if one is not None else _number_of(member), answer, owed, lang)
    if not any(answer.answer == "yes" for _, answer in answers):
        raise typer.Exit(EXIT_REFUSED)


def _show_known(
    member: str, on: dt.date | None, known_on: dt.datetime, lang: Literal["id", "en"], *, json: bool
) -> None:
    from agents.cli.compared import known_moment, print_compared, require_known_past
    from agents.cli.coverage import opened
    from pipeline.explain import day as written_day
    from pipeline.explain.known import known_text, known_word
    from pipeline.operations.known import read_member_known

    require_known_past(known_on)
    with opened(None, here="auditor:here") as (front, principal):
        found = read_member_known(front, principal, member, on, known_on, lang)
    if json:
        print_json(found)
        return
    for one in found:
        moment, day = known_moment(known_on, lang), written_day(one.day, lang)
        print(known_text(lang, "sentences", "member", number=one.member_number, day=day, moment=moment))
        print_compared(one.rows, one.differences, lang)
        print(known_text(lang, "sentences", "days"))
        for days in one.days:
            mark = "*" if days.is_different else " "
            print(f"{mark} {written_day(days.since, lang)} – {written_day(days.until, lang)}")
            for program, then in days.then.items():
                said = known_word(then, lang)
                if then != days.now[program]:
                    said += f"; {known_text(lang, 'sentences', 'now')}: {known_word(days.now[program], lang)}"
                print(f"    {program} {said}")


def _from_store(member: str) -> "list[Member]":
    from agents.cli.store import opened_store
    from pipeline.queries.coverage import members_of

    with opened_store() as store:
        return members_of(store, **_named(member))


def _named(member: str) -> dict[str, str]:
    return {"nik": member} if len(member) == _NIK_DIGITS and member.isdecimal() else {"number": member}


def _number_of(member: str) -> str:
    """The member as printed: a NIK is not repeated."""
    return _named(member).get("number", "NIK")


def _from_file(source: Path, member: str) -> "list[Member]":
    """The members that the events of a file make; `assess` reports what cannot be read.

    Raises NotReady where the file holds no event of a member that can be read: nothing can be said of it.
    """
    from agents.clients.event_files import NotEvents, documents
    from pipeline.errors import NotReady
    from pipeline.queries.coverage import members_in

    try:
        stream = source.open("rb")
    except OSError as error:
        raise NotReady(f"{source} cannot be read: {error.strerror}") from None
    with stream:
        try:
            found = members_in(document for _, document in documents(source, stream))
        except NotEvents as error:
            raise NotReady(f"{source} {error}") from None
    if not found:
        raise NotReady(f"{source} holds no membership event; `santunan assess {source}` says what cannot be read")
    named = _named(member)
    return [one for one in found if member in (one.number if "number" in named else one.nik,)]


def _document(member: "Member | None", answer: "CoverageAnswer", owed: "tuple[MonthStatus, ...]") -> dict[str, Any]:
    return {
        "member_number": member.number if member is not None else None,
        "answer": answer.answer,
        "reason": answer.reason,
        "program": answer.program,
        "day": answer.day,
        "since": answer.since,
        "until": answer.until,
        "paid_through": answer.paid_through,
        "unpaid": [{"month": one.owed.month, "due_on": one.owed.due_on, "amount": one.owed.amount} for one in owed],
    }


def _show(number: str, answer: "CoverageAnswer", owed: "tuple[MonthStatus, ...]", lang: Literal["id", "en"]) -> None:
    from pipeline.explain import day as written_day
    from pipeline.explain import program_name, short

    words = {"id": ("sejak", "lunas sampai", "belum dibayar"), "en": ("since", "paid through", "unpaid")}[lang]
    print(f"{number}, {program_name(answer.program, lang)}, {written_day(answer.day, lang)}:")
    print(f"  {_ANSWERS[lang][answer.answer]}")
    if answer.reason != "OK":
        print(f"  {short(answer.reason, lang)} ({answer.reason})")
    if answer.since:
        print(f"  {words[0]} {written_day(answer.since, lang)}")
    if answer.paid_through:
        print(f"  {words[1]} {answer.paid_through}")
    if owed:
        total = sum(one.owed.amount or 0 for one in owed)
        months = owed[0].owed.month if len(owed) == 1 else f"{owed[0].owed.month} … {owed[-1].owed.month} ({len(owed)})"
        print(f"  {words[2]} {months}: {rupiah(total)}")
