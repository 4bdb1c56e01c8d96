#!/usr/bin/env bash
# Makes the secrets of compose.yaml once. Existing ones are left alone: the master secret seals the signing keys.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
make_secret() { [[ -s secrets/$1 ]] || printf '%s' "$2" >"secrets/$1"; }
make_secret master "$(head -c 32 /dev/urandom | base64 -w 0)"
make_secret postgres-password "$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')"
make_secret database-url "postgres://fieldwarden:$(cat secrets/postgres-password)@postgres:5432/fieldwarden?sslmode=disable"
make_secret s3-access-key fieldwarden
make_secret s3-secret-key "$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')"
# Each container has a user of its own, and a file keeps the mode it has here. The folder keeps others on this machine out.
chmod 0700 secrets && chmod 0444 secrets/*
