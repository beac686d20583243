"""Compiles what a claim passes through, with mypyc, where the environment variable SANTUNAN_COMPILED asks for it.

Everything else stands in pyproject.toml. Without the variable the sources are installed as they are, which is how they
are worked on: a change counts at once. `make compiled` and the image of docker-compose.yml set it.
"""

import os
from pathlib import Path

from setuptools import setup

# Beside all rules. Left out: plain values (`record`, `ports`), since a compiled dataclass is slower to make; what
# interpreted classes inherit from (`store/queries`); and what runs once a turn.
NAMES = (
    "intake",
    "case",
    "member",
    "desk",
    "consequences",
    "referrals",
    "rulings",
    "outputs",
    "paid",
    "batch",
    "store/rows",
    "store/loading",
)
SCHEMAS = ("schemas/values.py", "schemas/events.py")  # the functions that read a value, a date say, and an event


def extensions() -> list[object]:
    """The modules that a claim spends its time in; none where nobody asked. Needs mypy and a C compiler."""
    if os.environ.get("SANTUNAN_COMPILED") != "1":
        return []
    from mypyc.build import mypycify

    rules = sorted(str(path) for path in Path("pipeline/rules").glob("*.py") if path.name != "__init__.py")
    modules = [f"pipeline/{name}.py" for name in NAMES]
    return list(mypycify(["--config-file", "pyproject.toml", *rules, *modules, *SCHEMAS], debug_level="0"))


setup(ext_modules=extensions())
