#!/usr/bin/env bash
# soak.sh: plays new seeds of the simulation for hours. It stops when a seed fails, with that seed's story, or when it is stopped.
# SOAK_FROM is the first seed, otherwise one that nobody has played today; SOAK_BATCH is how many one process plays: a process
# that opened thousands of databases would keep what each of them has left.
set -euo pipefail
cd "$(dirname "$0")/../.."
from=${SOAK_FROM:-$(date +%s)000} batch=${SOAK_BATCH:-200}
test=$(mktemp -d)/soak.test
trap 'rm -rf "$(dirname "$test")"' EXIT
go test -c -o "$test" ./cmd/fieldwarden/soak
cd cmd/fieldwarden/soak
while true; do
  "$test" -test.run '^(TestSeedsOn|TestServerRestored)' -test.v -test.timeout 2h -soak.from "$from" -soak.sqlite $((batch * 13 / 20)) -soak.postgres $((batch / 4)) \
    -soak.restored $((batch / 10)) |
    grep -v '^=== '
  from=$((from + batch))
done
