"""Shared by pages with files: the day that is asked for, and a table to download."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, Final

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from agents.imports.tables import csv_of, parquet_of, xlsx_of
from agents.web.gate import gateway_of, in_thread
from agents.web.imports import CSV, XLSX
from agents.web.pages.frame import page_language, texts
from agents.web.problems import ProblemError
from schemas.clock import JAKARTA

PARQUET: Final = "application/vnd.apache.parquet"


def asked_day(request: Request, written: str) -> tuple[dict[str, str], dt.date | None, dict[str, str]]:
    """What was typed, the day, and what is wrong with it."""
    given = written or gateway_of(request).front.now().astimezone(JAKARTA).date().isoformat()
    try:
        return {"day": given}, dt.date.fromisoformat(given), {}
    except ValueError:
        return {"day": given}, None, {"day": texts(page_language(request))["law"]["which_day"]}


def page_of_file(request: Request) -> Response:
    """To the page of a file, with the same question, where it says that a day of it is none. A file of some other day
    would look like the one that was asked for."""
    return RedirectResponse(f"{request.url.path.rpartition('/')[0]}?{request.url.query}", 303)


async def file_of(
    request: Request, kind: str, name: str, titles: Sequence[str], rows: Sequence[Any],
    plain: tuple[Sequence[str], Sequence[Any]],
) -> Response:  # fmt: skip
    """`plain`: names and rows for programs, which Parquet has. Raises NotReady where the extra is not installed."""
    made: dict[str, tuple[str, Callable[[], bytes]]] = {
        "csv": (CSV, lambda: csv_of(titles, rows)),
        "xlsx": (XLSX, lambda: xlsx_of("Santunan", titles, rows)),
        "parquet": (PARQUET, lambda: parquet_of(*plain)),
    }
    if kind not in made:
        raise ProblemError("NOT_FOUND")
    media_type, make = made[kind]
    data = await in_thread(gateway_of(request), make)
    return Response(data, 200, {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}, media_type)
