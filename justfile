# One command for each chore; CI runs the same ones.

# List the recipes.
default:
    @just --list

# Start a local webhook on a throwaway certificate.
run:
    cargo run --release --locked -- serve --self-signed --maps-file docs/examples/imageswap-maps.conf

# The tests: nothing but the Rust toolchain and a C compiler is needed.
test:
    cargo test --workspace --locked

# The tests that need more: promtool (of the package prometheus), zsh, fish, bash, mandoc, jq, and pre-commit (of PyPI).
test-more:
    IMAGESWAP_TEST_PROMTOOL=1 cargo test --workspace --locked --test webhook promtool
    IMAGESWAP_TEST_SHELLS=1 IMAGESWAP_TEST_JQ=1 IMAGESWAP_TEST_PRE_COMMIT=1 cargo test --workspace --locked --test cli

# The tests against a Kubernetes control plane. Needs Go 1.26, and the first time some minutes to build it.
test-cluster:
    IMAGESWAP_TEST_CLUSTER=1 cargo test --workspace --locked --test cluster

# Format, spelling, lints, documentation, and the structure: imports, names of types, claims such as "only this module does it".
lint: spelling
    cargo fmt --all --check
    test -z "$(gofmt -l tests/control-plane)"
    cargo clippy --workspace --all-targets --locked -- -D warnings
    cargo test --quiet --package imageswap-tests-structure --locked
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked

# Check the spelling: American English, with our own words in `typos.toml`.
spelling:
    @command -v typos >/dev/null || { echo "typos is missing; install it: cargo install --locked typos-cli@1.52.0" >&2; exit 1; }
    typos

# Licenses, bans and sources of the dependencies, and each crate alone, so that none lives on what another one enables.
deps:
    cargo deny --offline --locked check licenses bans sources
    for manifest in Cargo.toml src/*/Cargo.toml migrate/Cargo.toml tests/*/Cargo.toml; do cargo check --quiet --locked --manifest-path "$manifest" || exit; done

# The figures: parts by criterion, the whole against a floor.
bench:
    cargo bench --locked

# Fuzz for ten minutes: `parse` (any text as a rules file), `format` (any text, laid out), `agree` (two readings of the
# language) or `migrate` (any text as a map). Needs nightly and cargo-fuzz.
fuzz target="parse":
    cargo +nightly run --quiet --locked --manifest-path fuzz/Cargo.toml --example seeds
    nice -n 10 cargo +nightly fuzz run {{ target }} -- -max_total_time=600 -timeout=10 -max_len=4000 -dict=fuzz/rules.dict

# Everything that CI runs.
ci:
    .ci/run
