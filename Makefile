# Commands of the repository; `make help` lists them. Needs python3 (3.11-3.13, with venv) and make, nothing else.

PYTHON    ?= python3
INSTALLER ?= pip
YEAR      ?= 2024
FROM      ?= 2019
TO        ?= 2024
WORKERS   ?= logical

BIN     := .venv/bin
RUNTIME := .venv/runtime-installed
DEV     := .venv/dev-installed

# With INSTALLER=uv a uv on the PATH does the same in seconds; pip is the default because it heeds pip.conf (mirrors).
ifeq ($(INSTALLER),uv)
INSTALL := uv pip install --quiet --python $(BIN)/python
else
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif

.DEFAULT_GOAL := help
.PHONY: help run backfill up down test lint screenshots

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile
	@echo "  Variables: YEAR=$(YEAR) FROM=$(FROM) TO=$(TO) INSTALLER=$(INSTALLER) WORKERS=$(WORKERS); ICDP_HOME moves all state (default: var/)."

run: $(RUNTIME) ## one year through the scheduler to a published edition, and its ranking (YEAR=2024)
	@$(BIN)/python -m icdp.operation run --year "$(YEAR)"

backfill: $(RUNTIME) ## a span of years through Airflow's own backfill (FROM=2019 TO=2024)
	@$(BIN)/python -m icdp.operation backfill --from "$(FROM)" --to "$(TO)"

up: $(RUNTIME) ## start Airflow with its page on a local port and leave it running
	@$(BIN)/python -m icdp.operation up

down: $(RUNTIME) ## stop what `make up` left running
	@$(BIN)/python -m icdp.operation down

test: $(DEV) ## every test; none needs the network (TESTS="-m 'not scheduler'" leaves out the slow ones)
	@$(BIN)/python -m pytest --numprocesses "$(WORKERS)" --maxprocesses 4 --dist loadscope --no-loadscope-reorder $(TESTS)

lint: $(DEV) ## style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy

screenshots: $(DEV) ## pictures of every view of the page in var/screenshots; needs chromium and a published edition
	@PYTHONPATH=include:. $(BIN)/python -m tests.browser.screenshots var/screenshots

$(RUNTIME): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing the packages into .venv (about a minute, once) ..."
	@$(PYTHON) -m venv .venv
	@$(INSTALL) --require-hashes --no-deps -r requirements.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(RUNTIME) requirements-dev.txt
	@echo "Installing the packages of the tests ..."
	@$(INSTALL) --require-hashes --no-deps -r requirements-dev.txt
	@touch $@
