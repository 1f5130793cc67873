# docker build --build-arg VERSION=v1.2.3 -t headstart .
FROM --platform=$BUILDPLATFORM golang:1.26.10 AS build
WORKDIR /src
RUN mkdir /data
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=
ARG TARGETOS
ARG TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags="-s -w -X main.release=$VERSION" -o /headstart ./cmd/headstart

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /headstart /headstart
COPY --from=build --chown=nonroot:nonroot /data /data
WORKDIR /data
USER nonroot
ENV DATABASE_URL=sqlite:/data/headstart.db
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["/headstart", "healthy"]
ENTRYPOINT ["/headstart"]
CMD ["serve"]
