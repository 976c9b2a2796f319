# Commands of the repository; `make help` lists them. Needs python3 (3.11-3.13, with venv) and make, nothing else.

PYTHON    ?= python3
INSTALLER ?= pip
YEAR      ?= 2024
FROM      ?= 2019
TO        ?= 2024
WORKERS   ?= logical
MINUTES   ?= 10

BIN     := .venv/bin
RUNTIME := .venv/runtime-installed
DEV     := .venv/dev-installed
SERVERS := .venv/servers-installed
SECURITY := .venv-security/installed

# With INSTALLER=uv a uv on the PATH does the same in seconds; pip is the default because it heeds pip.conf (mirrors).
ifeq ($(INSTALLER),uv)
INSTALL := uv pip install --quiet --python $(BIN)/python
else
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif

.DEFAULT_GOAL := help
.PHONY: help run backfill up down test test-distributed lint screenshots audit sbom fuzz

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile
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

test-distributed: $(SERVERS) ## production's services as processes, killed in turn; needs Debian's postgresql and redis-server (a quarter of an hour)
	@$(BIN)/python -m pytest tests/distributed $(TESTS)

lint: $(DEV) ## style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy

fuzz: $(DEV) ## mutated bytes into every parser of a source and reader of a file, MINUTES=10 each
	@ICDP_TEST_FUZZ_MINUTES="$(MINUTES)" $(BIN)/python -m pytest tests/fuzzing --override-ini timeout=0 --numprocesses "$(WORKERS)" $(TESTS)

audit: $(SECURITY) ## known vulnerabilities of the locked packages; fails where the database cannot be asked
	@for lock in requirements.txt requirements-production.txt; do \
		.venv-security/bin/pip-audit --strict --disable-pip --no-deps --vulnerability-service pypi --requirement $$lock || exit 1; done

sbom: $(SECURITY) ## bill of materials (CycloneDX) of the locked packages: var/sbom.cdx.json
	@mkdir -p var
	@cat requirements.txt requirements-production.txt > var/.sbom-requirements.txt
	@.venv-security/bin/cyclonedx-py requirements --output-reproducible --pyproject pyproject.toml --output-format JSON \
		--output-file var/sbom.cdx.json var/.sbom-requirements.txt && rm var/.sbom-requirements.txt && echo var/sbom.cdx.json

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

$(SERVERS): $(DEV) requirements-production.txt requirements-distributed.txt
	@echo "Installing the packages of production ..."
	@$(INSTALL) --require-hashes --no-deps -r requirements-production.txt
	@$(INSTALL) --require-hashes --no-deps -r requirements-distributed.txt
	@touch $@

# In an environment of its own: what looks for faults in the packages brings many that nothing else needs.
$(SECURITY): requirements-security.txt
	@$(PYTHON) -m venv .venv-security
	@.venv-security/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-security.txt
	@touch $@
