"""Bodies of plain questions: JSON of one object, read by a strict model, and its faults as ours."""

from typing import TypeVar

from fastapi import Request
from pydantic import ValidationError

from agents.web.gate import body_of, media_type_of
from agents.web.problems import ProblemError
from pipeline.errors import Poison
from schemas.decisions import FieldError
from schemas.values import Strict

Model = TypeVar("Model", bound=Strict)
MOST_QUESTION_BYTES = 4096


async def model_of(request: Request, model: type[Model]) -> Model:
    """Raises ProblemError (MEDIA_TYPE, LENGTH), Poison (NOT_JSON, INVALID)."""
    if media_type_of(request) != "application/json":
        raise ProblemError("MEDIA_TYPE")
    try:
        return model.model_validate_json(await body_of(request, MOST_QUESTION_BYTES))
    except ValidationError as error:
        raise _fault_of(error, model) from None


def _fault_of(error: ValidationError, model: type[Strict]) -> Poison:
    """Without the input, and without the name of a field that is not ours."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    if found[0]["type"] == "json_invalid":
        return Poison("NOT_JSON")
    faults = [
        FieldError(str(one["loc"][0]), one["msg"].removeprefix("Value error, "))
        for one in found
        if one["loc"] and one["loc"][0] in model.model_fields
    ]
    return Poison("INVALID", *faults)
