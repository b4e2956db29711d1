# One command per intention. `make demo` and `make test` set up what they need in .venv and are fast the second time.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)
APT := $(shell [ "$$(id -u)" = 0 ] || echo sudo) env DEBIAN_FRONTEND=noninteractive apt-get
MAKEFLAGS += --no-print-directory

LAB_SOURCES := $(wildcard labextension/src/*.ts labextension/style/* labextension/schema/* labextension/*.js* labextension/yarn.lock) \
	$(wildcard synthnb/widgets/report/*) synthnb/disclosure/schema/fields-1.json

.PHONY: help
help: ## List what there is to make
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: demo
demo: .make/demo ## Run the quickstart on a real trial with the embedded model; leaves demo/quickstart.html
	rm -rf demo && mkdir demo && cp notebooks/quickstart.ipynb demo/
	cd demo && jupyter execute --inplace quickstart.ipynb
	synthnb disclose demo/quickstart.ipynb
	synthnb export demo/quickstart.ipynb demo/quickstart.html
	synthnb verify demo/quickstart.ipynb
	synthnb verify demo/quickstart.html
	@echo "Open demo/quickstart.html in a browser, or run: .venv/bin/jupyter lab demo/quickstart.ipynb"

.PHONY: test
test: .make/test check ## Check and run every test
	python -m pytest

.PHONY: check
check: .make/test ## Lint and type-check Python and TypeScript
	ruff check .
	ruff format --check .
	mypy
	cd labextension && jlpm lint && jlpm test

.PHONY: bench
bench: .make/test ## Print the figures of engines and of calls beside their baselines
	python tests/benchmarks/engines.py --quick
	python tests/benchmarks/scale.py
	python tests/benchmarks/llm.py

.PHONY: build
build: .make/labextension ## Build the sdist and the wheel into dist/
	rm -rf dist && python -m build

.PHONY: clean
clean: ## Remove everything that was made here
	rm -rf .venv .make demo dist build labextension/node_modules labextension/lib synthnb/labextension

# Stamps: each names a thing that is installed or built once.

.make/venv:
	mkdir -p .make
	$(PYTHON) -m venv .venv || { $(APT) update -qq && $(APT) install -y -qq python3-venv && $(PYTHON) -m venv .venv; }
	python -m pip install --quiet --upgrade pip "jupyter-builder>=1.2,<2"
	touch $@

.make/labextension: .make/venv $(LAB_SOURCES)
	cd labextension && jlpm install --immutable && jlpm build:prod
	touch $@

.make/demo: .make/labextension pyproject.toml
	SKIP_JUPYTER_BUILDER=1 python -m pip install --quiet --editable ".[demo]"
	synthnb models pull smollm2-135m
	python -c "from synthnb.datasets import fetch_actg175; fetch_actg175()"
	touch $@

.make/test: .make/demo .make/chromium
	SKIP_JUPYTER_BUILDER=1 python -m pip install --quiet --editable ".[dev]"
	touch $@

.make/chromium:
	mkdir -p .make
	command -v chromium >/dev/null || { $(APT) update -qq && $(APT) install -y -qq chromium fonts-dejavu-core >/dev/null; }
	touch $@
