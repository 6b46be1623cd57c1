# Everything works on a bare clone with Python >= 3.11, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := build/demo
JUDGES := build/judges/bin
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/$(JUDGES):$(PATH)

.PHONY: help demo test test-quick test-slow lint types bench bench-full docs dev judges lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/run ## publish the sample fleet, signed, into build/demo, and verify it
	@mkdir -p $(DEMO)
	@test -f $(DEMO)/fleet.key || fleetpress keygen $(DEMO)/fleet
	fleetpress publish --fleet fleets/labs --to oci-layout:$(DEMO)/registry --key $(DEMO)/fleet.key
	fleetpress verify --fleet fleets/labs --to oci-layout:$(DEMO)/registry --key $(DEMO)/fleet.pub

test: $(VENV)/dev ## all tests but the slow ones; registry tests run where docker-registry is found
	pytest -q -n auto -m "not slow" $(ARGS)

test-quick: $(VENV)/dev ## the tests that need nothing but Python: under a minute
	pytest -q -n auto -m "not slow and not online" $(ARGS)

test-slow: $(VENV)/dev ## the exhaustive tests
	pytest -q -n auto -m slow $(ARGS)

lint: $(VENV)/dev ## ruff and mypy
	ruff check .
	ruff format --check .
	mypy

bench: $(VENV)/dev ## what 1,000 and 10,000 generated sites cost, cold and with little to do: minutes
	python benchmarks/press.py --sites 1000,10000 --output build/bench.json
	python benchmarks/incremental.py --sites 1000,10000 --output build/incremental.json
	python benchmarks/templates.py --rounds 6 --output build/templates.json

bench-full: $(VENV)/dev ## the same at 100,000 sites, with bad sites among them, and beside peers: up to an hour
	python benchmarks/press.py --sites 1000,10000,100000 --repeat 1 --rounds 0 --output build/bench-full.json
	python benchmarks/incremental.py --sites 1000,10000,100000 --output build/incremental-full.json
	python benchmarks/poison.py --sites 100000 --repeat 1 --output build/poison.json
	python benchmarks/peers.py --output build/peers.json $(if $(KAPITAN),--kapitan $(KAPITAN))

docs: $(VENV)/dev ## write the generated reference pages anew
	python docs/generate.py

dev: $(VENV)/dev judges ## everything a developer needs, with the outside judges

judges: ## docker-registry, cosign, skopeo, crane, oras: the programs that judge our artifacts
	ci/install-judges

lock: $(VENV)/dev ## pin every dependency anew
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade \
	  pyproject.toml --group build -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade \
	  pyproject.toml --group build --extra dask --extra dev -o requirements-dev.txt

clean: ## remove what was built, and the environment
	rm -rf $(VENV) build dist

$(VENV)/run: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev: requirements-dev.txt $(VENV)/run
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
