# The operator's image: one bundle and Node, nothing else.
#   docker build -t <registry>/llmisvc:0.1.0 .
# BUILD_IMAGE needs npm; BASE_IMAGE needs `node` in the PATH and no shell.
ARG BUILD_IMAGE=node:24-bookworm-slim
ARG BASE_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --loglevel=error --no-progress
COPY scripts scripts
COPY src src
COPY tsconfig.json ./
RUN node scripts/build.ts

FROM ${BASE_IMAGE}
WORKDIR /app
COPY --from=build /src/dist/main.js /app/main.js
ENV PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin NODE_ENV=production
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["node", "/app/main.js"]
