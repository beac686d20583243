"""The letter to a family as PDF, for who may read the letter: to print, to send, to keep."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from agents.web.gate import Signed, call
from agents.web.pages.frame import page_language
from agents.web.printing import pdf_answer
from pipeline.operations.reading import explain_claim

router = APIRouter(tags=["pages"], include_in_schema=False)


@router.get("/claims/{claim}/letter.pdf")
async def letter_as_pdf(request: Request, principal: Signed, claim: str) -> Response:
    found = await call(request, explain_claim, principal, claim, page_language(request))
    return await pdf_answer(request, found, with_record=False)
