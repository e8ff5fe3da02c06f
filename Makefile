# Everything runs in one .venv: each target adds the extras it needs and removes none.
# The first run of a target installs (network); later runs do not ask pip at all.

PYTHON ?= python3
DEEP ?= 1
ARGS ?=

BIN := .venv/bin
RUN := $(BIN)/python -m
TREES = src tests dev $(wildcard benchmarks examples)
INSTALL = @if [ -x $(BIN)/python ]; then $(BIN)/python dev/install.py $(1); else \
	command -v "$(PYTHON)" >/dev/null || \
	{ echo "There is no '$(PYTHON)' here. Install Python 3.11 or newer, or name one: make PYTHON=python3.12 demo" >&2; exit 1; }; \
	"$(PYTHON)" dev/install.py $(1); fi

.NOTPARALLEL:
.PHONY: help demo test check format bench clean distclean

help: ## list the targets (the default)
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 18
	@echo "  ARGS='…' goes to the command; DEEP= leaves torch out; PYTHON=python3.12 names the interpreter."

demo: ## make a shop from a real retailer's year, train, decide, report, serve
	$(call INSTALL,demo $(if $(DEEP),deep))
	@$(BIN)/hawker demo $(ARGS)

test: ## run the tests (DEEP= without torch; ARGS='-k ledger' for some)
	$(call INSTALL,dev demo $(if $(DEEP),deep))
	@$(RUN) pytest $(ARGS)

check: ## format, lint, strict types, import map, size and twin budgets
	$(call INSTALL,dev)
	@failed=0; \
	$(RUN) ruff format --check --output-format=concise $(TREES) || failed=1; \
	$(RUN) ruff check $(TREES) || failed=1; \
	$(RUN) mypy || failed=1; \
	$(BIN)/lint-imports --no-logo || failed=1; \
	$(BIN)/python dev/budget.py || failed=1; \
	exit $$failed

format: ## put the code into the house format
	$(call INSTALL,dev)
	@$(RUN) ruff format $(TREES)
	@$(RUN) ruff check --fix $(TREES)

bench: ## run every benchmark into build/bench/*.json (ARGS=ingest for one)
	$(call INSTALL,dev demo bench $(if $(DEEP),deep))
	@$(BIN)/python dev/bench.py $(ARGS)

clean: ## remove what the targets made, but never .venv
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests dev benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean ## remove .venv as well
	rm -rf .venv src/*.egg-info
