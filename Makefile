PKGSITE_VERSION := v0.6.0
GOLANGCI_VERSION := v2.15.0
GOVULNCHECK_VERSION := v1.9.0
CYCLONEDX_VERSION := v1.10.0
GREMLINS_VERSION := v0.6.0
GOLANGCI := $(shell go env GOPATH)/bin/golangci-lint
GREMLINS := $(shell go env GOPATH)/bin/gremlins
EXAMPLES := $(sort $(dir $(wildcard examples/*/main.go)))
MODULES := redisstore wechatotel examples/sqlstore # those with dependencies of their own
BROWSERTEST := cmd/wechat-simulator/browsertest
VETTED := benchmarks/fleet $(BROWSERTEST) # those that lint alone compiles
MUTANTS ?= $(filter-out internal/raceskip internal/testlog internal/publishing,$(wildcard internal/*)) callback . wechattest
FUZZTIME ?= 30s
SOAKTIME ?= 10m
SEED ?= 0
ROUNDS ?= 6
BENCHTIME ?= 200ms

.PHONY: demo test docs lint security sbom bench profile fuzz mutate examples foreign browser screenshots benchmarks soak reliability ci

## demo: walk through the SDK on the embedded fake platform
demo:
	go run ./examples/quickstart

## test: every test of every module, once
test:
	go test ./...
	@set -e; for module in $(MODULES); do echo "go -C $$module test ./..."; go -C $$module test ./...; done

## docs: the documentation of all packages at http://127.0.0.1:6060/github.com/wechatoa/wechat
docs:
	go run golang.org/x/pkgsite/cmd/pkgsite@$(PKGSITE_VERSION) -http 127.0.0.1:6060 -list=false .

## lint: vet, formatting and the linters of .golangci.yml
lint: $(GOLANGCI)
	go vet ./...
	$(GOLANGCI) run ./...
	@set -e; for module in $(MODULES) $(VETTED); do echo "lint $$module"; (cd $$module && go vet ./... && $(GOLANGCI) run ./...); done

## security: gosec, which lint runs too; then known vulnerabilities, skipped if their database cannot be reached
security: $(GOLANGCI)
	@set -e; for module in . $(MODULES); do echo "gosec $$module"; (cd $$module && $(GOLANGCI) run --enable-only gosec,nolintlint ./...); done
	@log=$$(mktemp); trap 'rm -f "$$log"' EXIT; \
	for module in . $(MODULES); do \
		echo "govulncheck $$module"; \
		go -C $$module run golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION) ./... > "$$log" 2>&1 && continue; \
		if grep -q '^govulncheck: fetching vulnerabilities: ' "$$log"; then \
			echo "govulncheck: SKIPPED, https://vuln.go.dev cannot be reached: nothing was checked for known vulnerabilities"; exit 0; \
		fi; \
		cat "$$log"; exit 1; \
	done

## sbom: the dependencies of every module in CycloneDX, into sbom
sbom:
	@mkdir -p sbom
	@set -e; for module in . $(MODULES); do \
		file=sbom/$$(go -C $$module list -m | sed 's,.*github.com/wechatoa/,,; s,/,-,g').cdx.json; echo "$$file"; \
		go run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$(CYCLONEDX_VERSION) mod -json -licenses -output "$$file" $$module; \
	done

$(GOLANGCI):
	go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

## bench: benchmarks with allocations; then this SDK beside a floor, resty and three others, for about 20 minutes.
## To try: make bench ROUNDS=1 BENCHTIME=100x, whose results go to benchmarks/quick.
bench:
	go test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./...
	go -C benchmarks run ./report -rounds $(ROUNDS) -benchtime $(BENCHTIME)

## profile: CPU and allocation profiles of the main rows, into benchmarks/profiles; read them with go tool pprof
profile:
	@mkdir -p benchmarks/profiles
	@go -C benchmarks test -c -o profiles/benchmarks.test .
	@cd benchmarks && for row in Call/GET/memory Call/POST/memory Call/GET/TLS JSON/users=100 Parallel/callers=64 Callback/plain Callback/safe Followers; do \
		file=profiles/$$(echo $$row | tr '/=' '--'); \
		echo "benchmarks/$$file"; \
		profiles/benchmarks.test -test.run '^$$' -test.bench "^Benchmark$$(echo $$row | sed 's,/,$$/^,g')$$/^sdk=ours$$" -test.benchtime $(BENCHTIME) \
			-test.cpuprofile $$file.cpu.prof -test.memprofile $$file.mem.prof -test.memprofilerate 4096 || exit 1; \
	done

## fuzz: every fuzz target: FUZZTIME for what strangers can send, 10 seconds for the rest; two at a time, on a processor each
fuzz:
	@set -e; for module in . $(MODULES); do for pkg in $$(go -C $$module list ./...); do \
		time=10s; case $$pkg in */callback|*/internal/msgcrypt|*/internal/wirejson|*/tokenservice) time=$(FUZZTIME);; esac; \
		go -C $$module test -list '^Fuzz' $$pkg | sed -n "s,^Fuzz.*,$$pkg & $$time $$module,p"; \
	done; done | xargs -P 2 -L 1 .ci/fuzz

## soak: three replicas, Redis, the fake platform and the network between them fail at random for SOAKTIME.
## SEED repeats the faults of a run, which prints it.
soak:
	go -C redisstore test -count=1 -timeout 0 -run '^TestF9_' -v . -soak $(SOAKTIME) -seed $(SEED)

## reliability: the tests of docs/reliability.md, of which every one must pass; a minute of the soak is one of them
reliability:
	go test -count=1 -timeout 30m -run '^TestEveryFault' -v . -rows

## mutate: change the code in small ways and see that a test fails, for hours; MUTANTS="internal/redact" for a part.
## docs/reliability.md argues each mutant that survives.
mutate: $(GREMLINS)
	@failed=0; for package in $(MUTANTS); do \
		percent=95 files=; case $$package in \
			internal/msgcrypt|internal/tokencache|internal/usercode) percent=98;; \
			callback) mutate/run 98 callback guard.go || failed=1;; \
			.) files="client_call.go client_answer.go client_retry.go";; \
			wechattest) files="tokens.go limits.go push.go";; \
		esac; \
		mutate/run $$percent $$package $$files || failed=1; \
	done; exit $$failed

