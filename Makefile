# make run      install everything, start codeindex, and print its address
# make test     install everything and run the tests (PROCESSES=2)
# make lint     check the style; make types checks types; make format corrects the style
# make chaos    kill processes at random while they index, and compare the index (ROUNDS=3 SECONDS=60)
# make audit    check the packages in requirements.lock for known vulnerabilities (needs the network)
# make topology run whole installations with poolers, replicas and proxies (tests/topology)
# make validate print the table of docs/results/validation.md from the recorded figures
# make screenshots  make the pictures of the README (needs chromium)
# make lock     update requirements.lock from pyproject.toml
#
# PYTHON=python3.12     the Python to use, 3.11 or newer
# PORT=8080             the port of the web server
# TORCH=2.13.0+cpu      the build of torch to install (docs/install.md)

-include local.mk

PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && exit; \
	done; echo python3)
TORCH ?= $(shell sed -n 's/^torch==//p' requirements.lock)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed.txt
WANTED = { grep -v '^torch==' requirements.lock; echo 'torch==$(TORCH)'; }
INSTALL_MEBIBYTES := 3000

PROCESSES := 2
ROUNDS := 3
SECONDS := 60
FILES := 100

.PHONY: run test lint types format chaos topology audit validate screenshots setup lock

# The launcher ends with make, so that a killed make leaves no process behind.
run: setup
	@exec $(BIN)/python -I -S codeindex/local_services/processes/lifeline.py 15 $(BIN)/python -m codeindex.local_services

# Each process has a Postgres and a Valkey of its own. A file's tests run in one process, since they
# share installations and checkpoints; torch computes with one thread in each.
test: setup
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest \
		--numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder --ignore tests/topology

lint: setup
	@$(BIN)/python -m ruff check . && $(BIN)/python -m ruff format --check .

types: setup
	@$(BIN)/python -m mypy

format: setup
	@$(BIN)/python -m ruff check --fix . && $(BIN)/python -m ruff format .

chaos: setup
	@$(BIN)/python -m tests.chaos --rounds $(ROUNDS) --seconds $(SECONDS) --files $(FILES)

topology: setup
	@$(BIN)/python -m pytest tests/topology --numprocesses $(PROCESSES) --dist loadfile

# pip-audit is not part of the lock; it is installed in an environment of its own.
audit: setup
	@$(PYTHON) -m venv build/audit
	@build/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	@build/audit/bin/python -m pip_audit --requirement requirements.lock --no-deps --disable-pip --strict

validate: setup
	@$(BIN)/python -m embeddings.training validate

screenshots: setup
	@$(BIN)/python -m tests.browser.screenshots

# Installs only if the list of packages has changed; the stamp is the list that was installed. The command
# `codeindex` is a link, since the clone itself is not installed.
setup:
	@[ "$$($(WANTED))" = "$$(cat $(INSTALLED) 2>/dev/null)" ] || { $(INSTALL); }
	@[ -L $(BIN)/codeindex ] || ln -s ../../codeindex/client/command.sh $(BIN)/codeindex

define INSTALL
	refuse() { echo "$$*" >&2; exit 1; }; \
	command -v $(PYTHON) >/dev/null || refuse "codeindex needs Python 3.11 or newer; $(PYTHON) was not found."; \
	$(PYTHON) codeindex/local_services/preflight.py . $(INSTALL_MEBIBYTES) || exit 1; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		refuse "$(PYTHON) has no venv module: install it (python3-venv on Debian and Ubuntu)."; \
	$(PYTHON) -m venv $(VENV) && \
	$(WANTED) > $(VENV)/wanted.txt && \
	$(BIN)/python -m pip install --disable-pip-version-check --requirement $(VENV)/wanted.txt && \
	mv $(VENV)/wanted.txt $(INSTALLED)
endef

# Pins the library, the server and the development tools. Leaves out the dependencies of CUDA builds of
# torch, which pip chooses with the build.
lock:
	@$(PYTHON) -m venv --clear build/lock
	@build/lock/bin/python -m pip install --disable-pip-version-check '.[dev]'
	@build/lock/bin/python -m pip freeze --exclude codeindex | grep -v -i -E '^(nvidia|cuda|triton)' | \
		sed 's/^\(torch==[^+]*\)+.*/\1/' > requirements.lock
