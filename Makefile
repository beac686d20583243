# Needs Python 3.11 or newer and make; no root, no Docker. Everything is installed into .venv.
#
#   make demo     a made-up portfolio through the real pipeline (about 15 s after installation)
#   make test     every test
#   make quick    the tests that need no server (under two minutes)
#   make check    layout, lint, types and the house test
#   make compiled the program with compiled rules, in build/compiled (needs a C compiler; about a minute)
#   make bench    claims/s and where the time goes, compiled where there is a C compiler
#   make soak     every fault in turn on real servers for MINUTES (5), then one JSON line of counts
#   make kills    the embedded worker killed at each step of every chunk (long)
#   make clean    remove .venv and everything that was made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= auto
MINUTES ?= 5
QUICK := $(addprefix tests/,law membership claims messages processing explain rules schemas store test_house.py test_compose.py)

.PHONY: help demo test quick check compiled bench soak kills clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; say which one: make PYTHON=python3.12 demo" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo "$(PYTHON) cannot make a virtual environment; install its venv module" >&2; exit 1; }

# The program and its gateway: enough for the demo, and for `santunan run` after it.
$(VENV)/installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[gateway]'
	@touch $@

# The program with what tests, checks and measurements need.
$(VENV)/installed-dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/installed

demo: $(VENV)/installed
	@$(BIN)/santunan demo $(ARGS)

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

# What is worked on most: the law, the claims, the texts. No server, no worker process.
quick: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(QUICK) $(ARGS)

check: $(VENV)/installed-dev
	$(BIN)/ruff format --check --quiet . || { echo 'run: .venv/bin/ruff format .' >&2; exit 1; }
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_house.py

# An installation of its own: what is worked on stays uncompiled, so that a change of a source counts at once.
compiled: $(VENV)/installed-dev
	rm -rf build
	SANTUNAN_COMPILED=1 $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  --no-build-isolation --target build/compiled .

bench: $(if $(shell command -v cc),compiled,$(VENV)/installed-dev)
	PYTHONSAFEPATH=1 PYTHONPATH=build/compiled:. $(BIN)/python -m tests.bench $(ARGS)

soak: $(VENV)/installed-dev
	@$(BIN)/python -m tests.faults.soak $(MINUTES)

kills: $(VENV)/installed-dev
	SANTUNAN_SOAK=1 $(BIN)/python -m pytest tests/faults/test_embedded_kills.py --timeout 7200 $(ARGS)

clean:
	rm -rf $(VENV) .santunan .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
