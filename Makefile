# make help lists the targets. Tools are pinned here and run through the module
# proxy: nothing is installed by hand.

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOFUMPT     := mvdan.cc/gofumpt@v0.12.0
DEADCODE    := golang.org/x/tools/cmd/deadcode@v0.52.0
ACTIONLINT  := github.com/rhysd/actionlint/cmd/actionlint@v1.7.11
GORELEASER  := github.com/goreleaser/goreleaser/v2@v2.15.1

VERSION  ?= $(patsubst v%,%,$(shell git describe --tags --always --dirty 2>/dev/null || echo dev))
COMMIT   := $(shell git rev-parse HEAD 2>/dev/null)
DATE     := $(shell TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null)
LDFLAGS  := -s -w -X jwt/cmd.version=$(VERSION) -X jwt/cmd.commit=$(COMMIT) -X jwt/cmd.date=$(DATE)
GOBUILD  := CGO_ENABLED=0 go build -trimpath -ldflags "$(LDFLAGS)"
FUZZTIME ?= 30s
PREFIX   ?= $(HOME)/.local

# The size the installed binary may have, in bytes, and what must not be in it:
# one call into text/template keeps every method of every dependency alive.
# It was 17 000 000 before the OAuth server, client and judge, scan, trust and recipes, and 18 500 000
# before the page of jwt web (0.25 MB), the schemas and tools for language models (0.2 MB).
SIZE_BUDGET := 18900000

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/jwt, static and stripped
	@mkdir -p bin
	$(GOBUILD) -o bin/jwt .

.PHONY: test
test: ## run every test
	go test ./...

.PHONY: check
check: lint test race fresh binary ## everything that must stay true: what .ci/run runs

.PHONY: race
race: ## run the tests under the race detector, but for those that derive keys
	GORACE=atexit_sleep_ms=0 go test -race -short ./...

.PHONY: lint
lint: ## format, vet for each system, staticcheck, dead code, workflows, tidy modules
	@unformatted=$$(go run $(GOFUMPT) -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "make fmt would change: $$unformatted"; exit 1; fi
	@set -e; for system in linux darwin windows; do echo "GOOS=$$system go vet ./..."; GOOS=$$system go vet ./...; done
	go run $(STATICCHECK) ./...
	@dead=$$(go run $(DEADCODE) ./...) && helpers=$$(go run $(DEADCODE) -test ./...) || exit 1; \
	dead=$$(echo "$$dead" | grep -v 'test/[a-z_]*\.go:' || true); \
	if [ -n "$$dead$$helpers" ]; then echo "never called, or by tests alone:"; echo "$$dead$$helpers"; exit 1; fi
	go run $(ACTIONLINT) .github/workflows/*.yml
	@if grep -E ' uses: ' .github/workflows/*.yml | grep -vE ' uses: (\./|[^ ]*@[0-9a-f]{40} # v[0-9])'; then \
		echo "an action without the commit of its version"; exit 1; fi
	go mod tidy -diff

.PHONY: fmt
fmt: ## format the code
	go run $(GOFUMPT) -w $$(git ls-files '*.go')

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (30s)
	@set -e; for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$package; \
		done; \
	done

.PHONY: bench
bench: build ## print what the program costs, each figure with its goal (RUN=batch: only those)
	go run ./internal/bench -jwt bin/jwt -run "$(RUN)"

.PHONY: bench-peers
bench-peers: ## install what make bench compares with, from Debian and npm
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends jq ripgrep hashcat nodejs npm
	go run ./internal/bench -install

.PHONY: cover
cover: ## test coverage by function
	go test -coverpkg=./... -coverprofile=cover.out ./...
	go tool cover -func=cover.out | tail -n 1

.PHONY: completions
completions: build ## generate completions/
	@mkdir -p completions
	bin/jwt completion bash > completions/jwt.bash
	bin/jwt completion zsh > completions/_jwt
	bin/jwt completion fish > completions/jwt.fish
	bin/jwt completion powershell > completions/jwt.ps1

.PHONY: man
man: build ## generate man/
	@mkdir -p man && rm -f man/*.1
	bin/jwt man --dir man

.PHONY: schema
schema: ## generate schema/, the JSON Schemas of what commands print
	go run ./internal/schema/generate

.PHONY: fresh
fresh: completions man ## fail if completions/ or man/ is not what the commands generate
	git diff --exit-code -- completions man
	@untracked=$$(git ls-files --others --exclude-standard completions man); \
	if [ -n "$$untracked" ]; then echo "not committed: $$untracked"; exit 1; fi

.PHONY: binary
binary: build ## fail if the binary is over its size or holds text/template
	@size=$$(wc -c < bin/jwt); echo "bin/jwt: $$size bytes of $(SIZE_BUDGET)"; test $$size -le $(SIZE_BUDGET)
	@CGO_ENABLED=0 go build -trimpath -o bin/jwt.symbols .
	@if go tool nm bin/jwt.symbols | grep -E ' (text|html)/template\.\(\*Template\)\.[Ee]xecute'; then \
		rm -f bin/jwt.symbols; echo "text/template is linked: see internal/README.md"; exit 1; fi
	@rm -f bin/jwt.symbols

SHARE = $(DESTDIR)$(PREFIX)/share

.PHONY: install
install: build ## install the binary, manual and completions below PREFIX (~/.local)
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/man/man1 $(SHARE)/bash-completion/completions \
		$(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	install -m 755 bin/jwt $(DESTDIR)$(PREFIX)/bin/jwt
	install -m 644 man/*.1 $(SHARE)/man/man1
	install -m 644 completions/jwt.bash $(SHARE)/bash-completion/completions/jwt
	install -m 644 completions/_jwt $(SHARE)/zsh/site-functions/_jwt
	install -m 644 completions/jwt.fish $(SHARE)/fish/vendor_completions.d/jwt.fish

.PHONY: release
release: ## build dist/ from the tag that is checked out, and publish it (release.yml runs this)
	go run $(GORELEASER) release --clean --parallelism 1 --release-notes bin/package/notes.md $(RELEASE_FLAGS)

.PHONY: release-check
release-check: ## build what a tag publishes, twice, compare, and look into it (ONLY=amd64: for Linux on that)
	packaging/check $(ONLY)

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist cover.out
