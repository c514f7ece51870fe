# The image of Rollcall: the program, the libraries it loads and the authorities it trusts, nothing
# else. Build it with ./dev image, or with any builder: docker build -t rollcall .
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=unknown

FROM debian:bookworm-slim AS build
WORKDIR /src
# What a builder may keep from one build to the next, as a volume.
ENV CCACHE_DIR=/ccache
COPY dev ./
RUN ./dev setup image
COPY CMakeLists.txt CMakePresets.json ./
COPY daemon daemon
COPY checks checks
RUN ./dev build release && cmake --install build/release --prefix /usr --strip
COPY image image
ARG VERSION
ARG REVISION
RUN python3 image/assemble.py /rootfs "$VERSION" "$REVISION"

FROM scratch
COPY --from=build /rootfs/ /
# Ghost's own user in its official image: what probes the shared content volume sees it as Ghost
# does. Any other uid works as well; nothing in the image belongs to this one.
USER 1000:1000
ENV PATH=/usr/bin
ARG VERSION
ARG REVISION
ARG SOURCE
LABEL org.opencontainers.image.title="Rollcall" \
      org.opencontainers.image.description="Every pod of a Ghost site answers for every post" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="NOASSERTION"
EXPOSE 9868
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["/usr/bin/rollcall", "health"]
ENTRYPOINT ["/usr/bin/rollcall"]
CMD ["serve"]
