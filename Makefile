# The verbs of this repository. `make help` lists them.

SERVICES := $(filter-out sdk contracts,$(notdir $(patsubst %/,%,$(wildcard components/*/))))
TEST_GUESTS := $(notdir $(patsubst %/,%,$(wildcard tests/guests/*/)))
BENCH_GUESTS := $(notdir $(patsubst %/,%,$(wildcard bench/guests/*/)))
# Guests that export without the SDK link for WebAssembly alone: their symbols are no names for a native library.
NATIVE := --workspace $(addprefix --exclude ,$(TEST_GUESTS))
GUEST_BUILD := cargo build --quiet --profile guest --target wasm32-wasip2
UP_OPTIONS ?=
DEMO_OPTIONS ?=
DEMO_REMEDY := is not set: MUTRAPRO_ADMIN_EMAIL=… MUTRAPRO_ADMIN_PASSWORD=… make demo, with the values of make up
# Components and host build side by side; cargo shares these jobs.
MAKEFLAGS += --jobs=$(shell getconf _NPROCESSORS_ONLN)

FUZZ_VENV := target/fuzz-venv

.PHONY: help fuzz-venv setup build components host up demo check test docs lint bench clean

help: ## List the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: # What a fresh machine lacks: the WebAssembly target, a C compiler for SQLite, and Python for what tests/fuzz.rs runs
	@rustup target list --installed | grep -qx wasm32-wasip2 || rustup target add wasm32-wasip2
	@command -v cc >/dev/null || { apt-get update -qq && apt-get install -y -qq gcc libc6-dev; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { apt-get update -qq && apt-get install -y -qq python3-venv; }

components: setup ## Build the components
	@$(GUEST_BUILD) $(addprefix -p ,$(SERVICES))

host: setup ## Build the host, optimised
	@cargo build --release -p mutrapro

build: components host ## Build everything that runs

up: build ## Build and serve on 127.0.0.1:3000 (UP_OPTIONS="--listen … --data-dir …")
	@exec target/release/mutrapro up $(UP_OPTIONS)

demo: setup ## Fill the running system with a small studio and print its logins (admin as for `up`; DEMO_OPTIONS="--api …")
	@# Said at once, not after building.
	@: "$${MUTRAPRO_ADMIN_EMAIL:?$(DEMO_REMEDY)}" "$${MUTRAPRO_ADMIN_PASSWORD:?$(DEMO_REMEDY)}"
	@cargo build --quiet --release -p mutrapro-demo
	@target/release/mutrapro-demo $(DEMO_OPTIONS)

check: components host ## Validate spin.toml
	@target/release/mutrapro check

# Kept until other versions are wanted; known by its copy of what was, as a fresh checkout has fresh dates.
fuzz-venv: setup ## Install what tests/fuzz.rs runs
	@cmp -s tests/fuzz/requirements.txt $(FUZZ_VENV)/requirements.txt || { \
		python3 -m venv --clear $(FUZZ_VENV) && \
		$(FUZZ_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/fuzz/requirements.txt && \
		cp tests/fuzz/requirements.txt $(FUZZ_VENV)/requirements.txt; }

test: components fuzz-venv ## Run every test
	@$(GUEST_BUILD) $(addprefix -p ,$(TEST_GUESTS))
	@# Everything at once, so that tests and host share one set of built dependencies.
	@cargo build --quiet $(NATIVE) --all-targets
	cargo test $(NATIVE)

docs: components ## Write the generated pages of docs/ anew
	@cargo build --quiet -p mutrapro
	@MUTRAPRO_WRITE_DOCS=1 cargo test --quiet -p mutrapro-tests --test docs

lint: setup ## Formatting and clippy, warnings denied
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

bench: build ## Measure the host side by side with a native server
	@$(GUEST_BUILD) $(addprefix -p ,$(BENCH_GUESTS))
	@cargo build --release -p mutrapro-bench
	@target/release/mutrapro-bench

clean: ## Remove what was built; the data folder stays
	cargo clean
