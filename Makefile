# Everything is built and started from here; `make help` lists it. Needs only Linux x86-64, Node with npm, Go, Python 3.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Node 24 comes with the npm packages, so that the system's Node may be older.
export PATH := $(CURDIR)/node_modules/node/bin:$(CURDIR)/node_modules/.bin:$(PATH)
NODE := node --disable-warning=ExperimentalWarning

.PHONY: help demo demo-vllm up down test fuzz lint format build bench reference crds image clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  make %-12s %s\n", $$1, $$2}'

demo: build ## Start a local control plane, Envoy Gateway and the operator, and get an answer from a model
	@$(NODE) local/cli.ts demo

demo-vllm: build ## The same with real vLLM on the processor and a tiny model (installs 6 GB once)
	@$(NODE) local/cli.ts demo-vllm

up: build ## Start everything and keep it running
	@$(NODE) local/cli.ts up

down: node_modules/.installed ## End what `make up` started
	@$(NODE) local/cli.ts down

test: build ## Run every test, on a real API server, Envoy Gateway and Envoy
	@$(NODE) scripts/test.ts

fuzz: node_modules/.installed ## Try services and the laws of the core at random for long (FUZZ_RUNS, FUZZ_SEED)
	@FUZZ_RUNS=$${FUZZ_RUNS:-2000} FUZZ_SEED=$${FUZZ_SEED:-$$RANDOM} $(NODE) scripts/test.ts property fuzz

lint: node_modules/.installed ## Check types, layer rules, formatting and generated files
	@tsc -p . --noEmit
	@oxlint --type-aware --deny-warnings src local bench test scripts
	@biome format .
	@$(NODE) scripts/crds.ts --check
	@$(NODE) scripts/mergekeys.ts --check

format: node_modules/.installed ## Format the code
	@biome format --write .

build: node_modules/.installed ## Build the bundles into dist/
	@$(NODE) scripts/build.ts

bench: build ## Measure speed and memory with 100 and 1,000 services; writes bench/latest.json
	@$(NODE) bench/bench.ts

reference: build ## Compare with recordings of KServe's controller: make reference REF=<folder>
	@$(NODE) local/reference/main.ts --ref='$(REF)' --cases='$(CASES)'
	@echo 'Our presets and a service with those definitions (about 15 seconds)…'
	@REF='$(REF)' $(NODE) --experimental-vm-modules node_modules/jest/bin/jest.js test/reference

crds: node_modules/.installed ## Generate crds/ and the table of merge keys
	@$(NODE) scripts/crds.ts
	@$(NODE) scripts/mergekeys.ts

image: build ## Build the container image llmisvc:0.1.0 (needs Docker and a Node base image)
	@docker build -t llmisvc:0.1.0 .

clean: ## Remove what was built and installed here (the cache of programs stays)
	rm -rf dist node_modules .state

node_modules/.installed: package-lock.json package.json .npmrc
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js (any version from 18) with npm" >&2; exit 1; }
	@echo "Installing npm packages (about half a minute)…"
	@npm ci --loglevel=error --no-progress
	@test -x node_modules/node/bin/node || { echo "Node 24 did not arrive with the npm packages, because npm's install scripts are switched off." >&2; \
	  echo "Run: npm rebuild node --ignore-scripts=false" >&2; exit 1; }
	@touch $@
