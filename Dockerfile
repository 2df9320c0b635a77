# syntax=docker/dockerfile:1

# Builds the image and the Linux binaries of a release, which are the same file.
#
#   docker build --tag vestibule .
#   docker build --target binary --output out .    # the binary alone, at out/ARCHITECTURE/vestibule

# The version of rust-toolchain.toml, on the Debian of the last stage, so that the binary needs no newer C library.
FROM rust:1.95.0-slim-bookworm AS build
# Overrides rust-toolchain.toml, whose clippy and rustfmt are not needed here.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /src
COPY . .
ARG TARGETARCH
# Cache mounts are not part of the layer, so the binary is copied out in the same step.
RUN --mount=type=cache,id=vestibule-registry,target=/usr/local/cargo/registry \
    --mount=type=cache,id=vestibule-target-${TARGETARCH},target=/src/target,sharing=locked \
    cargo build --profile dist --locked --package vestibule \
    && install -D target/dist/vestibule /out/vestibule

# A separate stage, so that a release can supply finished binaries (--build-context binary=FOLDER).
FROM scratch AS binary
ARG TARGETARCH
COPY --from=build /out/vestibule /${TARGETARCH}/vestibule

# The last stage has no shell, so its folders are created here, on the build platform.
FROM --platform=$BUILDPLATFORM debian:bookworm-slim AS folders
RUN install -d -m 0700 /out/data /out/data/keys && install -d -m 0755 /out/etc

# cc, not static: glibc resolves names like the rest of the system, and its allocator scales with threads, unlike
# musl's. cc contains glibc, libgcc and trust anchors, but no shell and no package manager.
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
# New volumes take owner and mode from here; keys readable by others are refused.
COPY --from=folders --chown=65532:65532 /out/data /data
# Folder of vestibule.toml, if there is one.
COPY --from=folders /out/etc /etc/vestibule
WORKDIR /etc/vestibule
# Numeric, so that orchestrators can verify that it is not root.
USER 65532:65532
# Listens on all addresses of the container; published ports control access. SQLite needs a folder for temporary files,
# even to create a database, and with a read-only root there is no other.
ENV VESTIBULE_SERVER__DATA_DIR=/data \
    VESTIBULE_SERVER__LISTEN=0.0.0.0:8080 \
    SQLITE_TMPDIR=/data
# The only writable folder. A volume by default, so that --read-only works.
VOLUME ["/data"]
EXPOSE 8080
STOPSIGNAL SIGTERM
# The command has its own timeout of five seconds.
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --start-interval=1s --retries=3 \
    CMD ["/usr/bin/vestibule", "healthcheck"]
ENTRYPOINT ["/usr/bin/vestibule"]
CMD ["serve"]
