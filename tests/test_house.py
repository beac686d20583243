"""The house keeps its own rules: who may import whom, how long things get, and that each thing stands in one place.

Reads the sources; runs nothing of them.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from schemas import topics
from tests.rooms import ARCHITECTURE, ROOMS, written

ROOT = Path(__file__).parents[1]
MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 70
MOST_LETTERS_OF_A_TEST = 80
SOURCES = sorted(path for top in ("schemas", "pipeline", "agents", "tests") for path in (ROOT / top).rglob("*.py"))
OURS = [path for path in SOURCES if path.relative_to(ROOT).parts[0] != "tests"]

# What the pure core never imports of the standard library, so that the same facts make the same decision for ever.
IMPURE = (
    "asyncio",
    "multiprocessing",
    "os",
    "random",
    "secrets",
    "socket",
    "sqlite3",
    "subprocess",
    "threading",
    "time",
    "uuid",
)
CORE = tuple(room.name for room in ROOMS if room.is_core)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=name(path))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}:{node.lineno}: write imports with their full name"
            yield node.lineno, node.module or ""
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def room_of(module: str) -> str | None:
    """The row a module of ours belongs to: the longest name that is its beginning. None: none, or not ours."""
    path = module.replace(".", "/")
    found = [room.name for room in ROOMS if path == room.name or path.startswith(room.name + "/")]
    return max(found, key=len, default=None)


def below(*places: str) -> list[Path]:
    return [path for path in OURS if any(name(path) == one or name(path).startswith(one + "/") for one in places)]


@pytest.mark.parametrize("path", OURS, ids=name)
def test_a_module_imports_only_what_the_row_of_its_room_allows(path: Path) -> None:
    """`schemas`, `pipeline` and `agents` themselves hold nothing but what they are for."""
    own = room_of(name(path).removesuffix(".py").removesuffix("/__init__"))
    if own is None:
        assert name(path) in {"pipeline/__init__.py", "agents/__init__.py"}, "give this room a row in tests/rooms.py"
        assert not list(imports(path))
        return
    row = next(room for room in ROOMS if room.name == own)
    found = []
    for line, module in imports(path):
        top = module.split(".")[0]
        if top in sys.stdlib_module_names:
            is_allowed = not (row.is_core and top in IMPURE)
        elif top in ("schemas", "pipeline", "agents"):
            is_allowed = room_of(module) in (own, *row.rooms.split())
        else:
            is_allowed = top in row.packages.split()
        if not is_allowed:
            found.append(f"{name(path)}:{line}: imports {module}")
    assert found == []


def third_party(path: Path) -> Iterator[tuple[int, str]]:
    """What a module of ours imports of others, with names that are taken out of modules."""
    for line, module in imports(path):
        top = module.split(".")[0]
        if top not in sys.stdlib_module_names and top not in ("schemas", "pipeline", "agents"):
            yield line, module


def test_nothing_private_of_another_package_is_imported() -> None:
    """Such a name may change with any version."""
    found = [
        f"{name(path)}:{line}: imports {module}"
        for path in OURS
        for line, module in third_party(path)
        if any(re.match("_(?!_)", part) for part in module.split("."))
    ]
    assert found == []


def distribution(requirement: str) -> str:
    """The name of a requirement, spelled as PyPA compares names: `PyYAML>=6` and `pyyaml` are one."""
    return re.sub("[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]).lower()


def test_each_package_that_is_imported_is_declared() -> None:
    """What another package brings along today it may leave out tomorrow."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [one for extra in project["optional-dependencies"].values() for one in extra]
    declared = {distribution(one) for one in (*project["dependencies"], *extras)}
    installed = packages_distributions()
    tops = {module.split(".")[0] for path in OURS for _, module in third_party(path)}
    assert {"faust", "kafka", "yaml"} <= tops, "this test looks in the wrong place"
    missing = {top for top in tops if not {distribution(one) for one in installed.get(top, ())} & declared}
    assert missing == set()


def test_rooms_stand_from_the_ground_up_so_that_there_is_no_circle() -> None:
    before: set[str] = set()
    for room in ROOMS:
        assert set(room.rooms.split()) <= before, f"{room.name} imports a room that stands below it in the table"
        assert room.name not in before
        before.add(room.name)


