# What one does here. `make` alone explains itself; CI runs `make test` and nothing else.
PYTHON ?= python3
# What tests start compiles the product once, whatever the machine is set to.
export PYTHONDONTWRITEBYTECODE :=
BIN := .venv/bin
.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Made anew when what it is made of has changed.
.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Augury needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python hatch_build.py
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# The front-end, built into the package where its sources have changed: the hook tells by their content.
.PHONY: frontend
frontend: .venv/installed
	@$(BIN)/python hatch_build.py

.PHONY: install
install: .venv/installed frontend ## Set everything up, into .venv

.PHONY: demo
demo: install ## Serve the product with sample traffic (PORT=8765)
	$(BIN)/augury demo --port $(or $(PORT),8765)

# import-linter's cache can be older than the code it judges, and would save milliseconds.
.PHONY: check
check: .venv/installed ## Format, lint, types, import layers
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache

# The types of the API's answers are made from its own document, each time: they cannot be out of date.
.PHONY: check-frontend
check-frontend: frontend ## Types and unit tests of the front-end
	$(BIN)/python frontend/openapi.py
	$(BIN)/python hatch_build.py --check

.PHONY: test
test: check frontend check-frontend ## Every check and every test, on all engines and in the browser
	$(BIN)/pytest --numprocesses 3 -m "not ordeal"

.PHONY: ordeal
ordeal: install ## The long tests: hundreds of kills, full disks, thousands of examples
	$(BIN)/pytest --numprocesses 2 -m ordeal -s -o faulthandler_timeout=7200

.PHONY: bench
bench: install ## The benchmarks, each beside a baseline of the same run
	$(BIN)/python -m benchmarks

.PHONY: screenshots
screenshots: install ## Pictures of the dashboard, into build/screenshots
	$(BIN)/python frontend/screenshots.py

.PHONY: format
format: install ## Put code into shape
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

.PHONY: lock
lock: ## Choose dependency versions anew
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --upgrade --custom-compile-command "make lock" --output-file requirements.lock

.PHONY: clean
clean: ## Remove what was made here
	rm -rf .venv build dist frontend/node_modules src/augury/dashboard .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