$(GREMLINS):
	go install github.com/go-gremlins/gremlins/cmd/gremlins@$(GREMLINS_VERSION)

## examples: run every example on the fake platform; each must end by itself
examples:
	@for dir in $(EXAMPLES); do \
		echo "go run ./$$dir"; \
		env -u WECHAT_APP_ID -u WECHAT_APP_SECRET timeout 60 go run ./$$dir > /dev/null || exit 1; \
	done
	go -C redisstore run ./examples/fleet > /dev/null

## foreign: the SDKs of other authors on the fake platform; those whose packages are not available are skipped.
## The one in Go is tested in the module of the benchmarks.
foreign:
	./foreign/run

## browser: the page of the simulator in a headless browser; skipped if none is installed
browser:
	go -C $(BROWSERTEST) test -count=1

## screenshots: the pictures in docs, from the same browser
screenshots:
	@dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	go -C $(BROWSERTEST) test -count=1 -run Screenshots -screenshots "$$dir" && \
	cp "$$dir/simulator-chat.png" "$$dir/simulator-console.png" docs

## benchmarks: compile and lint the benchmarks, a module of its own because it needs SDKs of other authors, and those SDKs' tests;
## skipped if its modules are not available
benchmarks: $(GOLANGCI)
	@if go -C benchmarks mod download 2> /dev/null; then \
		echo "lint benchmarks" && cd benchmarks && go vet ./... && $(GOLANGCI) run ./...; \
	else \
		echo "benchmarks: SKIPPED, its modules are not available"; \
	fi

## ci: what a change must pass
ci: lint security sbom examples fuzz foreign browser benchmarks reliability
	go test -count=1 -run 'Allocat' . ./callback ./internal/... # not with -race, which allocates too
	@# TestOnResty takes as long as the other tests of its package, so it has a process of its own
	@printf '%s\n' '-run ^TestOnResty$$ .' '-skip ^TestOnResty$$ ./...' | xargs -t -P 2 -L 1 go test -race -count=1
	@set -e; for module in $(MODULES); do echo "go -C $$module test -race ./..."; go -C $$module test -race -count=1 ./...; done
