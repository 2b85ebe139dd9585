# The verbs of this repository. `make help` lists them.

SERVICES := $(filter-out sdk contracts,$(notdir $(patsubst %/,%,$(wildcard components/*/))))
PLUGINS := $(notdir $(patsubst %/,%,$(wildcard plugins/*/)))
TEST_GUESTS := $(notdir $(patsubst %/,%,$(wildcard tests/guests/*/)))
BENCH_GUESTS := $(notdir $(patsubst %/,%,$(wildcard bench/guests/*/)))
# Guests that export without the SDK link for WebAssembly alone: their symbols are no names for a native library.
NATIVE := --workspace $(addprefix --exclude ,$(TEST_GUESTS))
GUEST_BUILD := cargo build --quiet --profile guest --target wasm32-wasip2
UP_OPTIONS ?=
DEMO_OPTIONS ?=
DEMO_REMEDY := is not set: MUTRAPRO_ADMIN_EMAIL=… MUTRAPRO_ADMIN_PASSWORD=… make demo, with the values of make up
# What the plugin is made of: a release that was built elsewhere names its executable and platform, and where it publishes.
SPIN_PLUGIN := target/spin-plugin
SPIN_PLUGIN_EXECUTABLE ?= target/release/mutrapro
SPIN_PLUGIN_VERSION ?= $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml)
SPIN_PLUGIN_OS ?= $(if $(filter Darwin,$(shell uname -s)),macos,linux)
SPIN_PLUGIN_ARCH ?= $(if $(filter aarch64 arm64,$(shell uname -m)),aarch64,amd64)
SPIN_PLUGIN_ARCHIVE = trigger-mutrapro-$(SPIN_PLUGIN_VERSION)-$(SPIN_PLUGIN_OS)-$(SPIN_PLUGIN_ARCH).tar.gz
SPIN_PLUGIN_URL ?= file://$(subst $() ,%20,$(CURDIR))/$(SPIN_PLUGIN)/$(SPIN_PLUGIN_ARCHIVE)
# Components and host build side by side; cargo shares these jobs.
MAKEFLAGS += --jobs=$(shell getconf _NPROCESSORS_ONLN)

