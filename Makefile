# Everything a newcomer and CI run. `make` alone lists it.
#
# The lab keeps what it has in one directory, its home. Choose another with LAB_HOME=/some/short/path on any target.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:

ifneq ($(LAB_HOME),)
export JUJU_LAB_HOME := $(abspath $(LAB_HOME))
endif

.PHONY: help
help:  ## List the targets
	@echo 'Usage: make TARGET [LAB_HOME=DIR]'
	@echo
	@grep -hE '^[a-z0-9-]+:.*  ## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z0-9-]+):.*  ## (.*)/  \1\t\2/' | sed 's/\$$\$$/$$/g' | expand -t 18

.PHONY: bench
bench: packages  ## Measure the charm: time, memory, hook tools and processes of single dispatches
	@scripts/build lab released-lab charm
	@scripts/bench

.PHONY: build
build:  ## Build all programs and pack all charms, as the tests need them
	@scripts/install-packages build
	@scripts/build workspace examples

.PHONY: charm
charm:  ## Build build/postgresql_<arch>.charm, the file that operators deploy
	@scripts/install-packages build
	@scripts/build lab charm

.PHONY: clean
clean:  ## Remove the demo's lab and everything that was built
	@scripts/lab destroy
	@cargo clean --quiet
	@rm -rf build

.PHONY: demo
demo: packages  ## Tell the whole story on a local model: deploy, back up, restore, rotate passwords
	@scripts/build demo
	@demo/story.sh

.PHONY: down
down:  ## Stop the lab and all that runs in it; `juju-lab up` or `make demo` starts it again
	@scripts/lab down

.PHONY: e2e
e2e: packages  ## Run the end-to-end stories with real PostgreSQL, Patroni, etcd, pgBackRest and S3
	@scripts/test stories

.PHONY: env
env:  ## Print what makes `juju` the lab's: eval "$$(make -s env)"
	@scripts/lab env

.PHONY: failovers
failovers: packages build  ## Time failovers under a steady writer: make failovers RUNS=20
	@python3 bench/failovers.py "$${CARGO_TARGET_DIR:-target}/debug" $(or $(RUNS),20)

.PHONY: lint
lint:  ## Check formatting and lints
	@scripts/install-packages build
	@scripts/test format lints

.PHONY: nightly
nightly: test-packages  ## Twenty random walks of 200 steps over the charm, many hours in all; SEEDS="1 2 3" chooses
	@scripts/build workspace
	@scripts/walk 200 $(or $(SEEDS),$(shell seq -s ' ' 20))

.PHONY: packages
packages:  ## Install the packages of the distribution that are missing
	@scripts/install-packages

.PHONY: restore-cuts
restore-cuts: packages build  ## A restore of three units, cut at each of its steps; CUTS="process:3 machine:7" chooses
	@RESTORE_CUTS="$(or $(CUTS),all)" cargo test --locked --test stories restore_cuts -- --nocapture

.PHONY: restore-times
restore-times: packages build  ## Time backups and restores beside pgBackRest alone, and a restore in place beside scaling to one
	@python3 bench/bare_pgbackrest.py "$${CARGO_TARGET_DIR:-target}/debug" $(or $(RUNS),5)
	@python3 bench/restore_ways.py "$${CARGO_TARGET_DIR:-target}/debug" $(or $(RUNS),5)
	@python3 bench/pgbackrest_settings.py "$${CARGO_TARGET_DIR:-target}/debug"

.PHONY: schedules
schedules: packages build  ## Faults in random order under a steady writer; SEEDS="1 2 3" chooses the orders
	@SCHEDULE_SEEDS="$(or $(SEEDS),$(shell seq -s ' ' 1 20))" cargo test --locked --test stories schedules -- --nocapture

.PHONY: test
test: test-packages  ## Run everything CI runs: formatting, lints, unit tests, end-to-end stories
	@scripts/test

.PHONY: test-packages
test-packages:  ## Install those that the tests need, too
	@scripts/install-packages tests

.PHONY: walk
walk: test-packages  ## Random walks over the charm: make walk SEEDS="1 2 3" STEPS=200
	@scripts/build workspace
	@scripts/walk $(or $(STEPS),50) $(or $(SEEDS),1)

.PHONY: tls-walks
tls-walks:  ## TLS turned on, off and renewed in random order, on a model: make tls-walks CASES=1000 SEED=7
	@PROPTEST_CASES=$(or $(CASES),1000) PROPTEST_RNG_SEED=$(or $(SEED),$$(date +%s)) \
	  cargo test --locked --package postgresql-charm --test it whatever_happens -- --nocapture

.PHONY: unit
unit: test-packages  ## Run the tests that need no lab
	@scripts/test unit
