# `make results` runs the workflow, `make test` every check, `make docs` builds the documentation into site/. All first
# make .venv from the lock file when it is missing, stale or half made.
#
#   make results CONFIG=config/gdsc.yaml CORES=8 ARGS="--dry-run"
#   make test PYTEST_ARGS="-k digest"
#   make results PYTHON=/opt/python3.12/bin/python3 PIP_ARGS="--find-links wheels"

SHELL := bash
PYTHON ?= python3
CORES ?= $(shell nproc 2>/dev/null || echo 2)
CONFIG ?=
ARGS ?=
PIP_ARGS ?=
PYTEST_ARGS ?=
# One more than a small machine's cores: one of them mostly waits for a cluster.
TEST_WORKERS ?= 3

# Without the trigger `code`, which goes by the modification times of scripts: every rule has the digest of its code.
RERUN := --rerun-triggers mtime params input software-env
# Looked up before .venv/bin leads PATH, so that an environment is never remade with its own interpreter.
SYSTEM_PYTHON := $(shell command -v "$(PYTHON)")
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
export PATH := $(CURDIR)/$(BIN):$(PATH)

PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $(PIP_ARGS)
# Stands while an install runs. One that was interrupted leaves it behind, newer than the stamp, so that
# the environment is made afresh.
INSTALLING := .venv/.installing

.DELETE_ON_ERROR:
.PHONY: help results test lint docs benchmark benchmark-scale benchmark-parsers clean

help:
	@sed -n '/^$$/q;s/^# \{0,1\}//p' Makefile

results: .venv/.installed
	$(BIN)/snakemake $(RERUN) --rerun-incomplete $(if $(CONFIG),--configfile $(CONFIG)) --cores $(CORES) $(ARGS)

test: lint
	$(PYTEST) --numprocesses $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/mypy
	$(BIN)/snakemake --lint

# The documentation as a site, from site/index.html on; a warning is an error.
docs: .venv/.installed-dev
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet --doctree-dir site/.doctrees docs site

# Time and memory of a training step beside the plain per-term network and SparseGO, up to ten minutes;
# ARGS="--quick" needs seconds, ARGS="--help" names the other options.
benchmark: .venv/.installed
	PYTHONPATH=workflow/scripts:. $(BIN)/python -m benchmarks.training_step $(ARGS)

# Time and memory of every step at half a million pairs, about a minute; ARGS="--quick" needs seconds.
benchmark-scale: .venv/.installed
	PYTHONPATH=workflow/scripts:. $(BIN)/python -m benchmarks.scale $(ARGS)

# Time and memory of the portals' parsers on made-up files of full size, some minutes; ARGS="--help" names the options.
benchmark-parsers: .venv/.installed
	PYTHONPATH=workflow/scripts:. $(BIN)/python -m benchmarks.parsers $(ARGS)

# What the tools remember between runs; never results, retrieved files or the environment.
clean:
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/.installed: requirements.txt constraints.txt $(wildcard $(INSTALLING))
	@test -n "$(SYSTEM_PYTHON)" || { echo "error: no $(PYTHON) found; name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(SYSTEM_PYTHON)" -c 'import sys; found = sys.version.split()[0]; sys.exit(sys.version_info < (3, 11) and f"error: Python 3.11 or newer is needed, $(PYTHON) is {found}; name another: make PYTHON=/path/to/python3.11")'
	"$$("$(SYSTEM_PYTHON)" -c 'import sys; print(sys._base_executable)')" -m venv --clear .venv
	@touch $(INSTALLING)
	$(PIP_INSTALL) --requirement requirements.txt
	@rm $(INSTALLING) && touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	@touch $(INSTALLING)
	$(PIP_INSTALL) --requirement requirements.txt --requirement requirements-dev.txt
	@rm $(INSTALLING) && touch $@
