"""Compiles what a claim passes through, with mypyc, where the environment variable SANTUNAN_COMPILED asks for it.

Everything else stands in pyproject.toml. Without the variable the sources are installed as they are, which is how they
are worked on: a change counts at once. `make compiled` and the image of docker-compose.yml set it.
"""

import os
import sys
from pathlib import Path

from setuptools import setup

# Rooms and modules that are compiled. Left out: plain values (`records`, `ports`), since a compiled dataclass is slower
# to make; what interpreted classes inherit from (`store/lookups`); and what runs once a turn.
ROOMS = ("pipeline/law", "pipeline/membership", "pipeline/claims")
MODULES = (
    "pipeline/messages/admission.py",
    "pipeline/messages/intake.py",
    "pipeline/messages/outputs.py",
    "pipeline/processing/processor.py",
    "pipeline/store/rows.py",
    "pipeline/store/loader.py",
    "schemas/clock.py",
    "schemas/values.py",
    "schemas/events.py",
)
# pip runs this file three times, and twice only for the package's name and needs; reading the modules takes long.
BUILDS = {"build_ext", "bdist_wheel", "editable_wheel"}
OPTIMISED = os.environ.get(
    "SANTUNAN_OPTIMISED", "3"
)  # the tests take 0: the C compiler is done in a fraction of the time


def extensions() -> list[object]:
    """The modules that a claim spends its time in; none where nobody asked. Needs mypy and a C compiler."""
    if os.environ.get("SANTUNAN_COMPILED") != "1" or not BUILDS.intersection(sys.argv):
        return []
    from mypyc.build import mypycify

    modules = [path.as_posix() for room in ROOMS for path in sorted(Path(room).rglob("*.py"))]
    compiled = [path for path in modules if not path.endswith("__init__.py")]
    made = mypycify(["--config-file", "pyproject.toml", *compiled, *MODULES], opt_level=OPTIMISED, debug_level="0")
    for one in made:
        one.extra_compile_args.append("-Wno-all")  # to look for warnings in what mypyc wrote takes longer than the rest
    return list(made)


setup(ext_modules=extensions())
