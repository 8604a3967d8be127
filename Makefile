# Everything is fetched into .venv and kept in var/. Set-up runs once, and again only when requirements change.
SHELL := /bin/bash
.DEFAULT_GOAL := help
# Where compiled modules may not be kept, each of the many processes compiles everything again, for twice its time.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
PYTHON := $(VENV)/bin/python
# One more than there are cores: tests of processes and of time-outs wait more than they work.
JOBS ?= $(shell echo $$(($$(nproc) + 1)))
TESTS ?= tests
POSTS ?= 20000
SEEDS ?= 1
FAULTS = FAULT_POSTS=$(POSTS) FAULT_SEEDS=$(SEEDS) FAULT_RESULTS=$(CURDIR)/var/faults.jsonl
# One run says as much as two: tests without a database; the walls between workspaces, which are of the code's making and
# not of the database's; what ffmpeg, Piper and scripts in a browser make of work whose rows other tests follow on both.
ONCE := tests/engines tests/common tests/deploy $(wildcard tests/platforms/*/) \
	tests/platforms/test_guard.py tests/platforms/test_declarations.py tests/test_architecture.py tests/test_translations.py \
	tests/lifecycle/test_machines.py tests/lifecycle/test_diagram.py tests/schedules/test_slots.py tests/schedules/test_quiet.py \
	tests/stories/test_feed_reader.py tests/content/test_diff.py tests/templates/test_rendering.py \
	tests/security/test_walls.py tests/security/test_any_input.py tests/renders/test_production.py \
	tests/platforms/test_tiktok.py $(filter-out %/test_first_light.py,$(wildcard tests/browser/test_*.py))
PYTEST := $(PYTHON) -m pytest -n $(JOBS) --dist worksteal
# The deployment checks look at the settings as a server has them.
SERVER := DEBUG=false ALLOWED_HOSTS=desk.example.org SECRET_KEY=$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(60))') \
	CREDENTIAL_KEYS=$$($(PYTHON) -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')

.PHONY: help demo run test test-sqlite test-postgres lint faults bench messages pins clean core tools

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: core ## Take a story to a published, captioned video, and end; STORY=path.txt takes your own
	@exec $(PYTHON) manage.py demo $(if $(STORY),--story "$(STORY)")

run: core ## The live site, at 127.0.0.1:8000 or PORT=..., until Ctrl-C
	@exec $(PYTHON) manage.py run

test: test-sqlite test-postgres ## All tests, on SQLite and on PostgreSQL; TESTS=tests/stories for some

test-sqlite: tools
	env -u DATABASE_URL -u REDIS_URL $(PYTEST) $(TESTS)

test-postgres: tools
	env -u REDIS_URL $(PYTHON) -m tests.servers.postgres -- $(PYTEST) $(TESTS) $(addprefix --ignore=,$(ONCE))

lint: tools ## ruff, import order, deployment checks, missing migrations
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports
	@echo "manage.py check --deploy"
	@$(SERVER) $(PYTHON) manage.py check --deploy --fail-level WARNING
	$(PYTHON) manage.py makemigrations --check --dry-run

faults: tools ## The long fault suite, on both databases; POSTS=2000 SEEDS=3 change it. Writes docs/reliability.md
	@rm -f var/faults.jsonl; mkdir -p var
	env -u DATABASE_URL -u REDIS_URL $(FAULTS) $(PYTHON) -m pytest tests/faults
	env -u REDIS_URL $(FAULTS) $(PYTHON) -m tests.servers.postgres -- $(PYTHON) -m pytest tests/faults
	$(PYTHON) -m tests.faults.table var/faults.jsonl

bench: core ## The measured claims, as ratios against a baseline run beside them
	@set -e; for script in bench/*.py; do [[ $$script == */__init__.py ]] || $(PYTHON) -m bench.$$(basename $$script .py); done

messages: core ## Collect the texts to translate into locale/, and compile them
	$(PYTHON) manage.py messages

pins: tools ## Write down the versions that .venv holds now, for everybody
	@{ echo "# Every package that core.txt and dev.txt bring, at the versions the suite passes with. Made by \`make pins\`."; \
		$(PYTHON) -m pip freeze --local | sed "s/+.*//" | sort --ignore-case; } > requirements/constraints.txt

clean: ## Remove what set-up made; your data in var/ stays
	rm -rf $(VENV) .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

core:
	@deploy/bootstrap.sh core

tools:
	@deploy/bootstrap.sh tools
