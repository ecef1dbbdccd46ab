# What a developer runs. Needs Python 3.11 to 3.13 with venv; `make PYTHON=python3.12 ...` chooses one.

PYTHON ?= python3
UV := uv==0.13.9

.DEFAULT_GOAL := help
.PHONY: help demo test soak celery test-2.11 lint import-cost bench constraints clean

help: ## Show this list
	@sed -nE 's/^([a-z0-9.-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

demo: .venv/.installed ## Onboard a client in a real Airflow, against a local sandbox in place of Wahelp
	@.venv/bin/python -m demo

test: .venv/.installed ## All tests, on Airflow 3.3
	.venv/bin/python -m pytest

soak: .venv/.installed ## 300 messages through killed tasks and lost answers: each arrives once
	WAHELP_SOAK=300 .venv/bin/python -m pytest tests/system/test_exactly_once.py

celery: .venv/.celery ## Two Celery workers with a home each, one of which is killed, on Airflow 3.3
	.venv/bin/python -m pytest -x -m celery tests/celery

# Python 3.13 is too new for Airflow 2.11: locally a reason to skip, in CI a mistake.
test-2.11: ## The tests that need no running Airflow, on Airflow 2.11
	@if [ "$$CI" != true ] && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 13))'; then \
		echo "Skipped: Airflow 2.11 needs Python 3.11 or 3.12, and $(PYTHON) is newer."; \
	else \
		$(MAKE) --no-print-directory .venv-2.11/.installed && .venv-2.11/bin/python -m pytest -m 'not system'; \
	fi

lint: .venv/.installed ## Style, types, and which part may import which
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy -p airflow_provider_wahelp -p demo
	.venv/bin/lint-imports

import-cost: .venv/.installed ## What importing the provider costs
	.venv/bin/python benchmarks/import_cost.py

bench: .venv/.installed ## What mailings cost: a quarter of an hour, a table, and .bench/results.json
	.venv/bin/python -m benchmarks

constraints: .venv-uv/.installed ## Pin the newest versions of everything anew
	$(call pin,3.3,3.3.2,--extra celery)
	$(call pin,2.11,2.11.2)

clean: ## Remove whatever was built or downloaded here
	rm -rf .venv .venv-2.11 .venv-uv .bench .demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/.installed: constraints/airflow-3.3.txt pyproject.toml
	$(call install,.venv,constraints/airflow-3.3.txt)

.venv/.celery: .venv/.installed
	$(call packages,.venv,constraints/airflow-3.3.txt,celery)
	@touch $@

.venv-2.11/.installed: constraints/airflow-2.11.txt pyproject.toml
	$(call install,.venv-2.11,constraints/airflow-2.11.txt)

.venv-uv/.installed: Makefile
	$(call bootstrap,.venv-uv)
	@touch $@

# $(1): folder. A virtual environment with nothing but uv.
define bootstrap
$(PYTHON) -m venv --clear $(1)
$(1)/bin/pip --disable-pip-version-check install --quiet '$(UV)'
endef

# $(1): folder, $(2): constraints.
define install
$(call bootstrap,$(1))
$(call packages,$(1),$(2),dev)
@touch $(1)/.installed
endef

# $(1): folder, $(2): constraints, $(3): extra. uv takes seconds where pip takes a minute, but does not read pip's
# configuration: where that is what reaches the package index, pip does it.
define packages
$(1)/bin/uv pip install --quiet --system-certs --compile-bytecode --python $(1)/bin/python -c $(2) -e '.[$(3)]' \
	|| $(1)/bin/pip install --quiet -c $(2) -e '.[$(3)]'
$(1)/bin/pip check
endef

# $(1): Airflow's line, $(2): its version, $(3): what else than the extra dev.
define pin
echo 'apache-airflow==$(2)' | .venv-uv/bin/uv pip compile --quiet --system-certs --universal --upgrade --python-version 3.11 \
	--extra dev $(3) --no-annotate --no-header pyproject.toml - --output-file .venv-uv/pins
{ echo '# Made by `make constraints`: what the tests and the demo run on, with Airflow $(2).'; \
	cat .venv-uv/pins; } > constraints/airflow-$(1).txt
endef