# Whole systems whose outcome may hang on the back ends: these run on PostgreSQL and NATS as well.
SHARED_TESTS := booking delivery demo examples examples-python files fuzz isolation kill kill-story languages limits plugins races rights sessions story walkthrough wasi watch
# These run as Spin's trigger as well.
SPIN_TESTS := booking delivery sessions story
# What tests run that PyPI has: tests/<name>/requirements.txt, installed in target/<name>-venv.
VENVS := $(patsubst tests/%/requirements.txt,%-venv,$(wildcard tests/*/requirements.txt))
# Components in other languages, each in its folder: with a package.json in JavaScript, with an app.py in Python.
JAVASCRIPT := $(patsubst %/package.json,%,$(wildcard examples/*/package.json tests/languages/*/package.json))
PYTHON := $(patsubst %/app.py,%,$(wildcard examples/*/app.py tests/languages/*/app.py))
# Named as its folder; the guest that there is in every language is `sly`.
wasm_of = $(1)/dist/$(if $(filter tests/%,$(1)),sly,$(notdir $(1))).wasm
with_tools = cd $(1) && PATH="$(CURDIR)/target/languages-venv/bin:$$PATH"
# What a command says is shown when it fails.
quietly = { out=$$({ $(1); } 2>&1) || { echo "$$out"; exit 1; }; }

# What a command that failed left is not what it was to make.
.DELETE_ON_ERROR:
.PHONY: help $(VENVS) postgres setup build components host up demo check examples $(addprefix test-,$(JAVASCRIPT) $(PYTHON)) \
	$(JAVASCRIPT:%=%/node_modules) test docs lint bench spin-plugin clean

help: ## List the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: # What a fresh machine lacks: the WebAssembly target, a C compiler for SQLite, and Python for what tests install
	@rustup target list --installed | grep -qx wasm32-wasip2 || rustup target add wasm32-wasip2
	@command -v cc >/dev/null || { apt-get update -qq && apt-get install -y -qq gcc libc6-dev; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { apt-get update -qq && apt-get install -y -qq python3-venv; }

components: setup ## Build the components: services and plugins
	@$(GUEST_BUILD) $(addprefix -p ,$(SERVICES) $(PLUGINS))

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

# Kept until other versions are wanted, known by its copy of what was, as a fresh checkout has fresh dates; or until it is
# elsewhere: its programs name the interpreter by its whole path, and the checkout that made it may be gone.
$(VENVS): %-venv: setup
	@mkdir -p target && venv="$$(cd target && pwd -P)/$@" && \
		{ cmp -s tests/$*/requirements.txt "$$venv/requirements.txt" && [ "$$(cat "$$venv/place" 2>&1)" = "$$venv" ]; } || { \
		python3 -m venv --clear "$$venv" && \
		"$$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/$*/requirements.txt && \
		echo "$$venv" >"$$venv/place" && cp tests/$*/requirements.txt "$$venv/requirements.txt"; }

# Tests start servers of their own; Debian's package would start another, unless its settings, which come first, forbid it.
postgres: setup
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { \
		apt-get update -qq && apt-get install -y -qq postgresql-common && \
		sed -i 's/^#* *create_main_cluster *=.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf && \
		apt-get install -y -qq postgresql; }

# As the environments of Python above: kept until another lock file is there, and known by a copy of it.
$(JAVASCRIPT:%=%/node_modules): %/node_modules: languages-venv
	@cmp -s $*/package-lock.json $@/.installed || $(call quietly,$(call with_tools,$*) npm ci --no-audit --no-fund && \
		cp package-lock.json node_modules/.installed)

define javascript_component
$(call wasm_of,$(1)): $(filter-out %.test.js,$(wildcard $(addprefix $(1)/,*.js *.mjs wit/*.wit))) $(1)/package-lock.json \
		$(wildcard wit/*/*.wit) | $(1)/node_modules
	@$$(call quietly,$$(call with_tools,$(1)) npm run build)

test-$(1): $(1)/node_modules
	@$$(call quietly,$$(call with_tools,$(1)) npm test --if-present)
endef

define python_component
$(call wasm_of,$(1)): $(filter-out $(1)/test_%.py,$(wildcard $(addprefix $(1)/,*.py wit/*.wit))) $(wildcard wit/*/*.wit) | languages-venv
	@mkdir -p $$(@D)
	@$$(call quietly,$$(call with_tools,$(1)) componentize-py -d wit -w component componentize app -o dist/$$(@F))

test-$(1): languages-venv
	@$(if $(wildcard $(1)/test_*.py),$$(call quietly,$$(call with_tools,$(1)) python -m unittest),:)
endef

$(foreach folder,$(JAVASCRIPT),$(eval $(call javascript_component,$(folder))))
$(foreach folder,$(PYTHON),$(eval $(call python_component,$(folder))))

examples: $(foreach folder,$(JAVASCRIPT) $(PYTHON),$(call wasm_of,$(folder)) test-$(folder)) ## Build and test the examples, and the guests of tests in other languages

test: components examples postgres $(VENVS) ## Run every test
	@$(GUEST_BUILD) $(addprefix -p ,$(TEST_GUESTS))
	@# Everything at once, so that tests and host share one set of built dependencies.
	@cargo build --quiet $(NATIVE) --all-targets
	@# One failure hides no other.
	status=0; \
	cargo test --no-fail-fast $(NATIVE) || status=$$?; \
	MUTRAPRO_TEST_ENTRY=spin cargo test --no-fail-fast $(NATIVE) $(addprefix --test ,$(SPIN_TESTS)) || status=$$?; \
	MUTRAPRO_TEST_BACK_ENDS=shared cargo test --no-fail-fast $(NATIVE) $(addprefix --test ,$(SHARED_TESTS)) || status=$$?; \
	exit $$status

docs: components ## Write the generated pages of docs/ anew
	@cargo build --quiet -p mutrapro
	@MUTRAPRO_WRITE_DOCS=1 cargo test --quiet -p mutrapro-tests --test docs

lint: setup ## Formatting and clippy, warnings denied
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

bench: build postgres nats-venv ## Measure the host side by side with a native server
	@$(GUEST_BUILD) $(addprefix -p ,$(BENCH_GUESTS))
	@cargo build --release -p mutrapro-bench
	@target/release/mutrapro-bench

# The archive is the same whenever and by whomever it is made: sorted, without dates, owners and names.
spin-plugin: $(if $(filter target/release/mutrapro,$(SPIN_PLUGIN_EXECUTABLE)),host) ## Package the host as a plugin of Spin (SPIN_PLUGIN_URL="https://…" for a release)
	@mkdir -p $(SPIN_PLUGIN)/package
	@cp $(SPIN_PLUGIN_EXECUTABLE) $(SPIN_PLUGIN)/package/trigger-mutrapro
	@cp LICENSE $(SPIN_PLUGIN)/package/
	@tar --create --format=ustar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
		--directory $(SPIN_PLUGIN)/package --file $(SPIN_PLUGIN)/$(SPIN_PLUGIN_ARCHIVE:.gz=) LICENSE trigger-mutrapro
	@gzip --no-name --force $(SPIN_PLUGIN)/$(SPIN_PLUGIN_ARCHIVE:.gz=)
	@sed -e 's|@VERSION@|$(SPIN_PLUGIN_VERSION)|' -e 's|@OS@|$(SPIN_PLUGIN_OS)|' -e 's|@ARCH@|$(SPIN_PLUGIN_ARCH)|' \
		-e 's|@URL@|$(SPIN_PLUGIN_URL)|' \
		-e "s|@SHA256@|$$(sha256sum $(SPIN_PLUGIN)/$(SPIN_PLUGIN_ARCHIVE) | cut -d ' ' -f 1)|" \
		host/cli/src/spin/plugin.json >$(SPIN_PLUGIN)/trigger-mutrapro.json
	@echo "install it with: spin plugins install --file $(SPIN_PLUGIN)/trigger-mutrapro.json --yes"

clean: ## Remove what was built; the data folder stays
	cargo clean
