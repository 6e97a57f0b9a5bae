# Stackwatch: `make` alone lists the verbs. Each verb does all of its own set-up.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Most tests of the whole path wait for engines, so three at a time keep two cores busy.
JOBS ?= 3
# A fault's time is mostly the fault itself; engines of two sets and their processes are what two cores can carry.
FAULTS_AT_ONCE ?= 2
# Tests that look at files only: manifests, boards and alarms, Compose, documents and the commands in them.
CHECKED := $(addprefix tests/deploy/test_,overlays.py own_rules.py observability.py compose.py) tests/architecture/test_documents.py tests/docs/test_commands.py

.DEFAULT_GOAL := help
.PHONY: help demo test coverage faults long engines check fmt bench lock clean

help: ## List the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Stackwatch needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

demo: $(STAMP) ## Run the whole system with a simulated city; open the address it prints
	$(BIN)/stackwatch demo $(ARGS)

test: $(STAMP) ## Run all tests, on embedded and on real engines
	$(BIN)/pytest --numprocesses $(JOBS) --dist loadfile $(ARGS)

# Counting lines makes tests of the judging more than twice as slow (140 s instead of 53), so it is asked for by name.
coverage: $(STAMP) ## Run all tests and show which lines no test has run
	$(BIN)/pytest --numprocesses $(JOBS) --dist loadfile --cov --cov-report=term:skip-covered $(ARGS)

faults: $(STAMP) ## Kill, freeze and starve every process and engine for half an hour, on both sets of engines
	$(BIN)/pytest tests/faults -m "long or not long" --numprocesses $(FAULTS_AT_ONCE) --dist loadscope -v -rP $(ARGS)

long: $(STAMP) ## All other tests that take minutes: a month replayed twice, every page, a browser got anew
	$(BIN)/pytest tests --ignore tests/faults -m long -s $(ARGS)

engines: $(STAMP) ## Get, build and start Kafka, Mosquitto, InfluxDB and PostgreSQL until Ctrl-C
	$(BIN)/python -m deploy.engines influxdb kafka mosquitto postgresql $(ARGS)

check: $(STAMP) ## Lint, types, import contracts; manifests, boards, documents; licences, known vulnerabilities
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m deploy.supply_chain
	$(BIN)/pytest --quiet --numprocesses $(JOBS) --dist loadfile $(CHECKED)

fmt: $(STAMP) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) ## Measure speed, as ratios in one run
	$(BIN)/python -m benchmarks $(ARGS)

lock: $(STAMP) ## Renew the lock file
	$(BIN)/uv pip compile --quiet --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --all-extras --custom-compile-command "make lock" --upgrade pyproject.toml --output-file requirements.lock

clean: ## Remove what was built, the environment included
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache artefacts build ./*.egg-info
