"""The compiled rules are the same rules: every case, and a whole portfolio byte for byte."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.workload import claims, members

ROOT = Path(__file__).parents[2]
MINUTES = 60


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which Python finds the compiled program before the sources."""
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler here; the sources are used as they are")
    sources = tmp_path_factory.mktemp("sources")
    for name in ("agents", "pipeline", "schemas"):
        shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, sources / name)
    target = tmp_path_factory.mktemp("compiled")
    install = ["pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"]
    command = [sys.executable, "-m", *install, "--target", str(target), str(sources)]
    _run(command, {**os.environ, "SANTUNAN_COMPILED": "1"})
    environment = {**os.environ, "PYTHONSAFEPATH": "1", "PYTHONPATH": f"{target}{os.pathsep}{ROOT}"}
    where = _run([sys.executable, "-c", "import pipeline.rules.table as t; print(t.__file__)"], environment)
    assert where.startswith(str(target).encode()) and b".py" not in where, "the compiled module is the one that is used"
    return environment


@pytest.mark.timeout(10 * MINUTES)
def test_every_case_of_the_rules_is_decided_the_same(compiled: dict[str, str]) -> None:
    command = [sys.executable, "-m", "pytest", "--import-mode=importlib", "-p", "no:cacheprovider", "-n", "0"]
    told = _run([*command, str(ROOT / "tests" / "rules"), str(ROOT / "tests" / "unit" / "test_desk.py")], compiled)
    assert b"passed" in told and b"skipped" not in told


@pytest.mark.timeout(10 * MINUTES)
def test_a_file_of_claims_is_decided_byte_for_byte_the_same(compiled: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(one.value for one in (*members(40), *claims(400, 40))) + b"\n")
    command = [sys.executable, "-c", "from agents.cli import main; main()", "assess", str(file)]
    decided = _run(command, compiled)
    assert decided.count(b"\n") == 400 and decided == _run(command, dict(os.environ))


def _run(command: list[str], environment: dict[str, str]) -> bytes:
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr.decode()[-4000:] + done.stdout.decode()[-4000:]
    return done.stdout
