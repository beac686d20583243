"""The AsyncAPI document: current, valid by the official schema and parser, and true of the events that there are."""

import copy
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest

from schemas import topics
from schemas.asyncapi import asyncapi_document, write_asyncapi
from schemas.contract import event_types
from tests.schemas.test_schemas import leaving
from tests.support import events as e

ROOT: Final = Path(__file__).parents[2]
FILE: Final = ROOT / "schemas" / "asyncapi.json"
PARSER: Final = "@asyncapi/parser@3.6.3"
CACHE: Final = ROOT / ".santunan" / "asyncapi-parser"
PARSE: Final = """
const {Parser} = require('@asyncapi/parser');
new Parser().parse(require('fs').readFileSync(process.argv[1], 'utf8')).then(({document, diagnostics}) => {
  for (const one of diagnostics.filter(one => one.severity < 2)) console.log(one.path.join('.'), one.message);
  process.exit(document ? 0 : 1);
});
"""


@pytest.fixture(scope="module")
def modules() -> Path:
    """The parser's packages, by the npm client; they have the official JSON Schemas of AsyncAPI, too."""
    found = CACHE / "node_modules"
    if not (found / "@asyncapi" / "parser").exists():
        if shutil.which("npm") is None or shutil.which("node") is None:
            pytest.skip("node and npm are not here")
        part = CACHE.with_name(f"{CACHE.name}.{os.getpid()}")
        part.mkdir(parents=True)
        wanted = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", PARSER]
        done = subprocess.run(wanted, cwd=part, capture_output=True, text=True, timeout=240)  # noqa: S603
        assert done.returncode == 0, done.stderr
        shutil.rmtree(CACHE, ignore_errors=True)
        part.rename(CACHE)
    return found


def broken() -> Any:
    document = asyncapi_document()
    document["channels"]["claims-decisions"]["adress"] = document["channels"]["claims-decisions"].pop("address")
    return document


def test_the_committed_document_says_what_the_code_says(tmp_path: Path) -> None:
    write_asyncapi(tmp_path / "now.json")
    assert FILE.read_text() == (tmp_path / "now.json").read_text(), (
        "run: santunan schemas --asyncapi schemas/asyncapi.json"
    )


def test_every_topic_is_a_channel_with_every_type_that_it_has() -> None:
    document = asyncapi_document()
    inside = {
        one["address"]: {name.replace("-", ".") for name in one["messages"]} for one in document["channels"].values()
    }
    assert inside.keys() == set(topics.ALL)
    for kind in event_types():
        there = {topic for topic, types in inside.items() if kind.type.replace("-", ".") in types}
        assert there == set(kind.topics) | ({topics.HISTORY} if kind.direction == "in" else set())
    assert inside[topics.CHECKPOINTS] == {"checkpoint"}
    assert len(document["operations"]) == len(topics.ALL)


def test_the_official_schema_accepts_it_and_not_a_wrong_key(modules: Path) -> None:
    schema = json.loads((modules / "@asyncapi" / "specs" / "schemas" / "3.0.0-without-$id.json").read_text())
    official = jsonschema_rs.Draft7Validator(schema)
    assert [str(one.message)[:200] for one in official.iter_errors(asyncapi_document())] == []
    assert not official.is_valid(broken())


@pytest.mark.parametrize("is_broken", [False, True])
def test_its_own_parser_accepts_it_and_not_a_wrong_reference(is_broken: bool, modules: Path, tmp_path: Path) -> None:
    document = asyncapi_document()
    if is_broken:
        document["channels"]["claims-decisions"]["messages"]["x"] = {"$ref": "#/components/messages/nothing"}
    (tmp_path / "asyncapi.json").write_text(json.dumps(document))
    done = subprocess.run(  # noqa: S603
        ["node", "-e", PARSE, str(tmp_path / "asyncapi.json")],  # noqa: S607
        env=os.environ | {"NODE_PATH": str(modules)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode != 0) == is_broken, done.stdout + done.stderr
    assert bool(done.stdout) == is_broken, done.stdout


def payload(kind: str) -> Any:
    """The schema of one type's events, as a reader of the document alone has it."""
    document = copy.deepcopy(asyncapi_document())
    schema = document["components"]["messages"][kind.replace(".", "-")]["payload"]["schema"]
    return jsonschema_rs.Draft7Validator(schema | {"components": document["components"]})


def test_what_comes_in_and_what_leaves_fits_its_payload() -> None:
    events = [*e.member(), e.accident("K1"), e.death("M1", "2025-01-01")]
    events += [json.loads(message.value) for message in leaving()]
    seen = {event["type"] for event in events}
    for kind in seen:
        fits = payload(kind)
        for event in (one for one in events if one["type"] == kind):
            assert fits.is_valid(event), [one.message for one in fits.iter_errors(event)]
            assert not fits.is_valid(event | {"id": ""}) and not fits.is_valid(event | {"data": {}})
    assert len(seen) >= 10
