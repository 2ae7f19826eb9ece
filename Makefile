# Everything a developer runs. `make help` lists it; each target provides what it needs first.

PROVIDER ?= memory
ARGS ?=

# The newest of these that is at least 3.11 makes the environment; set PYTHON to choose another.
PYTHON ?= $(firstword $(foreach name,python3.14 python3.13 python3.12 python3.11 python3 python,\
	$(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Compiled code is kept, whatever the shell says: tests start many commands.
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
WORKERS = auto

# On CI a missing MiniStack is a failure: a green run must have met a real engine.
ENGINE_FLAGS := $(if $(CI),--require-engine ministack)
# So is one that met no source of a migration, where a server is installed.
ENGINE_FLAGS += $(if $(CI),$(if $(shell command -v mariadbd),--require-engine mariadb))

.DEFAULT_GOAL := help
.PHONY: help demo serve test test-fast test-engines mutants attack bench docs engines check format lock clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/installed ## The main job, end to end; PROVIDER=dynamodb runs it on a local engine
	@$(BIN)/dynastrata demo --provider $(PROVIDER) $(ARGS)

serve: .venv/installed ## The HTTP API with its documentation at /docs
	@$(BIN)/dynastrata serve $(ARGS)

# One more than there are processors: many tests wait for other processes.
test: WORKERS = $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
test: check engines ## Everything: check, then all tests, those on an engine where it can be had
	$(PYTEST) $(ENGINE_FLAGS) $(ARGS)

# The tests of the contexts of the service: each has a folder in domain.
CONTEXT_TESTS := $(wildcard $(patsubst domain/%/,tests/%,$(filter-out %/__pycache__/,$(wildcard domain/*/))))

test-fast: .venv/installed ## Unit and property tests, and the contracts in memory
	$(PYTEST) tests/unit tests/property tests/contract tests/dcb_examples $(CONTEXT_TESTS) -m "not engine" -k "not moto" $(ARGS)

test-engines: engines ## The tests on MiniStack and DynamoDB Local; what cannot be had is skipped
	$(PYTEST) -m engine $(ENGINE_FLAGS) $(ARGS)

mutants: .venv/installed ## Changes the kernel place by place; ARGS: modules. Fails if tests notice too few
	@$(BIN)/python -m scripts.try_mutants $(ARGS)

# With the same order of sets in each run, the same seed sends the same.
attack: .venv/installed ## Attacks the service; fails if something gives way. ARGS: --help tells
	@PYTHONHASHSEED=0 $(BIN)/python -m scripts.attack $(ARGS)

bench: .venv/installed ## What each operation costs on MiniStack, and how fast it is beside other libraries
	@$(BIN)/python -m scripts.bench $(ARGS)

# Material warns of a coming MkDocs 2.0, which the lock keeps out.
docs: .venv/installed ## The documentation site, into site/; fails at the first warning or dead link
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "Serve it: $(BIN)/python -m http.server --directory site --bind 127.0.0.1"

engines: .venv/installed # Fetches the engines ahead of the tests; one line says what is missing.
	@$(BIN)/python -m infrastructure.engines

check: .venv/installed ## Lint, formatting, types and the dependency rule
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --num-workers auto
	$(BIN)/lint-imports

format: .venv/installed ## Format the code and apply the safe fixes
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

UV_COMPILE := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --custom-compile-command "make lock"

lock: .venv/installed ## Resolve the dependencies anew and pin them with their hashes
	$(UV_COMPILE) pyproject.toml --output-file requirements/runtime.txt
	$(UV_COMPILE) pyproject.toml --extra migration --group dev --output-file requirements/development.txt
	$(UV_COMPILE) requirements/build.in --output-file requirements/build.txt
	$(UV_COMPILE) requirements/ministack.in --output-file requirements/ministack.txt
	$(UV_COMPILE) requirements/peers.in --output-file requirements/peers.txt
	$(UV_COMPILE) requirements/spark.in --output-file requirements/spark.txt

clean: ## Remove the environments, the engines, the built site and all caches
	rm -rf .venv .engines site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

# Two stamps, so that a change of pyproject.toml does not install every dependency again.
.venv/locked: requirements/development.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or name one that is" \
		"not on the PATH, as in make PYTHON=/opt/python3.12/bin/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is not Python 3.11 or newer." >&2; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv --clear .venv || { \
		echo "$(PYTHON) cannot make environments; on Debian: apt install python3-venv" >&2; exit 1; }
	@echo "Installing $$(grep -c '^[a-z0-9].*==' requirements/development.txt) packages from the registry;" \
		"pip says nothing until it is done ..."
	@$(PIP) install --require-hashes -r requirements/development.txt
	@echo "Done: .venv is ready."
	@touch $@

.venv/installed: .venv/locked pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
