# Everything a person needs from a fresh clone; Python 3.11 or newer is enough. `make` lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Tests start hundreds of Pythons: with this set, each would compile all of our source anew.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help setup compile demo up test env evaluate bench smoke mutation lint type sbom audit fmt check clean

VENV := .venv
BIN := $(VENV)/bin
# The first interpreter that is new enough; `make PYTHON=/path/to/python …` names another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
BENCH_STAMP := $(VENV)/.installed-bench
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: $(RUN_STAMP) ## Start everything, send a sample community through the webhook, print what was found
	@$(BIN)/huoqun demo

up: $(RUN_STAMP) ## Run everything on this machine until Ctrl-C (ARGS=--free-ports for other ports)
	@$(BIN)/huoqun up $(ARGS)

test: $(DEV_STAMP) compile-if-possible ## Run all tests that this machine can run: four processes share them, then those that measure time, alone; skipped ones say what they need (ARGS=…)
ifdef ARGS
	@$(BIN)/python -m pytest $(ARGS)
else
	@status=0; \
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --ignore=tests/timing || status=1; \
	$(BIN)/python -m pytest tests/timing || status=1; \
	exit $$status
endif

evaluate: $(DEV_STAMP) compile-if-possible ## Judge the signals on real chats, one table (DATA=../shared/data, QUICK=1, KEEP=1: EVALUATION.md, ONLY=names)
	@$(BIN)/python -m evaluation $(DATA) $(if $(QUICK),--quick) $(if $(KEEP),--keep) $(if $(ONLY),--only $(ONLY))

bench: $(BENCH_STAMP) compile-if-possible ## Measure everything side by side, keep the table in BENCHMARKS.md (QUICK=1: shorter, not kept; ARGS=names)
	@$(BIN)/python -m bench run $(if $(QUICK),--quick,--keep) $(ARGS)

smoke: $(BENCH_STAMP) compile-if-possible ## The short benchmarks: fails if a ratio fell by more than a third against the kept ones
	@$(BIN)/python -m bench smoke $(ARGS)

mutation: $(DEV_STAMP) ## Small faults put into the decisions, and how many of them the tests notice (ARGS="--seed 2 --most 100 verify")
	@$(BIN)/python -m tests.mutation $(ARGS)

lint: $(DEV_STAMP) ## Style, import rules, YAML and shell scripts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/yamllint --strict .
	@if command -v shellcheck >/dev/null; then shellcheck .ci/run; else echo "shellcheck is not installed: .ci/run not checked"; fi

type: $(DEV_STAMP) ## Types, strictly
	@$(BIN)/mypy

sbom: $(DEV_STAMP) ## Write what huoqun is made of, every package with its version (CycloneDX): build/sbom.cdx.json
	@$(BIN)/python -m audit sbom

audit: $(DEV_STAMP) ## Ask the advisory database of PyPI whether anything of it is known to be vulnerable; says so where it can't be asked
	@$(BIN)/python -m audit advisories

env: .env ## Write .env with fresh secrets for `docker compose up`, unless there is one

.env:
	@umask 077; $(PYTHON) -c "$$MAKE_ENV" > $@
	@echo "wrote .env: secrets for docker compose; the desk's token is HUOQUN_DESK_TOKENS in it (after the colon), Grafana's password for user admin GRAFANA_ADMIN_PASSWORD"

define MAKE_ENV
import base64, secrets
for name in (
    "HUOQUN_CLICKHOUSE_OWNER_PASSWORD", "HUOQUN_CLICKHOUSE_WRITER_PASSWORD", "HUOQUN_CLICKHOUSE_READER_PASSWORD",
    "GRAFANA_ADMIN_PASSWORD",
):
    print(f"{name}={secrets.token_urlsafe(24)}")
print(f"HUOQUN_DESK_TOKENS=operator:{secrets.token_urlsafe(24)}")
print(f"HUOQUN_CANONICAL_SECRET=whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}")
endef
export MAKE_ENV

fmt: $(DEV_STAMP) ## Put the code into shape
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

check: lint type test ## All of the above that must be right before a commit lands

setup: $(DEV_STAMP) ## Install everything, also for development, into .venv (the other targets do it by themselves)

clean: ## Remove what was installed, built and cached here (data in .huoqun stays)
	rm -rf $(VENV) build dist .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and not found: install it, or name it: make PYTHON=…" >&2; exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(RUN_STAMP): pyproject.toml | $(BIN)/python
	@echo "installing into $(VENV) (once)"
	@$(PIP) install --editable '.[local]'
	@touch $@

$(DEV_STAMP): pyproject.toml | $(BIN)/python
	@echo "installing into $(VENV), also for development (once)"
	@$(PIP) install --editable '.[local,dev]'
	@touch $@ $(RUN_STAMP)

compile: $(DEV_STAMP) ## Compile the streaming core to machine code: four times as fast (needs a C compiler)
	@$(BIN)/python -m streams.compile

.PHONY: compile-if-possible
compile-if-possible: $(DEV_STAMP)
	@$(BIN)/python -m streams.compile || true

$(BENCH_STAMP): pyproject.toml | $(BIN)/python
	@echo "installing into $(VENV), also what the benchmarks compare with (once)"
	@$(PIP) install --editable '.[local,bench]'
	@touch $@ $(RUN_STAMP)
