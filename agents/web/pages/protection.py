"""The members of a cooperative or an employer: who is covered, who is about to lapse, and what to pay until when."""

import datetime as dt
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from agents.imports import coverage_tables as tables
from agents.web.gate import Signed, call
from agents.web.pages.coverage_files import asked_day, file_of, page_of_file
from agents.web.pages.forms import faults_of
from agents.web.pages.frame import page, page_language
from agents.web.pages.parts import part_of
from pipeline.access.roles import grant_of
from pipeline.errors import Poison
from pipeline.explain import Language
from pipeline.explain.calls import call_kind
from pipeline.explain.coverage import coverage_text
from pipeline.operations.protection import GROUPS, Protection, list_protection

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/protection")
async def protection(
    request: Request, principal: Signed, day: str = "", cooperative: str = "", group: str = "", start: str = ""
) -> Response:
    """`group`: those alone; of GROUPS, else all."""
    grant_of(principal, "list_protection")
    language = page_language(request)
    given, on, faults = asked_day(request, day)
    found = None
    if on is not None:
        try:
            found = await _found(request, principal, on, cooperative, language)
        except Poison as poison:
            faults = faults_of(poison, {"day": "day"}, language, "day")
    rows = [one for one in found.rows if group not in GROUPS or one.group == group] if found is not None else []
    sentences = list(tables.protection_sentences(found, language)) if found is not None and found.rows else []
    return page(
        request,
        "protection.html",
        principal,
        422 if faults else 200,
        given=given | {"cooperative": cooperative},
        faults=faults,
        found=found,
        part=part_of(rows, start),
        group=group if group in GROUPS else "",
        sentences=sentences,
        say=lambda *path, **facts: coverage_text(language, *path, **facts),
        kind_name=lambda kind: call_kind(kind, language),
    )


@router.get("/protection/members.{kind}")
async def protection_file(
    request: Request, principal: Signed, kind: str, day: str = "", cooperative: str = ""
) -> Response:  # fmt: skip
    grant_of(principal, "list_protection")
    _, on, _ = asked_day(request, day)
    if on is None:
        return page_of_file(request)
    language = page_language(request)
    found = await _found(request, principal, on, cooperative, language)
    rows, plain = list(tables.protection_rows(found, language)), tables.plain_rows(found.rows)
    return await file_of(request, kind, "anggota", tables.protection_titles(language), rows, plain)


async def _found(request: Request, principal: Any, day: dt.date, cooperative: str, language: Language) -> Protection:
    return await call(
        request, list_protection, principal, day=day, cooperative=cooperative or None, language=language
    )  # fmt: skip