def test_each_row_of_the_table_is_a_room_that_uses_what_it_may() -> None:
    """A right that nobody uses is one that nobody has thought about."""
    used: dict[str, set[str]] = {room.name: set() for room in ROOMS}
    for path in OURS:
        own = room_of(name(path).removesuffix(".py").removesuffix("/__init__"))
        if own is not None:
            used[own] |= {room_of(module) or module.split(".")[0] for _, module in imports(path)}
    unused = {room.name: set(f"{room.rooms} {room.packages}".split()) - used[room.name] for room in ROOMS}
    assert {room: left for room, left in unused.items() if left} == {}


def test_the_table_of_rooms_in_the_documentation_is_this_one() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    assert text == written(text), "run: python -m tests.rooms"


def test_the_core_never_asks_what_time_it_is() -> None:
    clocks = {"now", "today", "utcnow"}
    found = [
        f"{name(path)}:{node.lineno}: {ast.unparse(node)}"
        for path in below(*CORE)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in clocks
    ]
    assert found == []


def test_only_the_rule_book_and_the_texts_read_files_in_the_core() -> None:
    readers = {"open", "read_text", "read_bytes"}
    found = {
        name(path)
        for path in below(*CORE)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in readers
    }
    assert not {one for one in found if not re.search(r"(book|reading|texts|load|verifier)", one)}, found


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_fits_a_sitting_and_a_function_a_screen(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > MOST_LINES_OF_A_FUNCTION
    ]
    assert lines <= MOST_LINES_OF_A_FILE and long == []


@pytest.mark.parametrize("path", [path for path in OURS if path.read_text(encoding="utf-8").strip()], ids=name)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(tree(path)), "a module begins with what it is for, and what it must never import"


RIDDLES = {"What", "How", "Which", "Who", "Where"}


@pytest.mark.parametrize("path", [path for path in OURS if path.read_text(encoding="utf-8").strip()], ids=name)
def test_a_module_docstring_opens_with_a_noun_or_a_verb(path: Path) -> None:
    assert (ast.get_docstring(tree(path)) or "").split(" ", 1)[0] not in RIDDLES


