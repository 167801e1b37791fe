# Everything one does with this repository. "make" alone lists it.
#
# Needed: Go (the version in go.mod), a C compiler for the race detector, bash. All else is built from the Go module
# proxy at pinned versions: the control plane into bin/k8s (hack/controlplane), the tools into bin/tools (hack/tools),
# Casdoor into bin/casdoor (hack/casdoor). Where there are node and npm, scimmy comes from the npm registry into
# bin/scimmy (hack/scimmy).

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# What "make test" and "make bench" run on; narrow it down with, say, make test PACKAGES=./internal/ledger/...
PACKAGES ?= ./...
BENCH ?= .
IMAGE ?= rollcall:dev
CONTAINER_TOOL ?= docker

# A prefix for what is generated or built, with which verify works in a folder of its own.
OUT :=

MODULES := $(patsubst %/,%,$(dir $(wildcard go.mod hack/*/go.mod hack/*/*/go.mod)))
# The modules that hold code of ours, not only pins.
CODE_MODULES := . hack/controlplane

TOOLS := bin/tools
CONTROLLER_GEN := $(TOOLS)/controller-gen
CRD_REF_DOCS := $(TOOLS)/crd-ref-docs
GOLANGCI_LINT := $(TOOLS)/golangci-lint

# Tests and benchmarks never see the cluster and the database that the developer works with.
WITH_CONTROLPLANE := env -u KUBECONFIG -u DATABASE_URL KUBEBUILDER_ASSETS=$(CURDIR)/bin/k8s

##@ Using it

.PHONY: help
help: ## List the targets.
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# KUBECONFIG and DATABASE_URL reach the program when they are given, here or in the environment, and only then.
# exec, and not "go run": a signal sent to make then meets the program itself.
.PHONY: run
run: controlplane bin/rollcall ## Run Rollcall here: its own control plane, or KUBECONFIG=…; SQLite, or DATABASE_URL=….
	@go build -o bin/run ./hack/run
	@exec bin/run

##@ Changing it

# -shuffle=on makes the go command run every test anew, so that -count=1 is not needed.
.PHONY: test
test: controlplane backends ## Run every test with the race detector, on a real control plane.
	@hack/test-needs
	$(WITH_CONTROLPLANE) go test -race -shuffle=on -timeout 30m $(PACKAGES)
	@cd hack/controlplane && go test -race -shuffle=on ./...
	@$(if $(filter ./...,$(PACKAGES)),$(MAKE) test-faults)

# Looking for data races takes several times as long, so that "make test" tries a share with it, and all without.
# Little of what the plays make lives long: collecting it less often saves a fifth of the time.
.PHONY: test-faults
test-faults: backends ## Try every habit of service providers, and every fault at every request.
	$(WITH_CONTROLPLANE) GOGC=400 go test -shuffle=on -timeout 30m ./internal/backend/scim ./internal/backend/example

.PHONY: bench
bench: controlplane ## Run the benchmarks; BENCH=<regexp> chooses.
	$(WITH_CONTROLPLANE) go test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 120m $(PACKAGES)

.PHONY: fmt
fmt: $(GOLANGCI_LINT) ## Format the code.
	@$(GOLANGCI_LINT) fmt

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Run the linters (.golangci.yml).
	@failed=0; for module in $(CODE_MODULES); do \
		(cd $$module && $(CURDIR)/$(GOLANGCI_LINT) run ./...) || failed=1; \
	done; exit $$failed

.PHONY: generate
generate: $(CONTROLLER_GEN) ## Generate the API's deep copies.
	@$(CONTROLLER_GEN) object:headerFile=hack/boilerplate.go.txt paths=./api/... output:object:dir=$(OUT)api/v1alpha1

.PHONY: manifests
manifests: $(CONTROLLER_GEN) ## Generate CRDs and RBAC from the markers in the code.
	@$(CONTROLLER_GEN) crd paths=./api/... output:crd:dir=$(OUT)config/crd/bases
	@$(CONTROLLER_GEN) rbac:roleName=rollcall-manager \
		paths=./controllers/... paths=./internal/app/... output:rbac:dir=$(OUT)config/rbac

.PHONY: docs
docs: api-docs ## Generate the API reference and the code size table.
	@go run ./hack/codesize -write docs/dev/code-size.md

