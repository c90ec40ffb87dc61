# Everything here works from a fresh clone on a machine with Python 3.11 or newer; see docs/how-to/work-on-trackway.md.
BIN := .venv/bin
READY := .venv/.ready
PYTEST := $(BIN)/python -m pytest
UV = $(shell command -v uv || echo .tools/uv/bin/uv)
COMPILE := pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --fork-strategy fewest

.PHONY: help setup demo test check bench faults docs format lock clean

help:
	@echo "make demo    build an invented case, read it, check it against its truth, open the workspace"
	@echo "make test    all tests"
	@echo "make check   format, lint, types, import rules, tests of the documentation"
	@echo "make faults  the fault tests, long"
	@echo "make bench   speed"
	@echo "make setup   .venv/bin/trackway and nothing more"
	@echo "make docs    write the generated pages again"
	@echo "make format  format the code"
	@echo "make lock    resolve the dependencies again (UPGRADE=--upgrade: to the newest)"

setup: $(READY)

$(READY): requirements.lock pyproject.toml hatch_build.py package.json package-lock.json tools/setup tools/uv-requirements.txt
	@tools/setup

demo: $(READY)
	@$(BIN)/trackway demo

test: $(READY)
	@tools/browser
	@command -v cc >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null || \
		echo "test: WARNING: no C compiler here: the fault tests are skipped." >&2
	@$(PYTEST) -n auto --dist loadgroup

check: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(PYTEST) -q tests/house

faults: $(READY)
	@TRACKWAY_FAULTS_FULL=1 $(PYTEST) -n auto --dist loadgroup -m faults
	@TRACKWAY_FAULTS_FULL=1 $(PYTEST) -n auto --dist loadgroup tests/findings

bench: $(READY)
	@$(BIN)/trackway bench records

docs: $(READY)
	@$(BIN)/python -m trackway.cli.reference
	@$(BIN)/python tests/house/console.py

format: $(READY)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock:
	@$(UV) $(COMPILE) $(UPGRADE) pyproject.toml --group dev -o requirements.lock

clean:
	rm -rf .venv .tools node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis src/trackway/web/static/vendor
