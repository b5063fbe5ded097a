# What there is to do here. Only Go is needed; `make lint` fetches staticcheck
# through the module proxy, without a trace in go.mod.

GO          ?= go
STATICCHECK ?= honnef.co/go/tools/cmd/staticcheck@v0.8.2
PKG         ?= ./...

.PHONY: all test race bench cover lint fmt mutants peers browser beam help

all: lint race

test: ## every test
	$(GO) test $(PKG)

race: ## every test, with the race detector
	$(GO) test $(PKG) -race

bench: ## every benchmark, without the tests: make bench PKG=./raft
	$(GO) test $(PKG) -run '^$$' -bench . -benchmem

cover: ## coverage of all packages by all tests, in cover.out and cover.html
	$(GO) test $(PKG) -coverpkg=./... -coverprofile=cover.out
	$(GO) tool cover -html=cover.out -o cover.html
	$(GO) tool cover -func=cover.out | tail -n 1

lint: ## gofmt, go vet, staticcheck
	@files=$$(gofmt -l .); test -z "$$files" || { echo "not as gofmt has it:"; echo "$$files"; exit 1; }
	$(GO) vet $(PKG)
	$(GO) run $(STATICCHECK) $(PKG)

fmt: ## gofmt in place
	gofmt -w .

mutants: ## the suites against implementations with a known bug
	$(GO) run ./main/lab mutants

peers: ## our Raft and other libraries' side by side
	cd main/peers && $(GO) test -run '^$$' -bench . -benchmem

browser: ## the page of lab view in a real Chromium, which has to be on the path
	cd main/browser && CHROMIUM=required $(GO) test -count=1

beam: ## MapReduce as a pipeline of Apache Beam's, on its runner Prism
	cd main/mrbeam && $(GO) vet . && $(GO) test .

help:
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile
