#!/usr/bin/env bash
# fuzz.sh: runs every fuzz target, one after the other, and fails when one finds something; the go command has then written what
# it found below the target's testdata/fuzz, to be kept. One line each.
# FUZZTIME is how long the targets of what comes from outside run each, FUZZTIME_PARTS how long those of single parsers.
set -euo pipefail
cd "$(dirname "$0")/../.."
outside=${FUZZTIME:-30s} parts=${FUZZTIME_PARTS:-3s} failed=0
while IFS=: read -r file name; do
  package=./$(dirname "$file") time=$parts
  case $package in ./cmd/fieldwarden/hostile) time=$outside ;; esac
  run() { said=$(go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 20x "$package" 2>&1); }
  # The go command now and then takes the end of the time for a failure, with nothing found: then the target runs once more.
  if run || { grep -q '^    context deadline exceeded$' <<<"$said" && ! grep -q 'Failing input' <<<"$said" && run; }; then
    last=$(grep '^fuzz: elapsed' <<<"$said" | tail -n 1)
    echo "ok    $package $name ${last#fuzz: }"
  else
    echo "FAIL  $package $name"
    echo "$said"
    failed=1
  fi
done < <(grep -rho --include='*_test.go' -H '^func Fuzz[A-Za-z0-9]*' api cmd domain storage sync | sed 's/func //' | sort)
exit $failed
