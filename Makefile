# Every task a person needs; `make` lists them. Each does its own set-up, can be repeated, and says what it does.
# If the machine lacks something that cannot be downloaded, an error says what to install; tests are never skipped.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Cargo uses all cores itself, and two cargos wait for each other's lock.
.NOTPARALLEL:

WASM_TARGET := wasm32-unknown-unknown
MODULE := target/peerwarden.wasm
BUILT := target/$(WASM_TARGET)/wasm/peerwarden_filter.wasm

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
DIST := target/dist/peerwarden-$(VERSION)-$(shell uname -s | tr A-Z a-z)-$(shell uname -m)

# The plugin is a Wasm module and nothing else, so native commands leave it out.
NATIVE := --workspace --exclude peerwarden-filter --exclude peerwarden-sdk-filter

# The peers that the engine is compared with are a separate workspace with its own lock file.
PEERS := --manifest-path tests/peers/Cargo.toml --target-dir target/peers

# Each workspace here, with a lock file of its own.
MANIFESTS := Cargo.toml tests/fuzz/libfuzzer/Cargo.toml tests/peers/Cargo.toml

# Crates that also build for wasm32: they use files, threads and terminals only at their edge.
PORTABLE := analysis documents explain guarantees lint logs render suite traffic

# What looks for all that it needs of the machine first, before minutes of building.
CHECKED := demo faq test test-core test-wasm32 test-policies test-memory e2e envoy-versions agreement fuzz soak reliability release-check budget bench bench-engine

.PHONY: help $(CHECKED:%=needs-%) setup wasm-target envoy build wasm sdk-filter demo faq test test-core test-native test-wasm32 test-policies test-reproducible test-memory e2e envoy-versions agreement fuzz soak reliability release-check budget bench bench-engine dist release-compiler reproducible check locks fmt clippy doc deny clean

help: ## List the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS='|' read -r name what; do \
		printf '  make %-17s %s\n' "$$name" "$$what"; done

setup: wasm-target envoy ## Install what the builds and tests need: the Wasm target, Envoy, the wasm32 test runner
	@tools/wasm-bindgen.sh >/dev/null
	@echo "ready"

wasm-target:
	@tools/wasm-target.sh

envoy:
	@tools/envoy.sh >/dev/null

build: wasm ## Build the module and the command: target/peerwarden.wasm, target/release/peerwarden
	@echo "building target/release/peerwarden"
	@tools/build-shipped.sh --release -p peerwarden

# Copied only if it changed, and renamed into place, so that an Envoy that is starting never reads half of it.
wasm: wasm-target ## Build the module alone: target/peerwarden.wasm
	@echo "building $(MODULE)"
	@tools/build-shipped.sh --profile wasm --target $(WASM_TARGET) -p peerwarden-filter
	@cmp -s $(BUILT) $(MODULE) || { cp $(BUILT) $(MODULE).new && mv -f $(MODULE).new $(MODULE); }

# For the tests: a filter whose callbacks are the SDK's.
sdk-filter: wasm-target
	@echo "building target/sdk_filter.wasm"
	@tools/build-shipped.sh --profile wasm --target $(WASM_TARGET) -p peerwarden-sdk-filter
	@cmp -s target/$(WASM_TARGET)/wasm/peerwarden_sdk_filter.wasm target/sdk_filter.wasm || cp target/$(WASM_TARGET)/wasm/peerwarden_sdk_filter.wasm target/sdk_filter.wasm

# In a profile of its own, which optimises nothing: compilers are what a first look waits for.
demo: needs-demo wasm envoy ## Show who may do what on a real Envoy: mTLS, HTTP and TCP, several identities
	@echo "building the demo"
	@cargo build --locked --profile demo -p peerwarden-lab --bin demo
	@target/demo/demo --module $(MODULE)

faq: needs-faq wasm envoy ## Answer a mesh's security FAQ on a real Envoy: one line for each answer, with its evidence
	@echo "building the experiments"
	@cargo build -p peerwarden-tests --bin faq
	@cargo run --quiet -p peerwarden-tests --bin faq

$(CHECKED:%=needs-%):
	@tools/prerequisites.sh $(@:needs-%=%)

# Runs targets one after another and prints the time of each; stops at the first failure.
define in-steps
	@for step in $(2); do \
		begun=$$SECONDS; \
		$(MAKE) $$step || { echo "$(1): $$step failed"; exit 1; }; \
		took=$$((SECONDS - begun)); \
		echo "$(1): $$step took $$((took / 60)) min $$((took % 60)) s"; \
	done
endef

