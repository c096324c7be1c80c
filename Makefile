# segue: `make demo` to see it work, `make test` for the whole gate. Both set up .venv themselves.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test format constraints clean

demo: $(VENV)/.installed-demo
	$(BIN)/segue demo

test: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("segue needs Python 3.11 or newer: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-demo: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing segue into $(VENV) (2.5 GB on disk with TensorFlow, once)"
	$(INSTALL) --editable '.[train,demo]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing segue and its tools into $(VENV) (3 GB on disk, once)"
	$(INSTALL) --editable '.[train,demo,dev]'
	@touch $@ $(VENV)/.installed-demo

# after changing dependencies: what a fresh installation gets today becomes what everybody gets
constraints:
	rm -rf .make && $(PYTHON) -m venv .make
	.make/bin/python -m pip install --quiet --disable-pip-version-check '.[train,demo,dev]'
	.make/bin/python -m pip freeze --exclude segue | sed 's/^tensorflow_cpu==\(.*\)/&\ntensorflow==\1/' | sort -f > constraints.txt
	rm -rf .make

clean:
	rm -rf $(VENV) .make build dist *.egg-info src/*.egg-info .mypy_cache .ruff_cache .pytest_cache
