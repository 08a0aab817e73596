# Tripline's task runner. `make` alone prints this help.
.DEFAULT_GOAL := help
.PHONY: help demo test check bench bench-peers instructions fuzz proof setup setup-tests setup-counts

help: ## show this help
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup ## watch planted card fraud being caught, in seconds
	cargo run --release --locked --bin tripline -- demo

test: setup-tests ## run every test, some of them against a real Kafka broker
	cargo test --workspace --locked

check: setup ## formatting, lints, licences
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --manifest-path fuzz/Cargo.toml --no-default-features --target-dir target --locked -- -D warnings
	./scripts/deny.sh

bench: setup ## run the benchmarks (one query: make bench Q=q2)
	cargo run --release --locked -p benches -- all $(if $(Q),--only $(Q))

bench-peers: setup-tests ## compare with Esper, Flink and Siddhi, which Maven fetches (make bench-peers Q=q2 ROUNDS=3)
	cargo run --release --locked -p benches -- peers $(if $(Q),--only $(Q)) $(if $(ROUNDS),--rounds $(ROUNDS))

instructions: setup-counts ## compare instructions an event with those accepted (valgrind; ACCEPT=1 accepts)
	cargo run --release --locked -p benches -- instructions $(if $(ACCEPT),--accept)

fuzz: setup ## run each fuzz target for a minute (one: make fuzz T=parse), by cargo-fuzz on nightly, else the stable fallback
	./scripts/fuzz.sh $(T)

proof: setup ## hold the engine to the slow reference: 200,000 random rules over random streams (another part: make proof FROM=200000)
	TRIPLINE_FROM=$(or $(FROM),0) TRIPLINE_PAIRS=$(or $(PAIRS),200000) cargo test --release --test properties -- the_engine

setup:
	@./scripts/setup.sh build

setup-tests:
	@./scripts/setup.sh build tests counts

setup-counts:
	@./scripts/setup.sh build counts
