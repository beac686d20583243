"""English words: those of our English texts that no Indonesian text has. And every message of a fault that the source
code can say."""

import ast
import itertools
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from agents.web import messages, wordings
from agents.web.openapi import HEADERS
from agents.web.problems import _OWN
from pipeline.access.principals import KINDS

ROOT: Final = Path(__file__).parents[3]
LANGUAGES: Final = ROOT / "pipeline" / "explain" / "languages"
PAGES: Final = ROOT / "agents" / "web" / "pages" / "texts"
# Of both languages, or names that are the same in both, whichever texts happen to have them.
_SAME: Final = (
    "authorization bearer byte ce charset data digit dpi false format header host internet json log parameter person "
    "program status true utc utf virus"
)
BOTH: Final = frozenset(_SAME.split())
# Rooms whose faults a sender may read, at once or in a receipt.
ROOMS: Final = (
    "schemas",
    "pipeline/messages",
    "pipeline/operations",
    "pipeline/claims",
    "pipeline/membership",
    "pipeline/access",
    "pipeline/processing/chunk_work.py",
    "pipeline/credentials.py",
    "agents/web",
)
RAISED: Final = {"FieldError": 1, "WeakPassword": 0, "BadPrincipal": 1, "wrong_media_type": 0, "_refused": 0}
# What no sender of the gateway reads: of a document that we make, or of commands alone.
ELSEWHERE: Final = ("two schemas are named", "and nobody is officer and")
_QUOTED: Final = re.compile(
    r"`[^`]*`|'[^']*'|\"[^\"]*\"|“[^”]*”"  # what is to be written
    r"|[A-Z][a-z]+-[A-Z]\w+|\S*[/_.:{…]\S+|\{\}"  # headers, addresses, places
)


def words_of(text: str) -> set[str]:
    """In small letters, without what is quoted, names of headers, addresses and codes."""
    plain = [one for one in _QUOTED.sub(" ", text).split() if not one.isupper()]
    return set(re.findall(r"[a-z]+", " ".join(plain).lower()))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _written(language: str) -> Iterator[str]:
    for file in (*sorted((LANGUAGES / language).glob("*.yaml")), PAGES / f"{language}.yaml"):
        yield from _texts(yaml.safe_load(file.read_bytes()))


@cache
def english() -> frozenset[str]:
    ours = [*messages._SAID, *wordings.TEMPLATES, *(one[2][0] + " " + one[2][1] for one in _OWN.values())]
    said = set().union(*map(words_of, [*_written("en"), *ours]))
    indonesian = set().union(*map(words_of, _written("id")))
    kinds = {one for one in KINDS if one not in ("auditor", "operator", "system")}
    return frozenset((said | kinds) - indonesian - BOTH - {name.lower() for name in HEADERS})


def english_in(text: str) -> list[str]:
    return sorted(words_of(text) & english())


def messages_of_source() -> list[str]:
    """Each with 9 in its holes, and with each text that a hole may have."""
    found: set[str] = set()
    for room in ROOMS:
        place = ROOT / room
        for file in [place] if place.is_file() else sorted(place.rglob("*.py")):
            found |= set(_messages_of(ast.parse(file.read_text())))
    return [one for one in sorted(found) if not any(part in one for part in ELSEWHERE)]


def _messages_of(tree: ast.Module) -> Iterator[str]:
    assigned: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    assigned.setdefault(target.id, []).append(node.value)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        position = 0 if name == "ValueError" and "schemas" in ast.unparse(tree)[:400] else RAISED.get(name)
        if position is not None and len(node.args) > position:
            yield from _said(node.args[position], assigned)
    for node in ast.walk(tree):  # what a function returns to be said
        if isinstance(node, ast.FunctionDef) and node.name in ("_section_message", "_text_fault", "message_of"):
            for one in ast.walk(node):
                if isinstance(one, ast.Return) and one.value is not None:
                    yield from _said(one.value, assigned)


def _said(node: ast.expr, assigned: dict[str, list[ast.expr]], depth: int = 0) -> list[str]:
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) and " " in node.value else []
    if isinstance(node, ast.BinOp):
        lefts, rights = (_said(one, assigned, depth) or ["9"] for one in (node.left, node.right))
        return [left + right for left in lefts for right in rights]
    if isinstance(node, ast.IfExp):
        return _said(node.body, assigned, depth) + _said(node.orelse, assigned, depth)
    if isinstance(node, ast.JoinedStr):
        return ["".join(one) for one in itertools.product(*[_part(value, assigned, depth) for value in node.values])]
    if isinstance(node, ast.Name) and depth < 3:
        return [text for one in assigned.get(node.id, ()) for text in _said(one, assigned, depth + 1)]
    return []


def _part(value: ast.expr, assigned: dict[str, list[ast.expr]], depth: int) -> list[str]:
    if isinstance(value, ast.Constant):
        return [str(value.value)]
    assert isinstance(value, ast.FormattedValue)
    return _said(value.value, assigned, depth + 1) or ["9"]