TEST_STEPS := setup wasm test-native test-wasm32 test-policies test-reproducible
test: needs-test ## Run every test: native, wasm32, real Envoy, command line, policies
	$(call in-steps,test,$(TEST_STEPS))

# All test targets except those that need a database, packets, openssl or curl; of the rest, those tests are skipped that need groff or git.
CORE_TESTS = $(filter-out faq docs,$(shell sed -n '/^\[\[test\]\]/{n;s/^name = "\(.*\)"/\1/p;}' filter/*/Cargo.toml harness/*/Cargo.toml tests/Cargo.toml tests/lab/Cargo.toml tests/fuzz/Cargo.toml))
CORE_SKIPS := manual_pages_are_there_for_each_command_and_render the_workflow_passes_and_fails_where_it_should another_archive_is_not_installed the_hooks_pass_and_fail_where_they_should
test-core: needs-test-core wasm sdk-filter envoy ## Run the tests that do not need a database, packets, groff, openssl, curl, git or Node
	@echo "testing without the FAQ, the pages of docs/, manual pages, the CI workflow and wasm32; \`make test\` runs all tests"
	@cargo test $(NATIVE) --lib --bins $(CORE_TESTS:%=--test %) -- $(CORE_SKIPS:%=--skip %)

test-native: wasm sdk-filter envoy
	@echo "testing the engine, the host, the command and a real Envoy with the module"
	@cargo test $(NATIVE)

test-wasm32: needs-test-wasm32 wasm-target ## Run the engine's tests on wasm32, under Node
	@echo "testing the engine on wasm32"
	@tools/test-wasm32.sh

# Uses the same build as the tests: a separate build would have other features of dependencies, and take minutes.
test-policies: needs-test-policies wasm sdk-filter ## Run the suites of policies/ through the shipped module
	@echo "testing policies/ with $(MODULE)"
	@cargo test $(NATIVE) --no-run --quiet
	@target/debug/peerwarden test --module $(MODULE) policies/

# A second build of the module, which is a minute of one core: the whole archive is packed twice by `make reproducible`.
test-reproducible: wasm ## Build the module again in another folder, and compare the bytes
	@echo "building $(MODULE) again in another folder"
	@tools/reproducible.sh module

# A hundred updates of seven megabytes, the largest configurations there may be, and both on a real Envoy: a quarter of an hour.
test-memory: needs-test-memory wasm envoy ## Run the memory tests at full size, for minutes; `make test` runs smaller ones
	@echo "testing the memory use of $(MODULE) at full size"
	@PEERWARDEN_LONG=1 cargo test $(NATIVE) --test module memory -- --include-ignored --test-threads 1
	@PEERWARDEN_LONG=1 cargo test $(NATIVE) --test envoy memory -- --include-ignored --test-threads 1

e2e: needs-e2e wasm envoy ## Run only the tests on a real Envoy
	@echo "testing the module in a real Envoy"
	@cargo test $(NATIVE) --test envoy

# The rows of the table in docs/guarantees.md, with each version of Envoy that is supported.
ENVOY_VERSIONS ?= $(shell tools/envoy.sh --versions)
envoy-versions: needs-envoy-versions wasm ## Run the tests of the second lock with each version of Envoy: what stays closed without the module
	@for version in $(ENVOY_VERSIONS); do \
		envoy="$$(tools/envoy.sh $$version)"; \
		echo "Envoy $$version: $$($$envoy --version | sed -n 's|.*version: [0-9a-f]*/\([0-9.]*\)/.*|\1|p')"; \
		PEERWARDEN_ENVOY="$$envoy" cargo test $(NATIVE) --test envoy -- lock::; \
	done

# Uses a new seed each time and prints it: PEERWARDEN_SEED repeats a run, PEERWARDEN_SETS makes it longer or shorter.
agreement: export PEERWARDEN_SEED ?= random
agreement: export PEERWARDEN_SETS ?= 1800
agreement: needs-agreement wasm envoy ## Compare the module with Envoy's own RBAC filter for some minutes: many policies, much traffic
	@echo "comparing Envoy's own filter with $(MODULE): PEERWARDEN_SEED=$$PEERWARDEN_SEED PEERWARDEN_SETS=$$PEERWARDEN_SETS"
	@cargo test $(NATIVE) --test agreement -- --nocapture

# libFuzzer, built from its crate by the C++ compiler: the compiler's own coverage counters need no other toolchain.
fuzz: FUZZ_SECONDS ?= 60
fuzz: needs-fuzz ## Fuzz each reader of untrusted bytes, and the engine against its reference, for FUZZ_SECONDS each; FUZZ=NAME runs one
	@echo "fuzzing for $(FUZZ_SECONDS) s each"
	@tools/fuzz.sh $(FUZZ_SECONDS) $(FUZZ)

