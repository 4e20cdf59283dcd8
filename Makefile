# Each target does the set-up that it needs; a second run does not repeat it.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: help install up down test check bench console clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP)  ## a .venv with every extra, exact versions from constraints.txt

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[all,dev]'
	@touch $@

up: install  ## the whole stack: a served model, Prometheus, Alertmanager, dashboards, traffic
	$(BIN)/servewatch up $(ARGS)

down: install  ## take it down
	$(BIN)/servewatch down

test: install  ## everything that can run here
	$(BIN)/python -m tests.prepare
	$(BIN)/python -m tests.lanes $(ARGS)

check: install  ## ruff, mypy, every query, every generated file
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/servewatch check
	$(BIN)/servewatch generate --check

bench: install  ## our server beside others, in one run; writes benchmarks/results.md and .svg
	$(BIN)/python -m tests.prepare wrk
	$(BIN)/python benchmarks/run.py --write $(ARGS)

console:  ## rebuild the web console's page (needs Node; users do not)
	cd servewatch/console && npm ci --no-audit --no-fund && npm run build

clean:  ## remove what was made here; the store and the stack's data under SERVEWATCH_HOME stay
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
