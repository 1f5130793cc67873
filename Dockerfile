FROM golang:1.26.10 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /headstart ./cmd/headstart \
 && mkdir /data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /headstart /headstart
COPY --from=build --chown=nonroot:nonroot /data /data
WORKDIR /data
USER nonroot
ENV DATABASE_URL=sqlite:/data/headstart.db
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/headstart"]
CMD ["serve"]