soak: export PEERWARDEN_SOAK ?= 300
soak: needs-soak wasm envoy ## Hold 10,000 streams and 2,000 connections open on a real Envoy while everything changes, for PEERWARDEN_SOAK seconds
	@echo "soaking $(MODULE) for $$PEERWARDEN_SOAK s"
	@ulimit -n 20000 && cargo test $(NATIVE) --test soak -- --nocapture

reliability: needs-reliability wasm ## Run the tests behind docs/reliability.md on each version of Envoy, and generate it again
	@tools/reliability.sh

# The long forms of what `make test` does briefly. Prints the time of each step; stops at the first failure.
# The tests of the second lock are among those of `reliability`, so `envoy-versions` is not a step of its own.
RELEASE_STEPS := reproducible fuzz soak agreement test-memory reliability
release-check: needs-release-check ## Run every test at length, before a release: two builds, fuzzing, soak, agreement, memory, every version of Envoy
	$(call in-steps,release-check,$(RELEASE_STEPS))

budget: needs-budget wasm ## Print what a decision costs the module: host calls, bytes, fuel, allocations
	@echo "measuring $(MODULE)"
	@cargo test $(NATIVE) --test budget

# In the dev profile: what is measured is Envoy. BENCH=--quick tries it.
bench: needs-bench wasm envoy bench-engine ## Measure CPU for each request on a real Envoy: no filter, small Wasm filters, Envoy's RBAC filter, the module
	@echo "building the benchmark"
	@cargo build -p peerwarden-lab --bin bench
	@target/debug/bench $(BENCH)

bench-engine: needs-bench-engine ## Compare the speed of the engine with cedar-policy and regorus: the same rules, the same questions
	@echo "building the engine and its peers"
	@cargo build --quiet --release --locked $(PEERS)
	@target/peers/release/peerwarden-peers

# The module is next to the command, where the command looks for it.
dist: release-compiler build ## Pack the module, the command, its manual pages, completions and schemas, and the policies: target/dist/
	@echo "packing $(DIST).tar.gz"
	@tools/pack.sh $(DIST)

release-compiler:
	@tools/release-compiler.sh >/dev/null

reproducible: release-compiler wasm-target ## Pack the last commit twice, in two folders, and compare the bytes
	@echo "packing the last commit twice"
	@tools/reproducible.sh archive

check: locks fmt clippy doc deny ## Check without running anything: lock files, format, clippy, documentation, licences, sources

# A workspace whose lock file is older than the crates it takes from here is only found when something builds it.
locks:
	@echo "checking that each lock file stands for its manifests"
	@for manifest in $(MANIFESTS); do cargo metadata --locked --format-version 1 --manifest-path $$manifest >/dev/null; done

fmt:
	@echo "checking the format"
	@cargo fmt --all --check
	@cargo fmt --manifest-path tests/peers/Cargo.toml --check
	@cargo fmt --manifest-path tests/fuzz/libfuzzer/Cargo.toml --check

clippy: wasm-target
	@echo "clippy, natively and for $(WASM_TARGET)"
	@cargo clippy $(NATIVE) --all-targets -- -D warnings
	@cargo clippy --target $(WASM_TARGET) -p peerwarden-filter -p peerwarden-engine -p peerwarden-wire -p peerwarden-sdk-filter --all-targets -- -D warnings
	@cargo clippy --locked $(PEERS) --all-targets -- -D warnings
	@echo "checking that the portable crates build for $(WASM_TARGET)"
	@cargo check --quiet --target $(WASM_TARGET) $(PORTABLE:%=-p peerwarden-%)

doc: wasm-target
	@echo "building the documentation"
	@RUSTDOCFLAGS=-Dwarnings cargo doc $(NATIVE) --no-deps
	@RUSTDOCFLAGS=-Dwarnings cargo doc --target $(WASM_TARGET) -p peerwarden-filter --no-deps --document-private-items

# The lock files of other workspaces too. What the peers bring is linked into a benchmark alone: no bans.
DENY = "$$(tools/cargo-deny.sh)" --locked --log-level error --manifest-path $(1) check
deny:
	@echo "checking licences, sources and banned crates"
	@$(call DENY,Cargo.toml) bans licenses sources
	@$(call DENY,tests/fuzz/libfuzzer/Cargo.toml) bans licenses sources
	@$(call DENY,tests/peers/Cargo.toml) licenses sources

clean: ## Remove build results; keep what is installed in .tools
	@cargo clean
