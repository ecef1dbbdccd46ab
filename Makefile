# What a developer runs. Needs Python 3.11 to 3.13 with venv; `make PYTHON=python3.12 ...` chooses one.

PYTHON ?= python3
UV := uv==0.13.9

# The older Airflows that the tests run on, and the Python that each is tested with: all three, and none too new.
OLDER := 2.11 3.0 3.1 3.2
PYTHON_2.11 ?= python3.11
PYTHON_3.0 ?= python3.12
PYTHON_3.1 ?= python3.13
PYTHON_3.2 ?= python3.12
PYTHON_lowest ?= python3.11

comma := ,

# What else than the extra dev is pinned.
EXTRA_2.11 := --extra browser
EXTRA_3.2 := --extra browser
EXTRA_3.3 := --extra bench --extra browser --extra celery --extra docs --extra fab --extra release --extra tables

# What `make test-...` hands to pytest: all tests, unless told otherwise.
TESTS ?=

# A package is compiled once, when it is installed. UV_COMPILE_BYTECODE=0 leaves that to those who import it.
export UV_COMPILE_BYTECODE ?= 1
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo test test-system test-rest soak matrix lowest celery browser $(OLDER:%=test-%) test-lowest lint import-cost bench docs recording pictures translations dist changelog constraints clean

help: ## Show this list
	@sed -nE 's/^([a-z0-9.-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

demo: .venv/.installed ## Onboard a client in a real Airflow, against a local sandbox in place of Wahelp
	@.venv/bin/python -m demo