@pytest.mark.parametrize("path", [path for path in SOURCES if path.name.startswith("test_")], ids=name)
def test_the_name_of_a_test_is_a_sentence_that_fits_a_line(path: Path) -> None:
    names = [node.name for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [one for one in names if len(one.removeprefix("test_")) > MOST_LETTERS_OF_A_TEST] == []


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """String constants that are no docstring."""
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.lineno, node.value


def test_each_topic_is_spelled_once() -> None:
    found = [
        f"{name(path)}:{line}: {text}"
        for path in OURS
        for line, text in texts(path)
        if text in topics.ALL and name(path) != "schemas/topics.py"
    ]
    assert found == []


def test_each_table_is_spelled_once() -> None:
    defined: dict[str, list[str]] = {}
    for path in OURS:
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "Table" or not node.args:
                continue
            table = ast.literal_eval(node.args[0])
            defined.setdefault(table, []).append(name(path))
    assert defined, "no table found: this test looks in the wrong place"
    assert {table: places for table, places in defined.items() if len(places) > 1} == {}


def test_each_parameter_of_the_law_has_one_file() -> None:
    files = [path for path in (ROOT / "pipeline").rglob("*.yaml")]
    parameters = [path for path in files if path.parent.name == "parameters"]
    assert parameters, "no parameter found: this test looks in the wrong place"
    assert len({path.stem for path in parameters}) == len(parameters)


def test_agents_open_the_store_by_their_own_module_alone() -> None:
    """It gives the key that NIKs are written with; who opens by the address alone finds a store with a key closed."""
    past = re.compile(r"from pipeline\.store(\.\w+)? import .*\bopen_(store|reader|access|webhooks)\b")
    own = [path for path in OURS if name(path).startswith("agents/") and name(path) != "agents/stores.py"]
    found = [name(path) for path in own if past.search(path.read_text())]
    assert found == []


def test_only_the_unit_of_work_commits() -> None:
    found = {
        name(path)
        for path in OURS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    }
    assert found and {one for one in found if not one.startswith("pipeline/store/")} <= {
        "pipeline/processing/processor.py"
    }


UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError|# type: ignore(?!\[)")
SKIPPED = re.compile(r"pytest\.mark\.skip\b|pytest\.mark\.xfail\b|@unittest\.skip")


@pytest.mark.parametrize("path", [path for path in SOURCES if path != Path(__file__)], ids=name)
def test_nothing_is_left_for_later(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = [line for line in text.splitlines() if UNFINISHED.search(line) or SKIPPED.search(line)]
    assert found == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_error_is_swallowed(path: Path) -> None:
    broad = {"Exception", "BaseException"}
    found = [
        node.lineno
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") in broad)
        and all(isinstance(one, ast.Pass | ast.Continue) for one in node.body)
    ]
    assert found == []


REGISTRY = re.compile(
    # Any address that serves packages: known by what it is called for, so that no host's name stands here either.
    r"index-url|find-links|\"resolved\": *\"http|registry *= *\"?http"
    r"|https?://[^ ]*(?:/simple\b|/maven|/packages/|\.whl|\.jar)"
)
ONE_MACHINE = re.compile(r"(?:^|[^A-Za-z.<>_-])/(?:work|root|home/[a-z]+|Users/[A-Za-z]+|tmp/[a-z]+)/")
TEXT_FILES = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".ini", ".mako", ".cfg", ".txt", ".sh", ""}


def committed() -> list[Path]:
    places = [ROOT / one for one in ("schemas", "pipeline", "agents", "tests", "docs", ".ci")]
    below_them = [path for place in places for path in place.rglob("*") if "__pycache__" not in path.parts]
    own = [path for path in ROOT.iterdir() if path.name != ".git"]  # of a worktree it is a file
    return [path for path in (*below_them, *own) if path.is_file()]


def test_no_file_names_a_registry_or_a_place_on_one_machine() -> None:
    found = [
        f"{name(path)}:{number}: {line.strip()[:80]}"
        for path in committed()
        if path.suffix in TEXT_FILES and path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if REGISTRY.search(line) or ONE_MACHINE.search(line)
    ]
    assert found == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = {"utils", "util", "common", "base", "helpers", "helper", "manager", "misc", "shared"}
    assert [name(path) for path in SOURCES if path.stem in empty or path.parent.name in empty] == []


SHOWS = re.compile(r"\bassert\b|pytest\.(?:raises|warns|fail)|\b(?:check|assert|verify)_|\bexpect[_(]")


def functions_that_show(path: Path) -> set[str]:
    """Functions of a module that assert or expect an error, by themselves or through another one of the module."""
    bodies = {
        node.name: ast.unparse(node)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    shown = {function for function, body in bodies.items() if SHOWS.search(body)}
    while True:
        calls = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(shown)))})\(") if shown else re.compile(r"(?!)")
        more = {one for one, body in bodies.items() if calls.search(body.split(":", 1)[1])} - shown
        if not more:
            return shown
        shown |= more


@pytest.mark.parametrize("path", [path for path in SOURCES if path.name.startswith("test_")], ids=name)
def test_each_test_can_fail(path: Path) -> None:
    """A test that neither asserts, nor expects an error, nor calls something that does, shows nothing."""
    tests = {
        node.name
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }
    assert tests - functions_that_show(path) == set()


SHARED_BY_FILES = {
    *("kafka_bootstrap", "postgresql_server", "new_database"),  # a test makes topics and a database of its own
    *("filled", "events", "after_the_demo"),  # copied, or only read
}


def test_no_test_depends_on_which_files_ran_before_it() -> None:
    """A gateway for the whole run let one file hold a claim that another file needed, or not, by chance."""
    found = {
        node.name
        for path in SOURCES
        if path.is_relative_to(ROOT / "tests")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef)
        and any(
            "scope='session'" in ast.unparse(one) or "scope='package'" in ast.unparse(one)
            for one in node.decorator_list
        )
    }
    assert found == SHARED_BY_FILES
