# `make` shows what can be made. `make test` is all that CI runs.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c

program := ./cmd/fieldwarden
tools   := $(shell deploy/tools/install.sh --folder)

# Programs that must not be missing: with these names set a test that lacks one fails instead of skipping.
required := postgres,minio,versitygw,pdftotext,qpdf,node,strace,tmpfs,ffmpeg,systemd-analyze,openssl

# SQLite is C that was translated to Go: its memory is none of Go's, so the race detector learns nothing in there. Nor does it in what only computes, pictures and
# compression, which it makes five times as slow. The rest it sees, and who hands such things around.
computes := modernc.org/sqlite/lib image/... compress/... hash/adler32 hash/crc32
race     := -race $(patsubst %,-gcflags=%=-race=false,$(computes))

# What is not under the race detector is compiled once, as the program itself is: a new machine has two cores and takes minutes for each other way.
plain    := CGO_ENABLED=0 GOFLAGS="$(GOFLAGS) -trimpath"

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

.PHONY: tools
tools: ## install what tests and checks need: PostgreSQL, MinIO, versitygw, poppler, qpdf, staticcheck, Node with the clients' libraries
	@deploy/tools/install.sh

.PHONY: fmt
fmt: ## format all Go code
	gofmt -l -w .

.PHONY: fmt-check
fmt-check:
	@bad=$$(gofmt -l .); [[ -z $$bad ]] || { echo "not formatted, run make fmt:"; echo "$$bad"; exit 1; }

.PHONY: vet
vet: ## go vet
	$(plain) go vet ./...

.PHONY: lint
lint: tools ## staticcheck
	$(plain) $(tools)/staticcheck ./...

.PHONY: house
house: ## check the map of imports alone
	$(plain) go test -count=1 -run House $(program)

# Two packages at a time: each may run a PostgreSQL and an object store of its own.
.PHONY: test
test: tools fmt-check vet lint house ## everything CI runs: format, vet, lint, house, all tests with the race detector, proof, fuzzing, build
	FIELDWARDEN_TOOLS=$(tools) FIELDWARDEN_TEST_REQUIRE=$(required) go test $(race) -vet=off -shuffle=on -p 2 -timeout 25m ./...
	@$(MAKE) --no-print-directory proof
	@$(MAKE) --no-print-directory fuzz
	@$(MAKE) --no-print-directory build

# The race detector would make the 200 seeds ten times as long, so they are played without it.
.PHONY: proof
proof: tools ## the simulation of reconciliation: 200 seeds on both databases, 20 with a restored backup, and every planted bug
	FIELDWARDEN_TOOLS=$(tools) FIELDWARDEN_TEST_REQUIRE=$(required) $(plain) go test -count=1 -timeout 25m -v ./cmd/fieldwarden/soak \
		-soak.sqlite 150 -soak.postgres 50 -soak.restored 20 -soak.planted 60 | grep -v '^=== '

.PHONY: soak
soak: tools ## play new seeds for hours, until stopped or until one fails
	@FIELDWARDEN_TOOLS=$(tools) FIELDWARDEN_TEST_REQUIRE=postgres deploy/proof/soak.sh

.PHONY: fuzz
fuzz: ## every fuzz target, one after the other: bad input gives no 5xx, no panic and no write (FUZZTIME, usually 30s)
	@deploy/proof/fuzz.sh

.PHONY: build
build: ## the program, without cgo, as bin/fieldwarden
	$(plain) go build -ldflags "-s -w" -o bin/fieldwarden $(program)

.PHONY: demo
demo: ## watch handhelds do a day of work against a real server
	go run $(program) demo

.PHONY: bench
bench: tools ## push, pull, snapshot and upload beside what the machine can do at all, in one table; and papers a second
	@FIELDWARDEN_TOOLS=$(tools) FIELDWARDEN_TEST_REQUIRE=postgres go test -run '^$$' -bench . -benchmem -benchtime 1s -count 3 -p 1 -timeout 30m \
		./sync/push ./api ./sync/upload ./cmd/fieldwarden/server | go run ./deploy/bench
	@go test -run '^$$' -bench . -benchmem -count 3 -cpu 1 ./domain/document/render | grep -E '^Benchmark|FAIL'

.PHONY: cover
cover: tools ## coverage by package, and coverage.out for go tool cover
	FIELDWARDEN_TOOLS=$(tools) FIELDWARDEN_TEST_REQUIRE=$(required) go test -p 2 -timeout 25m -coverpkg=./... -coverprofile=coverage.out ./...
	@go tool cover -func=coverage.out | tail -n 1
