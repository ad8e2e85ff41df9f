# Everything runs inside .venv; `make install` builds it from the pinned constraints.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: help install quickstart check audit format test test-all chaos constraints clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 16

install: $(STAMP)  ## virtual environment, uv, pinned dependencies

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraint constraints.txt --editable '.[dev]'
	touch $@

quickstart: install  ## a real search on 1,797 handwritten digits, about a minute
	$(BIN)/tuner run studies/quickstart.yaml

check: install  ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: install  ## known vulnerabilities of the pinned dependencies; "not audited" where nobody can be asked
	$(BIN)/python tools/audit.py constraints.txt

format: install  ## let ruff rewrite what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: install  ## tests that need nothing but the checkout
	$(BIN)/pytest -m "not data and not browser and not long and not gpu"

test-all: test  ## adds real data (TUNER_DATA), browser, long and GPU tests
	$(BIN)/pytest -m "data or browser or long or gpu"

chaos: install  ## kill searches at random: make chaos N=500 SEED=7
	CHAOS_KILLS=$(N) CHAOS_SEED=$(SEED) $(BIN)/pytest -m long -s tests/chaos

constraints: install  ## resolve the pins anew, for every platform
	$(BIN)/uv pip compile --quiet --universal --upgrade --no-annotate --no-header --extra dev pyproject.toml --output-file constraints.txt

clean:  ## forget caches, not runs
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
