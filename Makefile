# segue: `make demo` shows it at work, `make quick` checks while you edit, `make test` is the gate,
# `make nightly` adds the long variants of its tests.
# Each sets up .venv by itself.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo quick test nightly lint js docs sbom audit format constraints clean

demo: $(VENV)/.installed-demo
	$(BIN)/segue demo

# directories of tests that work on whole libraries, servers and commands
INTEGRATION := cli packaging pipeline serve

# lint, types, and the tests that need neither a whole library nor a server
quick: lint
	$(BIN)/python -m pytest tests $(INTEGRATION:%=--ignore=tests/%) --numprocesses 2 --dist worksteal -m "not slow and not nightly" --hypothesis-profile quick

test: js lint docs
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal --durations 40 -m "not nightly"

nightly: js lint docs $(VENV)/.installed-nightly
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal --hypothesis-profile nightly
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal -m "not nightly" --database postgresql tests/library tests/pipeline tests/serve

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# lint, types, unit tests and bundle of the page; the types come from the API's description
js: $(VENV)/.installed-dev node_modules/.installed
	npm run --silent lint
	$(BIN)/python types/generate.py
	npm run --silent types
	npm run --silent unit
	$(BIN)/python tools/bundle_page.py

# the documentation site, in build/docs; a warning is an error
docs: $(VENV)/.installed-dev
	$(BIN)/sphinx-build -W --keep-going -q -b html docs build/docs

# a CycloneDX list of everything that is installed, and known vulnerabilities of it (needs a network)
sbom: $(VENV)/.installed-audit
	$(BIN)/cyclonedx-py environment $(VENV) --pyproject pyproject.toml --output-reproducible --output-file sbom.json

audit: $(VENV)/.installed-audit
	$(BIN)/pip-audit --requirement constraints.txt --no-deps --disable-pip

format: $(VENV)/.installed-dev node_modules/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	npm run --silent format

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("segue needs Python 3.11 or newer: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-demo: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing segue into $(VENV) (2.5 GB on disk with TensorFlow, once)"
	$(INSTALL) --editable '.[train,demo]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing segue and its tools into $(VENV) (3 GB on disk, once)"
	$(INSTALL) --editable '.[train,demo,connect,postgresql,dev,docs,oidc,tracing]'
	@touch $@ $(VENV)/.installed-demo

$(VENV)/.installed-nightly: $(VENV)/.installed-dev
	$(INSTALL) --editable '.[nightly,ray,s3]'
	@touch $@

$(VENV)/.installed-audit: $(VENV)/.installed-dev
	$(INSTALL) --editable '.[audit]'
	@touch $@

node_modules/.installed: package.json package-lock.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null || { echo "The page is checked with Node.js 20 or newer and npm: install them (https://nodejs.org), then run make again." >&2; exit 1; }
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# after changing dependencies: what a fresh installation gets today becomes what everybody gets
constraints:
	rm -rf .make && $(PYTHON) -m venv .make
	.make/bin/python -m pip install --quiet --disable-pip-version-check '.[train,demo,connect,postgresql,s3,dev,docs,oidc,tracing,nightly,audit]'
	.make/bin/python -m pip freeze --exclude segue | sed 's/^tensorflow_cpu==\(.*\)/&\ntensorflow==\1/' | sort -f > constraints.txt
	rm -rf .make

clean:
	rm -rf $(VENV) .make node_modules types/openapi.* sbom.json docs/reference build dist *.egg-info src/*.egg-info .mypy_cache .ruff_cache .pytest_cache
