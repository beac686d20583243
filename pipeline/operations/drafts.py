"""Drafts: what is wrong with a report before it is sent. Nothing is sent or looked up."""

from collections.abc import Mapping
from typing import Any, Literal

import orjson

from pipeline.access.principals import Principal
from pipeline.access.roles import grant_of
from pipeline.errors import Poison
from pipeline.messages.intake import read_event
from pipeline.operations.dates import late_dates
from pipeline.operations.front_office import FrontOffice
from schemas.claims import AccidentClaimed, DeathClaimed
from schemas.decisions import FieldError
from schemas.envelope import document

_KINDS = {"accident": AccidentClaimed, "death": DeathClaimed}


def faults_of_draft(
    front: FrontOffice, principal: Principal, kind: Literal["accident", "death"], data: Mapping[str, Any]
) -> tuple[FieldError, ...]:
    """Every fault that the same report would be refused for by its form alone; dates to come come first, also where
    other answers are missing yet. Raises Denied."""
    grant_of(principal, f"report_{kind}")
    now = front.now()
    late = late_dates(data, now)
    made = document(_KINDS[kind], event_id="draft", source=principal.name, time=now, data={"claim_id": "DRAFT", **data})
    try:
        read_event(orjson.dumps(made))
    except Poison as poison:
        return *late, *poison.errors
    return late
