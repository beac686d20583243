"""Explains decisions to people: a worker's family, a claims officer, a court. In Indonesian (`id`) and English (`en`).

Everything here is rendered from the codes and numbers of a decision; a decision itself holds no prose. The texts
are in `languages/<language>/*.yaml` and are read when the first of them is asked for, so that importing this package
costs nothing. Imports `schemas` alone, and of the libraries only PyYAML: no store, no clock, no rule.
"""

from pipeline.explain.explanation import explain, sealed
from pipeline.explain.figures import day, rupiah
from pipeline.explain.layout import render_letter, render_text
from pipeline.explain.parts import Explanation, Line, Payment, Seal, Section
from pipeline.explain.reasons import reason_facts, reason_next, short
from pipeline.explain.texts import LANGUAGES, Language, NoText
from pipeline.explain.words import (
    add_to_first,
    line_name,
    outcome_name,
    paper_name,
    payee_name,
    program_name,
    refusal_text,
    segment_name,
)

__all__ = [
    "LANGUAGES",
    "Explanation",
    "Language",
    "Line",
    "NoText",
    "Payment",
    "Seal",
    "Section",
    "add_to_first",
    "day",
    "explain",
    "line_name",
    "outcome_name",
    "paper_name",
    "payee_name",
    "program_name",
    "reason_facts",
    "reason_next",
    "refusal_text",
    "render_letter",
    "render_text",
    "rupiah",
    "sealed",
    "segment_name",
    "short",
]
