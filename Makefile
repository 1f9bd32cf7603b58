# Repli. `make run` shows it, `make test` proves it, `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Tools are installed into .tools under their version, so that a second run costs nothing and a new version is a new file.
TOOLS := $(CURDIR)/.tools
BUF_VERSION := 1.75.0
PROTOC_GEN_GO_VERSION := v1.36.12
PROTOC_GEN_GO_GRPC_VERSION := v1.6.2
GOTESTSUM_VERSION := v1.13.0
GOLANGCI_LINT_VERSION := v2.15.0
PROTOVALIDATE_VERSION := v1.2.2
ONNXRUNTIME_VERSION := 1.30.0
REDIS_PACKAGE := redis-server=5:7.*
ONNX_TESTS_PACKAGE := libonnx-testdata=1.12.*
HELM_VERSION := v3.22.0
KUBECONFORM_VERSION := v0.8.0
KUBERNETES_VERSION := 1.36.3
PROMETHEUS_PACKAGE := prometheus=2.42.*
QEMU_PACKAGE := qemu-user-static=1:7.*
# Debian has one Chromium at a time, whose number grows every month.
CHROMIUM_PACKAGE := chromium=1*
UPLOT_VERSION := 1.6.32

BUF := $(TOOLS)/buf-$(BUF_VERSION)/node_modules/.bin/buf
PROTOC_GEN_GO := $(TOOLS)/protoc-gen-go-$(PROTOC_GEN_GO_VERSION)/protoc-gen-go
PROTOC_GEN_GO_GRPC := $(TOOLS)/protoc-gen-go-grpc-$(PROTOC_GEN_GO_GRPC_VERSION)/protoc-gen-go-grpc
GOTESTSUM := $(TOOLS)/gotestsum-$(GOTESTSUM_VERSION)/gotestsum
GOLANGCI_LINT := $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION)/golangci-lint
VALIDATE := $(TOOLS)/protovalidate/buf/validate/validate.proto
HELM := $(TOOLS)/helm-$(HELM_VERSION)/helm
KUBECONFORM := $(TOOLS)/kubeconform-$(KUBECONFORM_VERSION)/kubeconform
SCHEMAS := $(TOOLS)/kubernetes-$(KUBERNETES_VERSION)-schemas

ONNX_TESTS := /usr/share/libonnx-testdata/data/node
ONNXRUNTIME := $(TOOLS)/onnxruntime-$(ONNXRUNTIME_VERSION)/libonnxruntime.so.1

# grpcnotrace leaves out golang.org/x/net/trace, which nobody here uses: its templates call methods by name, and so keep every
# exported method of everything in the binary, 14 MB of them.
TAGS := grpcnotrace
GO_BUILD = CGO_ENABLED=0 go build -tags $(TAGS) -trimpath -ldflags "-s -w"

REFDATA ?= ../shared/refdata
GO_FILES = $(shell git ls-files -co --exclude-standard '*.go' 'go.mod' 'go.sum' 'bench/drill' 'pkg/statusz/assets')

# The library that draws the charts of the status page. It is other people's, so it is not in the tree; a program that is built
# without it shows tables and says so.
CHARTS := pkg/statusz/assets/npm/uPlot-$(UPLOT_VERSION).js

##@ Use

.PHONY: run
run: bin/repli ## Build, start the whole mesh in one process on demo data, answer three requests, keep serving
	@bin/repli all

.PHONY: build
build: bin/repli bin/repli-drill ## Build the one binary, bin/repli, and bin/repli-drill, which drills it

bin/repli: $(GO_FILES) $(CHARTS)
	@$(GO_BUILD) -o $@ ./cmd/repli

bin/repli-drill: $(GO_FILES)
	@CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o $@ ./bench/drill/repli-drill

# The services with clocks that the drill can set. It is never shipped.
bin/repli-clocks: TAGS := grpcnotrace,drill
bin/repli-clocks: $(GO_FILES) $(CHARTS)
	@$(GO_BUILD) -o $@ ./cmd/repli

# The images, and the version of the chart that installs them.
VERSION := $(shell sed -n 's/^appVersion: *//p' helm/repli/Chart.yaml)
IMAGE ?= repli:$(VERSION)
IMAGE_CPUS ?= amd64 arm64
IMAGE_LIMIT := 50000000

.PHONY: images
images: ca-certificates $(CHARTS) ## Build the images, an OCI layout and an archive and an SBOM a CPU, into bin/images, without a daemon
	@mkdir -p bin/images
	@for cpu in $(IMAGE_CPUS); do GOARCH=$$cpu $(GO_BUILD) -o bin/images/repli-$$cpu ./cmd/repli; done
	@cd images && go run . -tag $(IMAGE) -project .. -out ../bin/images -limit $(IMAGE_LIMIT) \
		-revision "$$(git rev-parse HEAD)$$([ -z "$$(git status --porcelain)" ] || echo -dirty)" -created "$$(git log -1 --format=%ct)" \
		$(foreach cpu,$(IMAGE_CPUS),$(cpu)=../bin/images/repli-$(cpu))

##@ Check

.PHONY: test
test: test-tools ## Install what the tests need and run them all: unit, race, conformance, end-to-end, golden
	@$(GOTESTSUM) --format pkgname --hide-summary skipped -- -race -timeout 15m $$(go list ./... | grep -v /cmd/repli/e2e)
	@$(GOTESTSUM) --format testname --hide-summary skipped -- -timeout 15m ./cmd/repli/e2e
	@go vet -tags drill ./pkg/process && $(GOTESTSUM) --format testname -- -tags drill -run Clock ./pkg/process
	@$(MAKE) rules-check
	@$(MAKE) test-browser
	@$(MAKE) test-onnx-nodes
	@$(MAKE) test-ort

.PHONY: rules-check
rules-check: promtool ## Check the recording rules for Prometheus, and what they make of known figures
	@promtool check rules helm/repli/files/*-rules.yaml
	@promtool test rules helm/repli/tests/rules/*-test.yaml

.PHONY: test-browser
test-browser: $(GOTESTSUM) $(CHARTS) chromium ## Look at the status page in headless Chromium: charts, themes, a phone, the keyboard
	@REPLI_CHROMIUM="$$(command -v chromium)" $(GOTESTSUM) --format testname -- -count 1 -tags browser -timeout 15m \
		-run StatusPage ./services/allinone

.PHONY: test-onnx-nodes
test-onnx-nodes: $(GOTESTSUM) onnx-tests ## Run ONNX's own tests of operators, and check that docs/operators.md says what they give
	@REPLI_ONNX_NODE_TESTS=$(ONNX_TESTS) $(GOTESTSUM) --format testname -- -count 1 -tags onnxnode -run 'TestONNXNodes' ./pkg/onnx

.PHONY: test-ort
test-ort: $(GOTESTSUM) $(ONNXRUNTIME) ## Hold the ONNX engine against onnxruntime, on graphs made at random among others
	@REPLI_ONNXRUNTIME=$(ONNXRUNTIME) $(GOTESTSUM) --format testname -- -tags ort -timeout 10m ./pkg/onnx/...

.PHONY: fuzz-onnx
fuzz-onnx: $(ONNXRUNTIME) ## Hold COUNT (default 100000) graphs made at random from SEED (default 1) against onnxruntime
	@REPLI_ONNXRUNTIME=$(ONNXRUNTIME) REPLI_GRAPHS=$(or $(COUNT),100000) REPLI_SEED=$(or $(SEED),1) \
		go test -tags ort -timeout 5h -run TestGraphs -v ./pkg/onnx/compare

# What runs kernels, without the race detector, which an emulated CPU has not the time for; fuzz targets run their seeds.
ARM64_PACKAGES := ./pkg/vec ./pkg/onnx ./pkg/onnx/plan ./pkg/onnx/internal/gemm ./pkg/onnx/internal/forest

.PHONY: test-arm64
test-arm64: qemu-aarch64-static ## Run the model engine's tests, and the bundles of demo/ and REFDATA, on an emulated arm64
	@CGO_ENABLED=0 GOARCH=arm64 go test -exec qemu-aarch64-static -timeout 15m $(ARM64_PACKAGES)
	@$(MAKE) check-binary ARCH=arm64 RUN=qemu-aarch64-static

# What the one binary may weigh.
BINARY_LIMIT := 45000000

.PHONY: check-binary
check-binary: $(CHARTS) ## Check the size of the static binary for ARCH, and that it, started by RUN, scores the bundles as golden.json says
	@set -e; arch=$(or $(ARCH),$$(go env GOARCH)); binary=bin/repli-$$arch; \
	GOARCH=$$arch $(GO_BUILD) -o $$binary ./cmd/repli; \
	size=$$(stat -c %s $$binary); echo "$$binary: $$size bytes"; \
	[ "$$size" -lt $(BINARY_LIMIT) ] || { echo "$$binary: $$size bytes, want less than $(BINARY_LIMIT)"; exit 1; }; \
	for bundle in demo/bundles/* $(wildcard $(REFDATA)/models/*); do \
		result=$$($(RUN) $$binary model validate $$bundle | tail -n 1) || { echo "$$arch $$bundle: $$result"; exit 1; }; \
		echo "$$arch $$bundle: $$result"; done

.PHONY: chart-check
chart-check: $(HELM) $(KUBECONFORM) $(SCHEMAS)/_definitions.json ## Hold the chart against Kubernetes' schemas, policies, and values that must be refused
	@REPLI_HELM=$(HELM) REPLI_KUBECONFORM=$(KUBECONFORM) REPLI_SCHEMAS=$(SCHEMAS) REPLI_KUBERNETES=$(KUBERNETES_VERSION) \
		go test -count 1 -tags chart -timeout 15m ./helm/...

.PHONY: test-images
test-images: images ## Unpack the images, run one as its own user with nothing else around it, and make them twice
	@cd images && REPLI_IMAGES=$(CURDIR)/bin/images REPLI_IMAGE=$(IMAGE) go test -count 1 ./...

.PHONY: test-refdata
test-refdata: test-tools ## Run the tests on real data: make test-refdata REFDATA=dir
	@test -d "$(REFDATA)" || { echo "REFDATA=$(REFDATA): no such folder"; exit 2; }
	@REPLI_REFDATA="$$(cd "$(REFDATA)" && pwd)" $(GOTESTSUM) --format testname -- -p 1 -tags refdata -timeout 15m \
		-run Ref $(shell git grep -l '^//go:build refdata' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's|^|./|')

.PHONY: lint
lint: $(GOLANGCI_LINT) $(BUF) $(VALIDATE) ## golangci-lint with the boundaries, and the contracts' lint and format
	@$(GOLANGCI_LINT) run ./...
	@cd images && $(GOLANGCI_LINT) run --config ../.golangci.yml ./...
	@$(BUF) lint
	@$(BUF) format --diff --exit-code proto

.PHONY: breaking
breaking: $(BUF) $(VALIDATE) ## Refuse changes that break the contracts of AGAINST (default: HEAD)
	@rm -rf $(TOOLS)/against && mkdir -p $(TOOLS)/against/.tools
	@git archive $(or $(AGAINST),HEAD) proto buf.yaml | tar -x -C $(TOOLS)/against
	@cp -r $(TOOLS)/protovalidate $(TOOLS)/against/.tools/
	@$(BUF) breaking --against $(TOOLS)/against

# What is generated: the contracts' Go, the reference pages, the kernels.
GENERATED := gen docs helm/repli $(foreach file,kernels_amd64 kernels_neon_arm64,':(glob)pkg/**/$(file).*')

.PHONY: check-generated
check-generated: generate ## Fail when committed generated files are not what the sources give
	@git diff --exit-code -- $(GENERATED) || { echo "generated files are stale: run make generate and commit"; exit 1; }
	@new=$$(git ls-files --others --exclude-standard -- $(GENERATED)); [ -z "$$new" ] || { echo "not committed: $$new"; exit 1; }

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (default 20s)
	@git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u | while read -r dir; do \
		for target in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | cut -c6-); do \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(or $(FUZZTIME),20s) -fuzzminimizetime 1s ./$$dir; done; done

##@ Measure

.PHONY: bench
bench: ## Run the Go benchmarks of the hot path
	@go test -run '^$$' -bench . -benchmem ./pkg/onnx/... ./services/...

.PHONY: bench-onnx
bench-onnx: $(ONNXRUNTIME) ## Measure the ONNX engine beside onnxruntime, into bench/out/onnx.json
	@mkdir -p bench/out
	@go run -tags ort ./bench/onnx -library $(ONNXRUNTIME) -out bench/out/onnx.json \
		-models "$$(test -d $(REFDATA)/models && echo $(REFDATA)/models || echo demo/bundles)"

.PHONY: bench-retrieval
bench-retrieval: ## Search 100,000 items of 64 float32 beside a plain sum over the same bytes, and its int8 form
	@go test -run '^$$' -bench 'BenchmarkSearch' -benchtime 300x ./services/ranking/internal/retrieval

.PHONY: bench-quality
bench-quality: bin/repli ## Measure ranking quality per tier and segment on the demo shop, into bench/out/quality.md
	@mkdir -p bench/out
	@bin/repli bench quality --markdown bench/out/quality.md

.PHONY: bench-telemetry
bench-telemetry: bin/repli redis-server ## Measure what telemetry costs a request in CPU, into bench/out/telemetry.md: off, 1 % and 100 % sampled, in one run
	@mkdir -p bench/out
	@set -o pipefail; go run ./bench/telemetry -repli bin/repli | tee bench/out/telemetry.md

.PHONY: drill
drill: build bin/repli-clocks redis-server ## Break a real mesh in forty-two ways and judge its answers, into bench/out/drill (DRILL="--only a,b" and so on)
	@bin/repli drill --out bench/out/drill $(DRILL)

.PHONY: drill-short
drill-short: build redis-server ## The shortened set of drills
	@bin/repli drill --short --out bench/out/drill-short $(DRILL)

# The cluster test. Without KUBECONFIG it makes a cluster of its own by K8S_TOOLS/k8s-up.sh, out of the programs in K8S_HOME/bin.
K8S_TOOLS ?= ../shared/tools/k8s
K8S_HOME ?= $(TOOLS)/k8s
K8S_OUT := bench/out/cluster
K8S_CPU := $(shell go env GOARCH)

.PHONY: test-k8s
test-k8s: $(HELM) ## Install, load, upgrade, scale, roll back, kill and uninstall on a real cluster: docs/cluster.md says how to choose it
	@mkdir -p $(K8S_OUT)
ifeq ($(KUBECONFIG),)
	@$(MAKE) redis-server
	@for tag in one two; do \
		$(MAKE) images IMAGE_CPUS=$(K8S_CPU) IMAGE=repli:$$tag && mv bin/images/repli-$(K8S_CPU).tar $(K8S_OUT)/repli-$$tag.tar; done
	@$(K8S_TOOLS)/mkimage.sh repli-redis:test $(K8S_OUT)/redis.tar "$$(command -v redis-server)" redis-server
	@go run ./bench/cluster -k8s $(K8S_TOOLS) -k8s-home $(K8S_HOME) -helm $(HELM) -out $(K8S_OUT) $(K8S_LOAD) \
		-archive $(K8S_OUT)/repli-one.tar -archive $(K8S_OUT)/repli-two.tar -archive $(K8S_OUT)/redis.tar \
		-repository repli -tag one -next-tag two -redis-repository repli-redis -redis-tag test
else
	@missing="$(strip $(foreach name,REPOSITORY TAG NEXT_TAG,$(if $($(name)),,$(name))))"; \
	[ -z "$$missing" ] || { echo "test-k8s: with KUBECONFIG, the cluster has to have images: missing $$missing"; exit 2; }
	@go run ./bench/cluster -helm $(HELM) -out $(K8S_OUT) $(K8S_LOAD) -repository $(REPOSITORY) -tag $(TAG) -next-tag $(NEXT_TAG)
endif

K8S_LOAD = $(if $(RATE),-rate $(RATE)) $(if $(REQUESTS),-requests $(REQUESTS)) $(if $(DEADLINE),-deadline $(DEADLINE)) \
	$(if $(REPORT),-report $(REPORT))

##@ Make

.PHONY: screenshots
screenshots: $(CHARTS) chromium ## Take the pictures of docs/status.md anew, of a mesh that runs for 15 minutes
	@mkdir -p docs/statusz
	@REPLI_CHROMIUM="$$(command -v chromium)" REPLI_SCREENSHOTS=$(CURDIR)/docs/statusz REPLI_HISTORY=$(or $(HISTORY),18) \
		go test -count 1 -tags browser -timeout 2h -v -run StatusPage ./services/allinone

.PHONY: charts
charts: $(CHARTS) ## Fetch the library that draws the status page's charts (npm)

# Where kernels are generated.
KERNEL_PACKAGES := pkg/vec pkg/onnx/internal/gemm pkg/onnx/internal/forest

.PHONY: generate
generate: $(BUF) $(VALIDATE) $(PROTOC_GEN_GO) $(PROTOC_GEN_GO_GRPC) onnx-tests redis-server ## Generate Go from the contracts, the kernels, and the reference pages
	@go generate $(addprefix ./,$(KERNEL_PACKAGES))
	@PATH="$(dir $(PROTOC_GEN_GO)):$(dir $(PROTOC_GEN_GO_GRPC)):$$PATH" $(BUF) generate
	@{ printf '# Configuration\n\nThe defaults of every service, as `repli config print SERVICE` prints them. Generated by `make generate`.\n'; \
		for service in gateway feature ranking fallback; do \
			printf '\n## %s\n```yaml\n' $$service; env -i HOME="$$HOME" PATH="$$PATH" go run ./cmd/repli config print $$service; printf '```\n'; done; \
	} > docs/configuration.md.tmp && mv docs/configuration.md.tmp docs/configuration.md
	@go run ./helm/generate helm/repli
	@REPLI_ONNX_NODE_TESTS=$(ONNX_TESTS) REPLI_OPERATORS_PAGE=$(CURDIR)/docs/operators.md \
		go test -count 1 -tags onnxnode -run '^TestONNXNodes$$' ./pkg/onnx >/dev/null
	@REPLI_METRICS_PAGE=$(CURDIR)/docs/metrics.md go test -count 1 -run '^TestMetricsPage$$' ./services/allinone >/dev/null

.PHONY: fmt
fmt: $(GOLANGCI_LINT) $(BUF) ## Format Go and the contracts
	@$(GOLANGCI_LINT) fmt ./...
	@$(BUF) format -w proto

.PHONY: clean
clean: ## Remove what was built (the tools stay)
	@rm -rf bin bench/out $(dir $(CHARTS))

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-zA-Z_-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Make the demo shop's data and train its three models anew (needs Debian's numpy, scikit-learn and onnx)
	@go generate ./demo
	@/usr/bin/python3 demo/train/train.py

# --- tools -------------------------------------------------------------------------------------------------------------

.PHONY: test-tools
test-tools: $(GOTESTSUM) redis-server

.PHONY: redis-server
redis-server:
	@command -v redis-server >/dev/null && exit 0; \
	if [ "$$(id -u)" -ne 0 ]; then \
		echo "the tests need redis-server; run: sudo apt-get update && sudo apt-get install -y --no-install-recommends '$(REDIS_PACKAGE)'"; exit 1; fi; \
	printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d; \
	trap 'rm -f /usr/sbin/policy-rc.d' EXIT; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends '$(REDIS_PACKAGE)' >/dev/null

.PHONY: ca-certificates
ca-certificates:
	@test -f /etc/ssl/certs/ca-certificates.crt && exit 0; \
	if [ "$$(id -u)" -ne 0 ]; then \
		echo "images need the authorities that TLS trusts; run: sudo apt-get update && sudo apt-get install -y ca-certificates"; exit 1; fi; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates >/dev/null

# promtool comes with Prometheus, whose server the package would start.
.PHONY: promtool
promtool:
	@command -v promtool >/dev/null && exit 0; \
	if [ "$$(id -u)" -ne 0 ]; then \
		echo "the rules are checked with promtool; run: sudo apt-get update && sudo apt-get install -y --no-install-recommends '$(PROMETHEUS_PACKAGE)'"; exit 1; fi; \
	printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d; \
	trap 'rm -f /usr/sbin/policy-rc.d' EXIT; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends '$(PROMETHEUS_PACKAGE)' >/dev/null

.PHONY: onnx-tests
onnx-tests:
	@test -d $(ONNX_TESTS) && exit 0; \
	if [ "$$(id -u)" -ne 0 ]; then \
		echo "the tests need ONNX's own; run: sudo apt-get update && sudo apt-get install -y --no-install-recommends '$(ONNX_TESTS_PACKAGE)'"; exit 1; fi; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends '$(ONNX_TESTS_PACKAGE)' >/dev/null

.PHONY: qemu-aarch64-static
qemu-aarch64-static:
	@command -v qemu-aarch64-static >/dev/null && exit 0; \
	if [ "$$(id -u)" -ne 0 ]; then \
		echo "the tests on arm64 need qemu; run: sudo apt-get update && sudo apt-get install -y --no-install-recommends '$(QEMU_PACKAGE)'"; exit 1; fi; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends '$(QEMU_PACKAGE)' >/dev/null

.PHONY: chromium
chromium:
	@command -v chromium >/dev/null && exit 0; \
	if [ "$$(id -u)" -ne 0 ]; then \
		echo "the tests need chromium; run: sudo apt-get update && sudo apt-get install -y --no-install-recommends '$(CHROMIUM_PACKAGE)'"; exit 1; fi; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends '$(CHROMIUM_PACKAGE)' >/dev/null

$(CHARTS):
	@command -v npm >/dev/null || { echo "npm is missing: the status page is built without its charts"; exit 0; }; \
	rm -rf $(dir $@) $(TOOLS)/npm-uplot && mkdir -p $(dir $@) $(TOOLS)/npm-uplot; \
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix $(TOOLS)/npm-uplot uplot@$(UPLOT_VERSION) >/dev/null; \
	cp $(TOOLS)/npm-uplot/node_modules/uplot/LICENSE $(dir $@)LICENSE.txt; \
	cp $(TOOLS)/npm-uplot/node_modules/uplot/dist/uPlot.min.css $(@:.js=.css); \
	cp $(TOOLS)/npm-uplot/node_modules/uplot/dist/uPlot.iife.min.js $@; \
	rm -rf $(TOOLS)/npm-uplot

$(BUF):
	@mkdir -p $(TOOLS)/buf-$(BUF_VERSION)
	@npm install --silent --no-audit --no-fund --prefix $(TOOLS)/buf-$(BUF_VERSION) @bufbuild/buf@$(BUF_VERSION) >/dev/null

$(ONNXRUNTIME):
	@mkdir -p $(TOOLS)/npm-onnxruntime $(dir $@)
	@npm install --silent --no-audit --no-fund --ignore-scripts --prefix $(TOOLS)/npm-onnxruntime onnxruntime-node@$(ONNXRUNTIME_VERSION) >/dev/null
	@cp $(TOOLS)/npm-onnxruntime/node_modules/onnxruntime-node/bin/napi-v6/linux/$$(go env GOARCH | sed s/amd64/x64/)/libonnxruntime.so.1 $@
	@rm -rf $(TOOLS)/npm-onnxruntime

$(VALIDATE):
	@mkdir -p $(TOOLS)/protovalidate
	@cp -r "$$(cd $(TOOLS) && go mod download -json github.com/bufbuild/protovalidate@$(PROTOVALIDATE_VERSION) \
		| sed -n 's/^.*"Dir": "\(.*\)",$$/\1/p')/proto/protovalidate/buf" $(TOOLS)/protovalidate/
	@chmod -R u+w $(TOOLS)/protovalidate && touch $@

$(HELM):
	@CGO_ENABLED=0 GOBIN=$(dir $@) go install helm.sh/helm/v3/cmd/helm@$(HELM_VERSION)

$(KUBECONFORM):
	@GOBIN=$(dir $@) go install github.com/yannh/kubeconform/cmd/kubeconform@$(KUBECONFORM_VERSION)

# The OpenAPI document comes with the sources of Kubernetes.
$(SCHEMAS)/_definitions.json:
	@go run ./helm/schemas "$$(cd $(TOOLS) && go mod download -json k8s.io/kubernetes@v$(KUBERNETES_VERSION) \
		| sed -n 's/^.*"Dir": "\(.*\)",$$/\1/p')/api/openapi-spec/swagger.json" $(SCHEMAS)

$(PROTOC_GEN_GO):
	@GOBIN=$(dir $@) go install google.golang.org/protobuf/cmd/protoc-gen-go@$(PROTOC_GEN_GO_VERSION)

$(PROTOC_GEN_GO_GRPC):
	@GOBIN=$(dir $@) go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@$(PROTOC_GEN_GO_GRPC_VERSION)

$(GOTESTSUM):
	@GOBIN=$(dir $@) go install gotest.tools/gotestsum@$(GOTESTSUM_VERSION)

$(GOLANGCI_LINT):
	@GOBIN=$(dir $@) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