.PHONY: api-docs
api-docs: $(CRD_REF_DOCS)
	@mkdir -p $(OUT)docs/api
	@$(CRD_REF_DOCS) --source-path=api/v1alpha1 --config=hack/api-docs/config.yaml --renderer=markdown \
		--templates-dir=hack/api-docs --log-level=ERROR --output-path=$(OUT)docs/api/v1alpha1.md

##@ Checking it

.PHONY: verify
verify: verify-layout verify-modules verify-format verify-generated verify-vet ## Check all that needs no test run.

.PHONY: verify-layout
verify-layout:
	@echo "verify: the project's own rules"
	@go run ./hack/layout
	@go run ./hack/codesize -check docs/dev/code-size.md

.PHONY: verify-modules
verify-modules:
	@echo "verify: go.mod and go.sum are tidy"
	@for module in $(MODULES); do \
		(cd $$module && go mod tidy -diff) || { echo "$$module: not tidy: run go mod tidy there" >&2; exit 1; }; \
	done

.PHONY: verify-format
verify-format: $(GOLANGCI_LINT)
	@echo "verify: formatting"
	@$(GOLANGCI_LINT) fmt --diff || { echo "not formatted: run make fmt" >&2; exit 1; }

.PHONY: verify-generated
verify-generated: $(CONTROLLER_GEN) $(CRD_REF_DOCS)
	@echo "verify: generated files"
	@hack/verify-generated

.PHONY: verify-vet
verify-vet:
	@echo "verify: go vet"
	@for module in $(CODE_MODULES); do (cd $$module && go vet ./...); done

##@ Building it

.PHONY: build
build: bin/rollcall bin/kubectl-rollcall ## Build the programs into bin/: the operator, and the plug-in of kubectl.

# Static, with the time zones in it: the image has no files but this one. The go command knows best what is up to date.
.PHONY: bin/rollcall bin/kubectl-rollcall
bin/rollcall bin/kubectl-rollcall: bin/%:
	@CGO_ENABLED=0 go build -trimpath -tags timetzdata -o $(OUT)$@ ./cmd/$*

.PHONY: image
image: ## Build the container image; IMAGE=<name> names it.
	$(CONTAINER_TOOL) build --tag $(IMAGE) .

.PHONY: controlplane
controlplane: ## Provide etcd, kube-apiserver, kube-controller-manager and kubectl in bin/k8s.
	@cd hack/controlplane && go run ./fetch -out $(CURDIR)/bin/k8s

.PHONY: backends
backends: scimmy casdoor ## Provide the service providers that the tests of backends run against, where they can run.

.PHONY: scimmy
scimmy:
	@hack/scimmy/install

# Casdoor takes minutes to build the first time, so it is only built where it can run, or must.
.PHONY: casdoor
casdoor: bin/casdoor/launch
	@if bin/casdoor/launch try 2>/dev/null || [[ "$${REQUIRE_CASDOOR:-}" == 1 ]]; then $(MAKE) bin/casdoor/casdoor; fi

.PHONY: bin/casdoor/launch
bin/casdoor/launch:
	@CGO_ENABLED=0 go build -trimpath -buildvcs=false -o $@ ./internal/testkit/casdoor/launch

# Built again when its pin changes, and not otherwise.
bin/casdoor/casdoor: hack/casdoor/go.mod hack/casdoor/go.sum
	@echo "building $@ (the first time takes some minutes)"
	@cd hack/casdoor && go build -trimpath -buildvcs=false -ldflags='-s -w' -o $(CURDIR)/$@ github.com/casdoor/casdoor
	@touch $@

.PHONY: tools
tools: $(CONTROLLER_GEN) $(CRD_REF_DOCS) $(GOLANGCI_LINT) ## Build the generators and linters into bin/tools.

# Built again when a pin changes, and not otherwise.
$(TOOLS)/%: hack/tools/go.mod hack/tools/go.sum
	@echo "building $@ (the first time takes a while)"
	@cd hack/tools && go build -trimpath -buildvcs=false -o $(CURDIR)/$@ $(PACKAGE)
	@touch $@
$(CONTROLLER_GEN): PACKAGE := sigs.k8s.io/controller-tools/cmd/controller-gen
$(CRD_REF_DOCS): PACKAGE := github.com/elastic/crd-ref-docs
$(GOLANGCI_LINT): PACKAGE := sigs.k8s.io/kube-api-linter/cmd/golangci-lint-kube-api-linter

.PHONY: clean
clean: ## Remove bin/ with all that was built; what "make run" keeps stays in .dev/.
	@rm -rf bin