# What runs an Airflow mostly waits: all else has its turn meanwhile.
test: .venv/.installed ## All tests, on Airflow 3.3
	@echo "In two halves beside one another; each is shown when it is through."
	@$(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target test-system test-rest

test-system: .venv/.installed
	.venv/bin/python -m pytest tests/system

test-rest: .venv/.installed
	.venv/bin/python -m pytest --ignore=tests/system

soak: .venv/.celery ## Hundreds of messages through killed tasks, lost answers and odd services: none twice, none too early
	WAHELP_SOAK=300 .venv/bin/python -m pytest tests/system/test_exactly_once.py
	WAHELP_SOAK=60 .venv/bin/python -m pytest tests/system/test_habits.py
	WAHELP_SOAK=12 .venv/bin/python -m pytest tests/storage/test_pace.py
	WAHELP_SOAK=500 .venv/bin/python -m pytest -m celery tests/celery/test_one_state.py
	WAHELP_SOAK=500 WAHELP_STATE=postgres .venv/bin/python -m pytest -m celery tests/celery/test_one_state.py
	WAHELP_SOAK=500 WAHELP_HOSTS=pods .venv/bin/python -m pytest -m celery tests/celery/test_one_state.py

matrix: ## All tests on each Airflow from 2.11 to 3.3, two at a time; `make test-3.1` is one of them
	@$(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target $(OLDER:%=test-%) test import-cost

lowest: test-lowest ## Unit and contract tests on Airflow 2.11.0, each package as old as pyproject.toml allows

# With what reads tables, and with what keeps the pace.
test-lowest: TESTS := tests/unit tests/contract tests/delivery/test_rate_limit.py

celery: .venv/.celery ## Two Celery workers with a home each, one of which is killed, on Airflow 3.3
	.venv/bin/python -m pytest -x -m celery tests/celery

browser: .venv/.browser .venv-fab/.installed .venv-3.2/.browser .venv-2.11/.browser ## In Debian's Chromium: pages and forms, on Airflow 3.3 and in part on 3.2 and 2.11
	.venv/bin/python -m pytest -m browser tests/browser
	.venv-fab/bin/python -m pytest -m browser tests/browser/test_rights.py
	.venv-fab/bin/python -m pytest tests/receiver/test_fab_users.py
	.venv-3.2/bin/python -m pytest -m browser tests/browser/test_mailings_page.py
	.venv-2.11/bin/python -m pytest -m browser tests/browser/test_connection_form.py

# In CI one Python must do for all; elsewhere, one that is nowhere is a reason to skip.
$(OLDER:%=test-%) test-lowest: test-%:
	@python=$$($(call find,$(if $(CI),$(PYTHON),$(PYTHON_$*)))); \
	if [ -z "$$python" ] && [ -z "$$CI" ]; then \
		echo "Skipped: $@ needs $(PYTHON_$*), which is not here."; \
	else \
		$(MAKE) --no-print-directory .venv-$*/.installed PYTHON="$${python:?}" \
			&& .venv-$*/bin/python -m pytest $(TESTS) \
			&& .venv-$*/bin/python benchmarks/import_cost.py --quick; \
	fi

lint: .venv/.installed ## Style, types, and which part may import which
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy -p airflow_provider_wahelp -p demo -p tests.typed
	.venv/bin/lint-imports

import-cost: .venv/.installed ## What importing the provider costs
	.venv/bin/python benchmarks/import_cost.py

bench: .venv/.bench .venv/.browser ## What mailings, waits and pages cost: half an hour, a table, and .bench/results.json
	.venv/bin/python -m benchmarks

docs: .venv/.docs ## The site, in build/docs: README, guides, recipes and the reference, with search, to be read offline
	rm -rf build/docs
	.venv/bin/python -m sphinx --quiet --fail-on-warning --keep-going --fresh-env -j auto -d build/doctrees -c docs/site . build/docs
	@echo "build/docs/index.html"

recording: .venv/.docs ## The demo anew, as the moving picture of the site
	.venv/bin/python docs/site/recording.py

pictures: .venv/.browser ## The pages in Airflow's UI and the report anew, as the pictures of docs/
	WAHELP_PICTURES=docs/pictures .venv/bin/python -m pytest -m browser tests/browser/test_*page*.py

translations: .venv/.installed ## After a change of words that people are told: bring the catalogues up to date, compile them
	.venv/bin/pybabel --quiet extract --no-default-keywords --keyword=gettext --keyword=ngettext:1,2 \
		--keyword=marked --keyword=marked_many:1,2 --add-location=file --sort-by-file --no-wrap \
		--project=airflow-provider-wahelp --output-file=.venv/wahelp.pot airflow_provider_wahelp
	@for language in ru uk kk; do .venv/bin/pybabel --quiet update --domain=wahelp --locale=$$language \
		--input-file=.venv/wahelp.pot --output-dir=airflow_provider_wahelp/locale \
		--no-fuzzy-matching --no-wrap --ignore-obsolete --ignore-pot-creation-date || exit; done
	.venv/bin/pybabel --quiet compile --domain=wahelp --directory=airflow_provider_wahelp/locale

dist: .venv/.installed ## Build what is uploaded into dist/, and check it: the same files make the same bytes
	rm -rf dist
	.venv/bin/python -m hatchling build
	.venv/bin/twine check --strict dist/*
	@sha256sum dist/*

changelog: .venv/.installed ## What the next release brings
	@.venv/bin/towncrier build --draft

constraints: $(patsubst constraints/%.in,.venv-uv/%,$(wildcard constraints/*.in)) ## Pin the newest versions of everything anew, and the lowest

clean: ## Remove whatever was built or downloaded here
	rm -rf .venv .venv-* .bench .demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/.installed: constraints/airflow-3.3.txt pyproject.toml
	$(call install,.venv,constraints/airflow-3.3.txt,dev$(comma)release$(comma)tables)

.venv/.bench .venv/.browser .venv/.celery .venv/.docs: .venv/.%: .venv/.installed
	$(call packages,.venv,constraints/airflow-3.3.txt,$*)
	@touch $@

.venv-2.11/.browser .venv-3.2/.browser: .venv-%/.browser: .venv-%/.installed
	$(call packages,.venv-$*,constraints/airflow-$*.txt,browser)
	@touch $@

.venv-%/.installed: constraints/airflow-%.txt pyproject.toml
	$(call install,.venv-$*,constraints/airflow-$*.txt,dev)

# Apart, as FAB's provider is not beside most Airflows of these days: it makes forms and users its own way.
.venv-fab/.installed: constraints/airflow-3.3.txt pyproject.toml
	$(call install,.venv-fab,constraints/airflow-3.3.txt,dev$(comma)browser$(comma)fab)

.venv-lowest/.installed: constraints/lowest.txt pyproject.toml
	$(call install,.venv-lowest,constraints/lowest.txt,dev)

.venv-uv/.installed: Makefile
	$(call bootstrap,.venv-uv)
	@touch $@

# The pins of `airflow-3.1.in`, and with them the newest of everything else.
.venv-uv/airflow-%: constraints/airflow-%.in .venv-uv/.installed
	$(call pin,airflow-$*,$(EXTRA_$*),what the tests run on$(comma) with Airflow $*)

# What we name ourselves as old as we say that we work with; what that brings, the newest.
.venv-uv/lowest: constraints/lowest.in .venv-uv/.installed
	$(call pin,lowest,--resolution lowest-direct,what `make lowest` runs on)

# $(1): name, $(2): options, $(3): what it is.
define pin
.venv-uv/bin/uv pip compile --quiet --system-certs --universal --upgrade --python-version 3.11 \
	--extra dev $(2) --no-annotate --no-header pyproject.toml constraints/$(1).in --output-file .venv-uv/$(1).txt
{ echo '# Made by `make constraints`: $(3).'; cat .venv-uv/$(1).txt; } > constraints/$(1).txt
endef

# $(1): as in python3.12. Prints where it is, on PATH or with pyenv; nothing where it is nowhere.
define find
for python in $(1) "$$(pyenv prefix $(1:python%=%) 2>/dev/null)/bin/python"; do \
	"$$python" -c 'import sys; print(sys.executable)' 2>/dev/null && break; \
done
endef

# $(1): folder. A virtual environment with nothing but uv.
define bootstrap
$(PYTHON) -m venv --clear $(1)
$(1)/bin/pip --disable-pip-version-check install --quiet '$(UV)'
endef

# $(1): folder, $(2): constraints, $(3): extras.
define install
$(call bootstrap,$(1))
$(call packages,$(1),$(2),$(3))
@touch $(1)/.installed
endef

# $(1): folder, $(2): constraints, $(3): extras. uv takes seconds where pip takes a minute, but does not read pip's
# configuration: where that is what reaches the package index, pip does it.
define packages
$(1)/bin/uv pip install --quiet --system-certs --python $(1)/bin/python -c $(2) -e '.[$(3)]' \
	|| $(1)/bin/pip install --quiet -c $(2) -e '.[$(3)]'
$(1)/bin/pip check
endef
