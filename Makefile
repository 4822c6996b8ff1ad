# Everything here needs Python 3.11 or newer and make, nothing else.

PYTHON ?= python3
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Nothing but what requirements/ names, hash by hash, and no package's own build script.
INSTALL_PINNED := $(PIP_INSTALL) --require-hashes --only-binary :all:

# Where it is set, each of a thousand processes would compile all modules and tests anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run setup venv redshift iceberg notebooks shell excel system-packages test test-thorough test-fast test-kills test-examples test-formats test-hostile test-schedulers test-redshift bench bench-quick redshift-local dist sbom docs docs-serve lint lint-types lint-sql lint-style format lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 18

setup: .venv/dev.stamp  ## create .venv with everything that development and tests need

.venv/run.stamp: requirements/pip.txt requirements/run.txt pyproject.toml
	@$(MAKE) --no-print-directory venv
	@echo "installing what requirements/run.txt names into .venv (some 300 MB on disk; a minute or more the first time)" >&2
	$(INSTALL_PINNED) -r requirements/pip.txt
	$(INSTALL_PINNED) -r requirements/run.txt
	$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

# One that can't install anything is half made, or of a Python that is gone: it is made anew.
venv:
	@command -v $(PYTHON) >/dev/null || { echo "there is no $(PYTHON) here; install Python 3.11 or newer, or say which with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say which with: make PYTHON=python3.12 ...")'
	@{ $(BIN)/python -c 'import os, sys; sys.exit(not os.path.samefile(sys.prefix, ".venv"))' \
		&& $(BIN)/python -m pip --version; } >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || { \
		echo "error: $(PYTHON) can't make .venv" >&2; \
		echo "  hint: install its venv module (Debian, Ubuntu: apt install python3-venv), then run make again" >&2; \
		exit 1; }

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	$(INSTALL_PINNED) -r requirements/dev.txt
	@touch $@

redshift: .venv/redshift.stamp  ## install what Amazon Redshift needs: its driver, and AWS's

iceberg: .venv/iceberg.stamp  ## install what exports to Apache Iceberg need

shell: .venv/shell.stamp  ## install what sparkify shell needs

excel: .venv/excel.stamp  ## install what answers as Excel files need

notebooks: .venv/notebooks.stamp  ## install what the notebooks need, JupyterLab included

.venv/redshift.stamp .venv/notebooks.stamp .venv/iceberg.stamp .venv/shell.stamp .venv/excel.stamp .venv/release.stamp: .venv/%.stamp: requirements/%.txt .venv/run.stamp
	$(INSTALL_PINNED) -r $<
	@touch $@

# The data are made once: a second run shows that nothing is loaded twice.
run: .venv/run.stamp  ## simulate a month of data, load it, print a few answers, write the report
	test -e data/_manifest.json || $(BIN)/sparkify simulate data
	test -e sparkify.duckdb || $(BIN)/sparkify create-tables
	$(BIN)/sparkify etl
	$(BIN)/sparkify questions top_songs
	$(BIN)/sparkify questions busiest_hours
	$(BIN)/sparkify questions plays_by_level
	$(BIN)/sparkify report report.html

# Without Chromium the tests of the report in a browser are skipped, and say so.
system-packages:  ## install Chromium (Debian, Ubuntu) for the tests of the report, where it is missing
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	sudo=; test "$$(id -u)" = 0 || sudo=sudo; \
	if ! command -v apt-get >/dev/null || ! command -v $${sudo:-env} >/dev/null; then \
		echo "Chromium is missing: install it with this system's package manager, as root" >&2; exit 0; fi; \
	$$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends chromium fonts-liberation || \
		{ echo "Chromium could not be installed: see above, or install it by hand" >&2; exit 1; }

# With worksteal a process gets tests that follow each other, which share what they need, and at the end what another one
# has not come to.
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal -q

test: setup  ## run the tests
	$(PYTEST)

test-thorough: setup  ## run the tests that make test leaves out, because others take samples of the same (some seven minutes)
	$(PYTEST) -m thorough

test-fast: setup  ## run those tests that need neither servers nor browsers nor much time (about a minute)
	$(PYTEST) -m 'not aws and not long and not thorough and not server and not slow' \
		$(addprefix --ignore=tests/,cluster outsiders project standin warehouse/redshift)

test-kills: setup  ## kill the pipeline more than a hundred times, and let any call to AWS fail
	$(BIN)/python -m pytest -n 2 -q -rP -m long $(addprefix tests/,load/test_kills.py load/test_upgrade.py \
		cluster/test_faults.py simulate/test_unfinished.py)

test-examples: setup  ## ten times as much made-up input as in make test, and other each time (some five minutes)
	$(BIN)/python -m pytest -n 2 -q --hypothesis-profile long tests/load/test_rules.py tests/load/test_prune.py \
		tests/reading/test_reading.py tests/reading/test_records.py

