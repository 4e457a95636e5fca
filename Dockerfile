# The simulator, which -allow-remote lets other containers reach.
FROM golang:1.25-alpine AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -o /wechat-simulator ./cmd/wechat-simulator

FROM alpine:3
COPY --from=build /wechat-simulator /usr/local/bin/
USER nobody
EXPOSE 8099
ENTRYPOINT ["wechat-simulator", "-addr", "0.0.0.0:8099", "-allow-remote"]
