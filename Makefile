# make demo: sets up and grades the sample submissions.  make test: sets up and passes all tests.
# make test PYTHON=python3.13 TORCH=torch==2.15.0: the same with others, each pair in an environment of its own
PYTHON ?= python3
TORCH ?= torch==2.13.0
OTHER := $(filter-out python3 torch==2.13.0,$(notdir $(PYTHON)) $(TORCH))
VENV ?= .venv$(subst $() ,,$(addprefix -,$(subst torch==,torch,$(OTHER))))
BIN := $(VENV)/bin
# what pip has to keep to, or nothing
CONSTRAINTS ?=

.PHONY: setup demo test suite test-fast test-all test-scores test-oldest test-cuda gpu-bundle test-classroom lint docs docs-links audit bench peers dist clean

# compiled when they are missing or old; so does the build, and so do tests
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/*/*.po grader/locale/*/*/*.po))

setup: $(VENV)/ready $(CATALOGUES)

# torch first and by name: left to the resolver, it may bring gigabytes that nothing here needs
$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check "$(TORCH)"
	$(BIN)/pip install --quiet --disable-pip-version-check $(addprefix --constraint ,$(CONSTRAINTS)) \
		--editable ".[dev]"
	touch $@

%.mo: %.po | $(VENV)/ready
	$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

demo: setup
	@$(BIN)/python examples/demo.py

# two more than there are cores, as tests wait for the processes that they start
TEST_JOBS ?= $(shell $(PYTHON) -c "import os; print(os.cpu_count() + 2)")
# compiled once, not by each of the hundreds of processes that tests start
suite test-fast test-all test-scores: export PYTHONDONTWRITEBYTECODE :=

# mypy has one core busy for most of a minute, where nothing is remembered of it yet
test: setup
	@$(MAKE) --no-print-directory --jobs 2 lint suite

suite: setup
	$(BIN)/pytest -q --numprocesses $(TEST_JOBS) --dist loadgroup

# what needs no sandbox, or little of it: in well under a minute whether the commit at hand broke something
FAST := tests/authoring/test_stub.py tests/course tests/outputs tests/submission \
	$(addprefix tests/test_,catalogues.py language.py layers.py own_workflows.py public_api.py report.py text.py)
test-fast: setup
	$(BIN)/pytest -q --numprocesses $(TEST_JOBS) --dist loadgroup $(FAST)

# nothing is drawn: every test and every case; an hour and more on two cores
test-all: setup
	GRADER_TEST_ALL=1 $(MAKE) --no-print-directory suite

# every submission and question of the tests without the kernel's layers, as on macOS and older kernels: the same comes of them
test-scores: setup
	GRADER_TEST_ALL=1 $(BIN)/pytest -q --unconfined tests/test_submissions.py tests/causes/test_questions.py

# with the lowest versions that pyproject.toml allows, torch 2.11 among them
test-oldest:
	$(PYTHON) -m tests.oldest_versions >.oldest-versions.txt
	$(MAKE) test TORCH=torch==2.11.0 VENV=.venv-oldest CONSTRAINTS=.oldest-versions.txt

# on a machine with a GPU: CUDA=python to use a torch that is installed there instead of .venv; CUDA_JOBS children share it.
# Only files that speak of CUDA are collected: the others may need packages that are not there
CUDA ?= $(BIN)/python
CUDA_JOBS ?= 6
test-cuda:
	$(CUDA) -m pytest -q -m cuda -p no:benchmark --numprocesses $(CUDA_JOBS) --dist loadgroup $$(grep -rl --include='test_*.py' cuda tests)
	$(CUDA) -m grader doctor --devices
	$(CUDA) -m benchmarks.rounding
	$(CUDA) -m grader audit --device sim --device cuda --jobs $(CUDA_JOBS)

# gpu-bundle/run.sh runs `make test-cuda` where there is a GPU, GPU_PYTHON with torch, and no network
GPU_PYTHON ?= 3.12
gpu-bundle: setup
	@$(MAKE) --no-print-directory --dry-run test-cuda CUDA=python | \
		$(BIN)/python -m benchmarks.gpu_bundle --python $(GPU_PYTHON) gpu-bundle

# REPORTER: a checkout of classroom-resources/autograding-grading-reporter at v1; needs Node
test-classroom: setup
	REPORTER="$(REPORTER)" $(BIN)/pytest -q -rs tests/test_classrooms_own_reporter.py

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# the documentation as a site in site/, strictly: a warning is an error. Needs no network
SPHINX = $(BIN)/python -m sphinx --fail-on-warning --keep-going --fresh-env --quiet --conf-dir docs
docs: setup
	$(SPHINX) . site

# which links to elsewhere are dead, README's too; needs a network
docs-links: setup
	$(SPHINX) --builder linkcheck --tag links . site/links

audit: setup
	$(BIN)/grader audit --lint
	$(BIN)/grader audit --seeds 200
	$(BIN)/grader audit --behaviour

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

# what is published, looked at by those who know what an index takes; in an environment of its own
dist: setup .venv-dist/ready
	rm -rf dist
	$(BIN)/python -m hatchling build --directory dist
	.venv-dist/bin/twine check --strict dist/*
	.venv-dist/bin/check-wheel-contents dist/*.whl
.venv-dist/ready:
	$(PYTHON) -m venv .venv-dist
	.venv-dist/bin/pip install --quiet --disable-pip-version-check twine==7.0.0 check-wheel-contents==0.6.3
	touch $@

clean:
	rm -rf dist site .venv* .oldest-versions.txt .mypy_cache .ruff_cache gpu-bundle