# SEED=… says with which records to begin: what a failure shows.
test-formats: setup  ## write made-up records into ten thousand files in every way, and compare what is loaded
	$(BIN)/python -m pytest -q -rP -m long tests/reading/test_reading.py

# SEED=… says with which folder to begin: what a failure shows.
test-hostile: setup  ## feed hostile bytes, names and keys to every command, drawn anew each time (some four minutes)
	$(BIN)/python -m pytest -q -rP -m long tests/outsiders/test_hostile.py

# Each gets an environment of its own below build/, some 500 MB.
test-schedulers: setup  ## run the recipes of docs/operations.md in a real Airflow and a real Dagster
	$(BIN)/python -m pytest -q -rP -m long tests/project/test_operations.py

# The tests of the star schema on the stand-in instead of DuckDB, then the engine's own, the long ones too.
test-redshift: setup  ## everything about Redshift, on the stand-in: the star, loading, kills (some 6 minutes)
	$(BIN)/python -m pytest -n 2 -q --engine redshift tests/reading/test_reading.py tests/reading/test_whole_files.py \
		tests/sources/test_unread.py $(addprefix tests/load/test_,$(addsuffix .py,accounts audits bad_input \
		horizon key_spelling limits rules sample shrunk simulated ties))
	$(BIN)/python -m pytest -n 2 -q -rP -m 'not aws' tests/warehouse/redshift tests/standin

# BENCH takes data and warehouses, some 15 GB at most. Each peer gets an environment of its own in benchmarks/.venvs.
BENCH ?= benchmarks/.data

bench: setup  ## this project beside its alternatives, into docs/benchmarks.md and docs/scale.md; some twenty minutes
	$(BIN)/python benchmarks/bench.py $(BENCH)

bench-quick: setup  ## the same with little data, printed; some five minutes, and more the first time
	$(BIN)/python benchmarks/bench.py $(BENCH) --quick

redshift-local: setup  ## run the stand-in for Amazon Redshift by hand, with an S3 server, until Ctrl-C
	$(BIN)/python -m tests.standin $(if $(DATA),--data $(DATA))

dist: .venv/run.stamp  ## build the wheel and the sdist into dist
	rm -rf dist
	$(BIN)/hatchling build -d dist

# requirements/run.txt is what a release was tested with.
sbom: .venv/release.stamp  ## write a CycloneDX SBOM of what is installed with the wheel into dist
	mkdir -p dist
	$(BIN)/cyclonedx-py requirements requirements/run.txt --pyproject pyproject.toml --output-reproducible -o dist/sparkify-warehouse.cdx.json

docs: setup  ## build the documentation as a site into build/site; a dead link fails it
	NO_MKDOCS_2_WARNING=1 PYTHONPATH=src $(BIN)/python -m mkdocs build --strict --quiet

docs-serve: docs  ## show the site at http://127.0.0.1:8000; needs no internet
	$(BIN)/python -m http.server -d build/site -b 127.0.0.1 8000

# Two at a time: types and SQL take most of the time.
lint: setup  ## check style, types, imports, SQL, the Dockerfile and the workflows
	@$(MAKE) --no-print-directory --output-sync=target -j2 lint-types lint-sql lint-style

lint-types:
	$(BIN)/mypy
	$(BIN)/lint-imports

lint-sql:
	$(BIN)/sqlfluff lint --disable-progress-bar src/sparkify/sql

lint-style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/cfn-lint src/sparkify/cluster/warehouse.yaml
	@test ! -x $(BIN)/hadolint || $(BIN)/hadolint Dockerfile
	@test ! -x $(BIN)/zizmor || $(BIN)/zizmor --offline --quiet .github

format: setup  ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --quiet src/sparkify/sql

LOCK := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --only-binary :all: --no-header --no-emit-index-url

# All are of the versions in dev.txt, so that any of them can be installed beside any other.
lock: setup  ## pin requirements/*.txt anew from pyproject.toml
	$(INSTALL_PINNED) -r requirements/lock.txt
	$(LOCK) --group pip -o requirements/pip.txt
	$(LOCK) --group lock -o requirements/lock.txt
	$(LOCK) --group release -c requirements/dev.txt -o requirements/release.txt
	$(LOCK) pyproject.toml --group build -o requirements/run.txt
	$(LOCK) pyproject.toml --all-extras --group build --group dev -c requirements/run.txt -o requirements/dev.txt
	$(LOCK) pyproject.toml --extra redshift --group build -c requirements/dev.txt -o requirements/redshift.txt
	$(LOCK) pyproject.toml --extra shell --group build -c requirements/dev.txt -o requirements/shell.txt
	$(LOCK) pyproject.toml --extra excel --group build -c requirements/dev.txt -o requirements/excel.txt
	$(LOCK) pyproject.toml --extra iceberg --group build -c requirements/dev.txt -o requirements/iceberg.txt
	$(LOCK) pyproject.toml --extra notebooks --extra redshift --group build --group jupyter -c requirements/dev.txt -o requirements/notebooks.txt

clean:  ## remove what setup and runs have made, data and warehouse excepted
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
