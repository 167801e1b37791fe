# syntax=docker/dockerfile:1

# The manager and the portal, in an image that has nothing else in it: no shell, no package manager, no libc.
# docs/adr says why. Build it with "make image".

FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    GOOS=$TARGETOS GOARCH=$TARGETARCH make bin/rollcall

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/bin/rollcall /rollcall
# A number, because the kubelet cannot tell whether a name is root's under runAsNonRoot.
USER 65532:65532
ENTRYPOINT ["/rollcall"]
