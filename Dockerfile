# The operator's image: one bundle on Node.js, and nothing else of ours.
#   docker build -t <registry>/llmisvc:0.1.0 .
# Other images in place of these two, for example from a mirror: --build-arg BUILD_IMAGE=… --build-arg BASE_IMAGE=…
# BUILD_IMAGE has a shell, Node.js and npm. BASE_IMAGE has Node.js as `node` in a folder of the PATH below.
ARG BUILD_IMAGE=node:24-bookworm-slim
ARG BASE_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# The bundle needs nothing that install scripts make, so none runs.
RUN npm ci --ignore-scripts --loglevel=error --no-progress
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN node scripts/build.ts

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="llmisvc" \
      org.opencontainers.image.description="A Kubernetes operator for LLMInferenceService on plain Envoy Gateway" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin \
    NODE_ENV=production
WORKDIR /app
# The second file holds the licences of what the bundle contains.
COPY --from=build /src/dist/main.js /src/dist/main.js.LEGAL.txt ./
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["node", "--max-semi-space-size=2", "--optimize-for-size", "/app/main.js"]
