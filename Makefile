# make demo: sets up and grades the sample submissions.  make test: sets up and passes all tests.
# make test PYTHON=python3.13 TORCH=torch==2.15.0: the same with others, each pair in an environment of its own
PYTHON ?= python3
TORCH ?= torch==2.13.0
OTHER := $(filter-out python3 torch==2.13.0,$(notdir $(PYTHON)) $(TORCH))
VENV ?= .venv$(subst $() ,,$(addprefix -,$(subst torch==,torch,$(OTHER))))
BIN := $(VENV)/bin
# what pip has to keep to, or nothing
CONSTRAINTS ?=

.PHONY: setup demo test test-oldest test-cuda test-classroom lint audit bench peers clean

setup: $(VENV)/ready

# torch first and by name: left to the resolver, it may bring gigabytes that nothing here needs
$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check "$(TORCH)"
	$(BIN)/pip install --quiet --disable-pip-version-check $(addprefix --constraint ,$(CONSTRAINTS)) \
		--editable ".[dev]"
	touch $@

demo: setup
	@$(BIN)/python examples/demo.py

test: setup lint
	$(BIN)/pytest -q --numprocesses auto --dist loadgroup

# with the lowest versions that pyproject.toml allows, torch 2.11 among them
test-oldest:
	$(PYTHON) -m tests.oldest_versions >.oldest-versions.txt
	$(MAKE) test TORCH=torch==2.11.0 VENV=.venv-oldest CONSTRAINTS=.oldest-versions.txt

# on a machine with a GPU: CUDA=python to use a torch that is installed there instead of .venv
CUDA ?= $(BIN)/python
test-cuda:
	$(CUDA) -m pytest -q -m cuda
	$(CUDA) -m grader doctor --devices
	$(CUDA) -m grader audit --device sim --device cuda --jobs 4
# REPORTER: a checkout of classroom-resources/autograding-grading-reporter at v1; needs Node
test-classroom: setup
	REPORTER="$(REPORTER)" $(BIN)/pytest -q -rs tests/test_classrooms_own_reporter.py

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

audit: setup
	$(BIN)/grader audit --lint
	$(BIN)/grader audit --seeds 200

# BENCH="--quick", BENCH="--only class": small sizes, a part alone
bench: setup
	$(BIN)/python -m benchmarks $(BENCH)

# the graders that `make bench` compares with, in an environment of their own; without it, it compares with plain pytest
peers: .venv-peers/ready
.venv-peers/ready:
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet --disable-pip-version-check "$(TORCH)"
	.venv-peers/bin/pip install --quiet --disable-pip-version-check \
		otter-grader==7.0.0 nbgrader==0.9.6 pytest
	touch $@

clean:
	rm -rf .venv* .oldest-versions.txt .mypy_cache .ruff_cache
