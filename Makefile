# Needs make and Python 3.11 or newer, nothing else. `make help` lists what can be done.

PYTHON_NAMES := python3 python3.14 python3.13 python3.12 python3.11
NEW_ENOUGH := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
BIN := .venv/bin
PROJECT := core console orchestration

# Byte code is wanted: without it every run of a Dagster job compiles its imports anew, two seconds of CPU each.
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONPATH
unexport VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help up test test-all browser screenshots check fix bench clean lock

help: ## List these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | awk -F'\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'

up: .venv/.installed ## Start everything and print the addresses; Ctrl-C stops it
	@exec $(BIN)/zoompool up --stop-with-parent

test: .venv/.installed ## Run the tests, two at a time (make test T=tests/unit runs some of them)
	@$(BIN)/python -m pytest -n 2 -m "not slow" $(or $(T),tests)

test-all: .venv/.installed ## Run all tests, the slow ones too
	@$(BIN)/python -m pytest $(or $(T),tests)

browser: .venv/.installed ## Install Chromium for the browser journeys, if there is none
	@$(BIN)/python -m tests.journeys.chromium

screenshots: .venv/.installed ## Take the pictures of README and docs anew (needs a browser)
	@$(BIN)/python -m tests.journeys.screenshots

check: .venv/.installed ## Lint, formatting, types, and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

fix: .venv/.installed ## Mend what the linter can mend, and format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: .venv/.installed ## Measure speed and memory; the table goes to bench/results/latest.json too
	@$(BIN)/python -m tests.bench $(ARGS)

lock: .venv/bin/python ## Choose the newest fitting versions for requirements.lock
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --extra dev --output-file requirements.lock pyproject.toml
	@if grep -n '://' requirements.lock; then echo 'requirements.lock names an address; it must not.' >&2; exit 1; fi

clean: ## Remove the environment and caches; data in .zoompool stays
	@rm -rf .venv .chromium build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache ./*.egg-info
	@find $(PROJECT) tests -name __pycache__ -prune -exec rm -rf {} +

# The lock is complete, so nothing is left to resolve, which older versions of pip get wrong for names with extras.
# The project itself goes in by a call of its own: pip has no hash for a folder and refuses it beside --require-hashes.
.venv/.installed: requirements.lock pyproject.toml | .venv/bin/python
	@echo 'Installing into .venv, a minute or two ...'
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement requirements.lock
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -qq -j 0 $(PROJECT) .venv/lib || true # some packages carry files of another Python
	@touch $@

.venv/bin/python:
	@for name in $(PYTHON_NAMES); do \
		if $$name -c '$(NEW_ENOUGH)' 2>/dev/null; then rm -rf .venv && exec $$name -m venv .venv; fi; \
	done; \
	echo 'Python 3.11 or newer with its venv module was not found. Install it (Debian: python3 and python3-venv).' >&2; \
	exit 1
