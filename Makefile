PYTHON ?= python3
VENV ?= .venv
CONFIG ?= config/config.yaml
CORES ?= all

EXTRAS := workflow,slurm,train,fit,ngboost,fast,dev,docs
RELEASE := darts-cifar10-cpu-v1
SHIPPED := src/nasforge/benchmark/shipped
STAMP := $(VENV)/.installed
# Snakemake writes to results/<name of the config>/.
RESULTS = results/$(shell sed -n 's/^name:[[:space:]]*["'"'"']\{0,1\}\([a-z0-9_-]*\).*/\1/p' "$(CONFIG)" 2>/dev/null)

# Snakemake's jobs find the environment's python first.
export PATH := $(abspath $(VENV))/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help environment benchmark release test lint format docs dag

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

environment: $(STAMP) ## create VENV (default .venv) and install everything into it

# A venv that is already there, with pip, is kept; otherwise $(PYTHON) makes one.
$(STAMP): pyproject.toml
	@python="$(VENV)/bin/python"; \
	"$$python" -m pip --version >/dev/null 2>&1 || python="$(PYTHON)"; \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "nasforge needs Python 3.11 or newer, and '$$python' is not: remove $(VENV) if it is there, then run make with PYTHON=/path/to/python3.11" >&2; exit 1; }; \
	[ "$$python" = "$(VENV)/bin/python" ] || "$$python" -m venv "$(VENV)" || { \
	  echo "Could not create $(VENV) with '$$python'. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Installing into $(VENV): torch is large, so the first time takes minutes."
	$(VENV)/bin/python -m pip install --disable-pip-version-check -e ".[$(EXTRAS)]"
	@touch $@

# Quiet about the files of every job; which log a failed one has is hidden too, so the end says it.
benchmark: environment ## make the benchmark of CONFIG (default config/config.yaml) on CORES cores
	@test -f "$(CONFIG)" || { echo "CONFIG=$(CONFIG): there is no such file" >&2; exit 2; }
	$(VENV)/bin/snakemake --cores $(CORES) --configfile $(CONFIG) --quiet rules host \
	  --report $(RESULTS)/report.html --report-after-run || { \
	  echo "It stopped for the reason above; logs of the jobs are in $(RESULTS)/logs." >&2; \
	  echo "When that is put right, the same command goes on: what is finished is kept." >&2; exit 1; }
	@folder=$$(ls -td $(RESULTS)/export/*/ | head -n 1); \
	echo; echo "Benchmark: $$folder"; \
	echo "Surrogate: $$($(VENV)/bin/nasforge info $$folder | sed -n '/^surrogate  */{s///p;q;}')"; \
	echo "Report:    $(RESULTS)/report.html"; \
	echo "Query it:  $(VENV)/bin/nasforge query $$folder \"\$$($(VENV)/bin/nasforge sample --seed 1)\""

# On the kind of processor that made it, the same bytes; on another one graph networks differ (docs/format.md), and the
# file that was published is to be kept.
release: environment ## make the released benchmark and docs/results.md from data/darts-cifar10-cpu
	$(VENV)/bin/snakemake --cores $(CORES) \
	  --configfile config/release.yaml config/release_tuned.json -- all studies
	mkdir -p $(SHIPPED)
	$(VENV)/bin/nasforge export zip results/release/export/$(RELEASE) -o $(SHIPPED)/$(RELEASE).zip
	cp -r results/release/page/. docs/

test: environment ## run the tests
	$(VENV)/bin/python -m pytest

lint: environment ## check style and the workflow, change nothing
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/snakefmt --check Snakefile workflow
	$(VENV)/bin/snakemake --lint --configfile $(CONFIG)

format: environment ## format the code and the workflow
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/snakefmt Snakefile workflow

docs: environment ## build the site into site/ (open site/index.html)
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict

dag: environment ## draw docs/dag.svg, the quickstart's rules, from the Snakefile (needs graphviz)
	$(VENV)/bin/snakemake --rulegraph | $(VENV)/bin/python docs/draw_dag.py | dot -Tsvg >docs/dag.svg.new
	@mv docs/dag.svg.new docs/dag.svg
