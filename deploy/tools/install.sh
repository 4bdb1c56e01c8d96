#!/usr/bin/env bash
# Installs what the tests and checks need and Go does not bring: the pinned object stores and the linter into a cached tools
# folder, PostgreSQL, Node, strace, ffmpeg with bubblewrap, poppler's PDF reader, qpdf and OpenSSL from the system's packages, and what npm brings for clients. Running
# it again does nothing and says nothing.
set -euo pipefail

# A tool is "program package version". MinIO's upstream is archived; this is its last commit.
tools=(
  "staticcheck honnef.co/go/tools/cmd/staticcheck v0.8.2"
  "versitygw github.com/versity/versitygw/cmd/versitygw v1.8.0"
  "minio github.com/minio/minio v0.0.0-20260212201848-7aac2a2c5b7c"
)

say() { printf 'tools: %s\n' "$*" >&2; }

# folder is where storage/storagetest/services looks: os.UserCacheDir()/fieldwarden/tools/bin, unless FIELDWARDEN_TOOLS says else.
folder() {
  if [[ -n ${FIELDWARDEN_TOOLS:-} ]]; then
    echo "$FIELDWARDEN_TOOLS"
  elif [[ $(uname -s) == Darwin ]]; then
    echo "$HOME/Library/Caches/fieldwarden/tools/bin"
  else
    echo "${XDG_CACHE_HOME:-$HOME/.cache}/fieldwarden/tools/bin"
  fi
}

# current reports whether a program was built from the version wanted: Go binaries say so themselves.
current() {
  local path=$1 version=$2
  [[ -x $path ]] && go version -m "$path" 2>/dev/null | awk '$1 == "mod" { print $3 }' | grep -qxF "$version"
}

# build installs one program, with a sign of life every half minute: go build is silent, and MinIO takes minutes.
build() {
  local program=$1 package=$2 version=$3 bin=$4 log started=$SECONDS pid
  log=$(mktemp)
  say "building $program $version"
  (cd / && GOBIN="$bin" GOFLAGS=-mod=mod CGO_ENABLED=0 nice -n 5 go install "$package@$version") >"$log" 2>&1 &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 1
    (( (SECONDS - started) % 30 )) || say "still building $program, $((SECONDS - started)) s"
  done
  if ! wait "$pid"; then
    tail -n 20 "$log" >&2
    say "$program $version does not build"
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
  say "built $program in $((SECONDS - started)) s"
}

# packages installs from the system's packages, or says who must.
packages() {
  if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
    say "missing: $*. Install it and run this again; on Debian, as root: apt-get install $*"
    return 1
  fi
  say "installing $*"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# postgres installs the server programs alone: the tests start private servers, so no cluster of the system's is made.
postgres() {
  if command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
    return
  fi
  packages postgresql-common
  mkdir -p /etc/postgresql-common/createcluster.d
  echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/fieldwarden.conf
  packages postgresql
}

# poppler is the second reader of the papers' text.
poppler() { command -v pdftotext >/dev/null || packages poppler-utils; }

# qpdf is the second reader of their structure.
qpdf_() { command -v qpdf >/dev/null || packages qpdf; }

# strace shows what the server asks of the kernel, and in which order.
strace_() { command -v strace >/dev/null || [[ $(uname -s) != Linux ]] || packages strace; }

# systemd_ brings who reads the unit; nothing of it runs.
systemd_() { command -v systemd-analyze >/dev/null || [[ $(uname -s) != Linux ]] || packages systemd; }

# openssl_ brings an authority for time stamps that others have written.
openssl_() { command -v openssl >/dev/null || packages openssl; }

# media makes posters and redacted copies of recordings, in a sandbox.
media() { [[ -x /usr/bin/ffmpeg && -x /usr/bin/bwrap ]] || packages ffmpeg bubblewrap; }

# foreign installs what npm brings: the libraries of clients that others wrote, which the tests run against the server, and the compiler of our
# client in TypeScript. Each set is installed once for each lock file, beside the tools. No script of a package is run.
foreign() {
  local bin=$1 root project lock into
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
  command -v npm >/dev/null || packages nodejs npm
  for project in deploy/foreign/{rxdb,rxdb-server,watermelon,tus} sync/client/typescript; do
    lock=$(sha256sum <"$root/$project/package-lock.json")
    into=$bin/../foreign/${project##*/}-${lock:0:16}
    [[ -d $into ]] && continue
    say "installing the libraries of $project"
    rm -rf "$into.new"
    mkdir -p "$into.new"
    cp "$root/$project"/{package.json,package-lock.json,.npmrc} "$into.new/"
    (cd "$into.new" && npm ci --loglevel=error >&2)
    mv "$into.new" "$into"
  done
}

main() {
  local bin program package version
  bin=$(folder)
  mkdir -p "$bin"
  for tool in "${tools[@]}"; do
    read -r program package version <<<"$tool"
    current "$bin/$program" "$version" || build "$program" "$package" "$version" "$bin"
  done
  postgres
  poppler
  qpdf_
  strace_
  systemd_
  openssl_
  media
  foreign "$bin"
}

if [[ ${1:-} == --folder ]]; then
  folder
else
  main
fi
