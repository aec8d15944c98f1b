# One command each, from a fresh checkout: whatever is missing is set up first, and only then.
# Settings go through ARGS:  make run ARGS="--port 9000"     make test ARGS="-k cursor"

PYTHON := .venv/bin/python
PREPARE := scripts/prepare
BIOME := tests/frontend/node_modules/.bin/biome
# Suites that take long or need much; each has a target of its own.
APART := tests/faults/full tests/cluster tests/abuse/full

# Compiled files are kept, whatever the environment says: tests start hundreds of servers, and each would compile all again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run test test-python test-frontend faults cluster told soak versions check docs contract bench dashboard deploy-check mutants clean ready ready-dev ready-test ready-versions

help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */\1|/' \
		| while IFS='|' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

run: ready  ## Start the server with its own database; Ctrl-C stops it
	@$(PYTHON) run.py $(ARGS)

test: test-python test-browser test-frontend  ## All tests but those with targets of their own

# Four at a time, each with servers of its own: most tests wait most of the time.
test-python: ready-test
	$(PYTHON) -m pytest -n 4 --dist loadfile --no-loadscope-reorder --timeout=300 $(addprefix --ignore=,$(APART) tests/browser) $(ARGS)

# Apart, because Playwright keeps an event loop of its own in the thread of the tests.
test-browser: ready-test
	$(PYTHON) -m pytest -n 2 --dist loadfile --timeout=180 tests/browser $(ARGS)

test-frontend: ready-test
	@if [ -d tests/frontend ]; then cd tests/frontend && node --test; fi

faults: ready-test  ## Break everything on purpose, under load; FAULTS_SEED=N plays a run again, FAULTS_DOCS=FILE takes the table
	$(PYTHON) -m pytest -s -q tests/faults/full tests/faults/short/test_oracle.py $(ARGS)

cluster: ready-test  ## Brokers, database members and nodes die in turn behind nginx, under load; CLUSTER_DOCS=FILE takes the table
	$(PYTHON) -m pytest -s -q tests/cluster $(ARGS)

told: ready-test  ## 100,000 events told through four nodes that are killed at random; EVENTS, NODES, KILLS
	TOLD_EVENTS=$(or $(EVENTS),100000) TOLD_NODES=$(or $(NODES),4) TOLD_KILLS=$(or $(KILLS),40) \
		$(PYTHON) -m pytest -s -q tests/system/test_told_through_kills.py $(ARGS)

soak: ready-test  ## Load and random faults for MINUTES (10)
	SOAK_MINUTES=$(or $(MINUTES),10) $(PYTHON) -m pytest -s -q tests/faults/full/test_soak.py $(ARGS)

versions: ready-versions  ## RabbitMQ 4 and Python 3.13 in a tree of Debian 13; PYTHONS=all or MONGOD=/path/to/mongod for others
	$(PYTHON) -m tests.versions $(if $(PYTHONS),--pythons "$(PYTHONS)") $(if $(MONGOD),--mongod "$(MONGOD)") $(ARGS)

abuse: ready-test  ## Treat it as an enemy would, about 25 minutes; ABUSE_SCALE=0.1 for a quick look
	$(PYTHON) -m pip install -q --disable-pip-version-check -r tests/abuse/requirements.txt
	$(PYTHON) -m tests.abuse $(ARGS)

audit: ready-dev  ## Look for known holes in what is installed (needs the network)
	$(PYTHON) -m pip install -q --disable-pip-version-check -r tests/abuse/requirements.txt
	$(PYTHON) -m pip_audit -r requirements.lock --require-hashes --disable-pip

lock: ready-dev  ## Write requirements.lock anew, with a hash for every file, after requirements.txt changed
	$(PYTHON) -m uv pip compile -q requirements.txt --generate-hashes --universal --python-version 3.11 --no-header -o requirements.lock

check: ready-dev  ## Style, format, types and the rules of the house, in Python, JavaScript and CSS
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest -q tests/house
	$(BIOME) ci --error-on-warnings --reporter=summary
	tests/frontend/node_modules/.bin/tsc -p tests/frontend

format: ready-dev  ## Put Python, JavaScript and CSS into the style that check asks for
	$(PYTHON) -m ruff format .
	$(BIOME) format --write

docs: ready  ## Write docs/api.md anew from the OpenAPI document
	$(PYTHON) -m scripts.api_reference

contract: ready docs  ## Keep the OpenAPI document as it is now, and the page's types of it, after a change that is meant
	$(PYTHON) -m scripts.api_reference golden

bench: ready-dev  ## Measure speed and memory on this machine
	$(PYTHON) -m pip install -q -r bench/requirements.txt
	$(PYTHON) -m bench $(ARGS)

dashboard: ready-test  ## Draw the Grafana dashboard from a real scrape
	$(PYTHON) -m pip install -q -r bench/requirements.txt
	$(PYTHON) -m bench.dashboard

deploy-check: ready-dev  ## Hold the files of deploy/ against schemas and linters
	$(PYTHON) -m pip install -q -r deploy/requirements.txt
	.venv/bin/kubernetes-validate --strict deploy/kubernetes.yaml
	.venv/bin/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	.venv/bin/hadolint deploy/Dockerfile

mutants: ready-test  ## Take out each mechanism and see the test of its promise fail
	$(PYTHON) -m tests.mutants

clean:  ## Remove what tools left behind; data and .venv stay
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -not -path '*/node_modules/*' -prune -exec rm -rf {} +

ready:
	@$(PREPARE) run

ready-dev:
	@$(PREPARE) dev

ready-test:
	@$(PREPARE) test

ready-versions:
	@$(PREPARE) versions
