# A recipe for each task. CI runs the same commands.

# List the recipes.
default:
    @just --list

# Start a local webhook with a throwaway certificate.
run:
    cargo run --release --locked -- serve --self-signed --maps-file docs/examples/imageswap-maps.conf

# Run the tests that need only the Rust toolchain and a C compiler.
test:
    cargo test --workspace --locked

# Run the tests that need promtool (package prometheus), zsh, fish, bash, mandoc, jq, and pre-commit (PyPI).
test-more:
    IMAGESWAP_TEST_PROMTOOL=1 cargo test --workspace --locked --test webhook promtool
    IMAGESWAP_TEST_PROMTOOL=1 cargo test --workspace --locked --test observe
    IMAGESWAP_TEST_SHELLS=1 IMAGESWAP_TEST_JQ=1 IMAGESWAP_TEST_PRE_COMMIT=1 cargo test --workspace --locked --test cli

# Run the tests of the page in a browser. They need chromium (Debian's package). With UPDATE_PICTURES=1 they take the
# pictures of the documentation again.
test-page:
    IMAGESWAP_TEST_BROWSER=1 cargo test --workspace --locked --test page

# Run the tests against a Kubernetes control plane, and with cert-manager. They need Go 1.26, and some minutes for the
# first build.
test-cluster:
    IMAGESWAP_TEST_CLUSTER=1 IMAGESWAP_TEST_CERT_MANAGER=1 cargo test --workspace --locked --test cluster

# Run the tests of `deploy/`. They need Go 1.26, and some minutes to build Helm and the other tools the first time.
test-deploy:
    IMAGESWAP_TEST_DEPLOY=1 cargo test --workspace --locked --test deploy

# Soak two replicas of the release build through reloads, restarts and attacks, for a number of seconds.
soak seconds="1200":
    tests/soak/run {{seconds}}

# Build the image twice by buildah, and run it: sizes, links, a host name, reviews, the SBOM. It needs root, buildah, podman,
# runc, debootstrap, jq and cargo-cyclonedx, and some minutes for the first build.
image:
    IMAGESWAP_TEST_IMAGE=1 cargo test --workspace --locked --test image

# Compile the program of the image twice from nothing, and compare the digests.
reproducible:
    deploy/image/reproducible

# Write the SBOM of the program to stdout, in CycloneDX. It needs jq and cargo-cyclonedx.
sbom:
    @deploy/image/sbom

# Check the scripts and the workflows. It needs shellcheck and actionlint.
scripts:
    git grep -lE '^#!.*sh$' | xargs shellcheck
    actionlint

# Format, spelling, lints, documentation, and the structure: imports, names of types, claims such as "only this module does it".
lint: spelling
    cargo fmt --all --check
    test -z "$(gofmt -l tests/cert-manager tests/control-plane tests/tools)"
    cargo clippy --workspace --all-targets --locked -- -D warnings
    cargo test --quiet --package imageswap-tests-structure --locked
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked

# Generate the base, install.yaml, and files of components and overlays from the chart. Needs Helm.
manifests:
    deploy/generate

# List the words of files or directories that the glossary retires.
words *paths:
    cargo run --quiet --locked --package imageswap-tests-structure --bin words -- {{ paths }}

# Check the spelling: American English, with our own words in `typos.toml`.
spelling:
    @command -v typos >/dev/null || { echo "typos is missing; install it: cargo install --locked typos-cli@1.52.0" >&2; exit 1; }
    typos

# Check licenses, bans and sources of the dependencies, and each crate by itself, without the features of other crates.
deps:
    cargo deny --offline --locked check licenses bans sources
    for manifest in Cargo.toml src/*/Cargo.toml migrate/Cargo.toml tests/*/Cargo.toml; do cargo check --quiet --locked --manifest-path "$manifest" || exit; done

# Measure: parts with criterion, the whole webhook against a server with a fixed answer.
bench:
    cargo bench --locked

# Fuzz for ten minutes: `parse` (any text as a rules file), `format` (any text), `agree` (two readings of the
# language), `migrate` (any text as a map) or `review` (any bytes, and generated reviews). Needs nightly and cargo-fuzz.
fuzz target="parse":
    cargo +nightly run --quiet --locked --manifest-path fuzz/Cargo.toml --example seeds
    nice -n 10 cargo +nightly fuzz run {{ target }} -- -max_total_time=600 -timeout=10 -max_len=4000 -dict=fuzz/rules.dict

# Run everything that CI runs.
ci:
    .ci/run
