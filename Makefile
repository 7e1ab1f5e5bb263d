# Jackfield's build. Everything it makes is under target/; `cargo clean` takes that away.
#
# One profile, release, for the server, the tests and the benchmarks, so that the dependencies are built once.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
# The commands below name what they run by its place.
export CARGO_TARGET_DIR := $(CURDIR)/target
.PHONY: run build toolchain drivers guests examples peers test lint bench soak fuzz

# How long the long runs are: `make soak SOAK=1000 MAILS=1000000`, `make fuzz FUZZ_SECONDS=60`.
SOAK ?= 200
MAILS ?= 100000
FUZZ_SECONDS ?= 3600

# Drivers run natively in their own tests, where link-time optimization would only cost time.
DRIVER_CARGO := CARGO_PROFILE_RELEASE_LTO=off CARGO_TARGET_DIR=$(CURDIR)/target/driver-tests cargo

# Starts the server with the embedded default: demo channels, data under target/demo.
run: toolchain build drivers
	exec target/release/jackfield serve --data target/demo

# The workspace as a whole: built alone, a package has fewer features of the shared dependencies switched on,
# and the largest of them would be built again for the tests.
build:
	cargo build --release --workspace --bins

# First wherever guests are built: what may be missing on a machine is said before the long build, not after it.
toolchain:
	drivers/toolchain.sh >/dev/null

# Every driver as a component: target/drivers/NAME.wasm
drivers:
	drivers/build.sh drivers target/drivers

# The guests that only the tests load: target/guests/NAME.wasm
guests:
	drivers/build.sh tests/guests target/guests

# Drivers in other languages: the examples for their authors, and one that only the tests load.
examples: peers
	drivers/examples/build.sh \
		javascript drivers/examples/javascript target/examples/slips-js.wasm \
		python drivers/examples/python target/examples/slips-py.wasm \
		python tests/guests/nosy target/guests/nosy.wasm

# What the tests hold the server and the drivers against: vendors' own libraries and servers.
peers:
	tests/setup.sh

test: toolchain peers build drivers guests examples
	$(DRIVER_CARGO) test --release --manifest-path drivers/Cargo.toml --workspace
	cargo test --release --workspace --doc
	cargo test --release --workspace --lib --bins --tests --no-fail-fast

# The walls between the crates are tests of their own: see docs/architecture.md.
lint:
	cargo fmt --all --check
	cargo fmt --all --check --manifest-path drivers/Cargo.toml
	cargo fmt --all --check --manifest-path tests/guests/Cargo.toml
	cargo fmt --all --check --manifest-path host/benches/extism/Cargo.toml
	cargo clippy --release --workspace --all-targets -- --deny warnings
	$(DRIVER_CARGO) clippy --release --manifest-path drivers/Cargo.toml --workspace --all-targets -- --deny warnings

# Prints a table and writes target/bench.json. Where Extism, which P1 is also held against, can't be built, the rest is measured
# all the same and its row says so.
bench: toolchain build drivers guests
	host/benches/extism/build.sh || echo "make bench: Extism isn't built here, P1 goes without it" >&2
	target/release/jackfield-bench

# The kills and crowds of the end to end tests, and the many mails, in numbers.
soak: toolchain peers build drivers guests
	JACKFIELD_SOAK=$(SOAK) JACKFIELD_MAILS=$(MAILS) cargo test --release --workspace --test e2e -- kills crowd email::load

# Fuzzing for hours: the tests whose names say so, each target for FUZZ_SECONDS. See tests/src/fuzz.rs. Those beside the
# drivers are of parsers that have no other way in.
fuzz: toolchain build drivers
	JACKFIELD_FUZZ_SECONDS=$(FUZZ_SECONDS) $(DRIVER_CARGO) test --release --manifest-path drivers/Cargo.toml --workspace fuzz
	JACKFIELD_FUZZ_SECONDS=$(FUZZ_SECONDS) cargo test --release --workspace --lib --bins --tests fuzz
