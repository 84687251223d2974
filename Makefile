# What one can do here. `make` alone lists it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
DATA ?=
ACCOUNTS ?= 400
TESTS ?=
BENCH ?=

BIN := .venv/bin
ENISHI := $(BIN)/enishi $(if $(DATA),--data "$(DATA)")
STAMPS := .stamps
# What is installed is compiled when it is first used, most of it never; a shell that forbids Python to keep what it
# compiled would have every process compile all of it again.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile
SOURCES := $(shell find frontend -type f -not -path '*/node_modules/*' 2>/dev/null) \
	$(shell find src -name '*.po' 2>/dev/null) $(wildcard hatch_build.py) pyproject.toml
PYTEST := $(BIN)/pytest -n 2 --dist loadgroup --durations 20 --durations-min 5
# "No test was found" is fine where only some were asked for, and a failure where all were.
NONE_ASKED = test $$? -eq 5 -a -n "$(TESTS)"

.DEFAULT_GOAL := help
.PHONY: help install install-dev run test test-embedded test-browser test-postgres check static format lint types imports migrations \
	translations bench real crash pictures lock clean

help: ## list what one can do
	@echo "Enishi: what one can do here   (make TARGET)"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' \
		| awk -F '\t' '{printf "  %-14s %s\n", $$1, $$2}'
	@echo "Settings of run: PORT=8000  DATA=folder  ACCOUNTS=400. Of test: TESTS='src/enishi/store -k inbox'"

# ---- installing -------------------------------------------------------------------------------------------

install: $(STAMPS)/installed ## prepare .venv; after it there is .venv/bin/enishi

install-dev: $(STAMPS)/dev $(STAMPS)/installed ## the same, with the tools of make check

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: install it, or run make PYTHON=/path/to/python"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed, $(PYTHON) is older. Run make PYTHON=/path/to/python3.11"; exit 1; }
	"$(PYTHON)" -m venv .venv

$(STAMPS)/run: requirements/run.txt | $(BIN)/python
	@mkdir -p $(STAMPS)
	@echo "Installing what Enishi runs on (a minute or two, once) ..."
	@$(PIP) --require-hashes -r requirements/run.txt
	@touch $@

$(STAMPS)/dev: requirements/dev.txt $(STAMPS)/run
	@echo "Installing the development tools ..."
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

# Installing runs hatch_build.py: translations, and the front end with Node from the machine or from a wheel.
$(STAMPS)/installed: $(STAMPS)/run $(SOURCES)
	@echo "Building the front end and the translations ..."
	@$(PIP) --no-deps --editable .
	@touch $@

# ---- using ------------------------------------------------------------------------------------------------

run: $(STAMPS)/installed ## start Enishi with the sample company on http://127.0.0.1:$PORT
	@exec $(ENISHI) serve --demo --accounts $(ACCOUNTS) --port $(PORT)

real: $(STAMPS)/installed ## judge real history as it was known then, and print how good the score was (ENISHI_DATA=folder)
	@$(BIN)/enishi real

# ---- checking ---------------------------------------------------------------------------------------------

# Compiled queries are kept from one run of the tests to the next; other source has its own.
test-embedded test-browser test-postgres: export ENISHI_PLANS := $(CURDIR)/$(STAMPS)/plans

test: ## every test, on the embedded database
	$(MAKE) test-embedded
	$(MAKE) test-browser

test-embedded: install-dev
	$(PYTEST) -m "not browser" $(TESTS) || $(NONE_ASKED)

# The browser's tests run on their own: driving it keeps an event loop open in the process. Each file has a server.
test-browser: install-dev
	$(PYTEST) --dist loadfile --no-loadscope-reorder -m browser $(or $(TESTS),tests/browser) || $(NONE_ASKED)

test-postgres: install-dev ## the tests that ask a database, on PostgreSQL
	scripts/with-postgres $(PYTEST) -m "not browser and (both or not slow)" $(TESTS)

format: install-dev ## lay the code out and mend what the linter can
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lint: install-dev
	$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: install-dev
	$(BIN)/mypy

imports: install-dev
	$(BIN)/lint-imports --no-logo

migrations: install-dev
	@dir=$$(mktemp -d) && ENISHI_HOME=$$dir $(BIN)/python manage.py makemigrations --check --dry-run; code=$$?; rm -rf "$$dir"; exit $$code

translations: install-dev
	@$(BIN)/python scripts/check_translations.py

static: lint types imports migrations translations

check: ## what CI runs: style, types, rooms, translations, all tests on both databases
	$(MAKE) --jobs 2 install-dev
	$(MAKE) --jobs 2 --output-sync static
	$(MAKE) test-embedded
	@echo "In a browser and on PostgreSQL, side by side: each waits a quarter of its time (what they say comes at their end) ..."
	$(MAKE) --jobs 2 --output-sync test-browser test-postgres

crash: install-dev ## kill the processes 60 times under load and count what was acknowledged
	$(BIN)/python -m tests.crash --kills 60

bench: install-dev ## every measurement beside its baseline (BENCH=name for some)
	@$(BIN)/python -m tests.bench $(BENCH)

pictures: install-dev ## take the pictures of the documents again, from the sample company in a real browser
	ENISHI_PICTURES=docs/pictures $(BIN)/pytest -m browser tests/browser/test_sample_company.py

# ---- keeping ----------------------------------------------------------------------------------------------

lock: install-dev ## renew requirements/*.txt from requirements/*.in (needs uv)
	uv pip compile --quiet --generate-hashes --universal --no-emit-index-url --no-header --python-version 3.11 requirements/run.in -o requirements/run.txt
	uv pip compile --quiet --generate-hashes --universal --no-emit-index-url --no-header --python-version 3.11 requirements/dev.in -o requirements/dev.txt

clean: ## remove what was built here (never the data folder)
	rm -rf $(STAMPS) .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis src/enishi/web/static/dist
