"""Compiles the rules and the desk with mypyc where the environment variable SANTUNAN_COMPILED asks for it.

Everything else stands in pyproject.toml. Without the variable the sources are installed as they are, which is how they
are worked on: a change counts at once. `make compiled` and the image of docker-compose.yml set it.
"""

import os
from pathlib import Path

from setuptools import setup


def extensions() -> list[object]:
    """The modules that a claim spends its time in; none where nobody asked. Needs mypy and a C compiler."""
    if os.environ.get("SANTUNAN_COMPILED") != "1":
        return []
    from mypyc.build import mypycify

    rules = sorted(str(path) for path in Path("pipeline/rules").glob("*.py") if path.name != "__init__.py")
    desk = [f"pipeline/{name}.py" for name in ("desk", "consequences", "referrals", "rulings")]
    return list(mypycify(["--config-file", "pyproject.toml", *rules, *desk], debug_level="0"))


setup(ext_modules=extensions())
