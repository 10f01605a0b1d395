# The image of the webhook: one static program, and nothing else.
#
#     docker build --build-arg BUILD_COMMIT=$(git rev-parse HEAD) --tag imageswap .
#     docker buildx build --platform linux/amd64,linux/arm64 ...
#
# For the other processor, the program is compiled here, without emulation. That is untried.

# The full version, with that of Debian: another compiler or C library would give other bytes.
ARG RUST=docker.io/library/rust:1.95.0-bookworm

FROM --platform=$BUILDPLATFORM $RUST AS build
ARG TARGETARCH
# For another processor: its standard library, and a linker and C library for it.
RUN case "$(uname -m)-$TARGETARCH" in \
        x86_64-arm64) set -- aarch64 gcc-aarch64-linux-gnu libc6-dev-arm64-cross ;; \
        aarch64-amd64) set -- x86_64 gcc-x86-64-linux-gnu libc6-dev-amd64-cross ;; \
        *) exit 0 ;; \
    esac && \
    rustup target add "$1-unknown-linux-gnu" && \
    apt-get update && \
    apt-get install --yes --no-install-recommends "$2" "$3"
WORKDIR /src
COPY . .
# The commit for `--version`, and the date of the manual pages, in seconds since 1970.
ARG BUILD_COMMIT
ARG SOURCE_DATE_EPOCH
# By links, the program is stored once, and the commands of imageswap-webhook v1.5.3 start it. (A `COPY` for each name
# would store it three times.)
RUN --mount=type=cache,target=/src/target --mount=type=cache,target=/usr/local/cargo/registry \
    mkdir -p /out/app && \
    cp "$(deploy/image/compile "$TARGETARCH")" LICENSE /out/app/ && \
    ln -s imageswap /out/app/gunicorn && \
    ln -s imageswap /out/app/imageswap-init.py

FROM scratch
ARG BUILD_COMMIT
# A test compares them with Cargo.toml.
LABEL org.opencontainers.image.title="imageswap" \
      org.opencontainers.image.description="A mutating admission webhook for Kubernetes that rewrites container images by rules" \
      org.opencontainers.image.source="https://github.com/imageswap/imageswap" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="$BUILD_COMMIT"
COPY --from=build /out/ /
# A Deployment of imageswap-webhook v1.5.3 starts `gunicorn` by its name alone.
ENV PATH=/app
# A number, because Kubernetes cannot check `runAsNonRoot` for a name.
USER 65532:65532
EXPOSE 5000 9090
# `args` of a manifest replace the command, `command` replaces both.
ENTRYPOINT ["/app/imageswap"]
CMD ["serve"]
