# syntax=docker/dockerfile:1

# Builds the image, and the Linux binaries of a release: both are the same file.
#
#   docker build --tag vestibule .
#   docker build --target binary --output out .    # the binary alone, at out/ARCHITECTURE/vestibule

# The version of rust-toolchain.toml, on the Debian of the last stage: the binary needs no newer C library than that.
FROM rust:1.95.0-slim-bookworm AS build
# Taken instead of rust-toolchain.toml, whose clippy and rustfmt would be fetched for nothing.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /src
COPY . .
ARG TARGETARCH
# The caches outlive a build, but not the layer; so the binary is taken out in the same step.
RUN --mount=type=cache,id=vestibule-registry,target=/usr/local/cargo/registry \
    --mount=type=cache,id=vestibule-target-${TARGETARCH},target=/src/target,sharing=locked \
    cargo build --release --locked --package vestibule \
    && install -D target/release/vestibule /out/vestibule

# Apart from the build, so that a release can put finished binaries in its place (--build-context binary=FOLDER).
FROM scratch AS binary
ARG TARGETARCH
COPY --from=build /out/vestibule /${TARGETARCH}/vestibule

# There is no shell in the last stage, so its folders are made here, on the machine that builds.
FROM --platform=$BUILDPLATFORM debian:bookworm-slim AS folders
RUN install -d -m 0700 /out/data /out/data/keys && install -d -m 0755 /out/etc

# cc and not static: glibc looks up names as the rest of the system does, and its allocator keeps up with many
# threads; musl's does neither. cc is glibc, libgcc and the trust anchors. There is no shell and no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot
ARG TARGETARCH
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Vestibule" \
      org.opencontainers.image.description="User accounts for a service" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.source="https://github.com/vestibule/vestibule" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=binary --chmod=0755 /${TARGETARCH}/vestibule /usr/bin/vestibule
# New volumes take owner and mode from here. Keys that others could read would be refused.
COPY --from=folders --chown=65532:65532 /out/data /data
# Where vestibule.toml is looked for, if there is one.
COPY --from=folders /out/etc /etc/vestibule
WORKDIR /etc/vestibule
# By number, so that an orchestrator can tell that it is not root.
USER 65532:65532
# Every address of the container; who can reach it is decided outside. SQLite needs a place for temporary files, even to
# make a database, and finds no other when the root is read-only.
ENV VESTIBULE_SERVER__DATA_DIR=/data \
    VESTIBULE_SERVER__LISTEN=0.0.0.0:8080 \
    SQLITE_TMPDIR=/data
# The only place that is written to. A volume by itself, so that --read-only needs nothing else.
VOLUME ["/data"]
EXPOSE 8080
STOPSIGNAL SIGTERM
# The command gives up by itself after five seconds.
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --start-interval=1s --retries=3 \
    CMD ["/usr/bin/vestibule", "healthcheck"]
ENTRYPOINT ["/usr/bin/vestibule"]
CMD ["serve"]
