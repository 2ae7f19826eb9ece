#!/usr/bin/env bash
# Gets a local engine ready to develop against: starts LocalStack in Docker where nothing listens
# yet, creates the tables and seeds sample data. A second run changes nothing.
#
#   scripts/setup-localstack.sh
#   DYNASTRATA_ENDPOINT_URL=http://127.0.0.1:8000 scripts/setup-localstack.sh   # an engine you run
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

default_endpoint=http://127.0.0.1:4566
export DYNASTRATA_ENDPOINT_URL="${DYNASTRATA_ENDPOINT_URL:-$default_endpoint}"
export DYNASTRATA_PROVIDER=dynamodb

fail() {
  echo "setup-localstack: $1" >&2
  exit 1
}

something_listens() {
  .venv/bin/python - "$DYNASTRATA_ENDPOINT_URL" <<'PYTHON'
import socket, sys, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
port = url.port or {"http": 80, "https": 443}[url.scheme]
try:
    socket.create_connection((url.hostname, port), timeout=3).close()
except OSError:
    sys.exit(1)
PYTHON
}

start_localstack() {
  [ "$DYNASTRATA_ENDPOINT_URL" = "$default_endpoint" ] ||
    fail "nothing listens at $DYNASTRATA_ENDPOINT_URL; start your engine, or unset DYNASTRATA_ENDPOINT_URL"
  command -v docker >/dev/null ||
    fail "nothing listens at $default_endpoint and docker is not installed; install it, or start another engine there"
  docker compose version >/dev/null 2>&1 ||
    fail "nothing listens at $default_endpoint and docker has no compose plugin; install it, or start another engine there"
  docker compose up --detach --wait localstack ||
    fail "docker compose could not start LocalStack; its message is above"
}

if [ ! -x .venv/bin/dynastrata ]; then
  command -v make >/dev/null || fail "make is not installed"
  make .venv/installed
fi
something_listens || start_localstack

.venv/bin/dynastrata tables create --wait 60
.venv/bin/dynastrata seed

variables="DYNASTRATA_PROVIDER=dynamodb DYNASTRATA_ENDPOINT_URL=$DYNASTRATA_ENDPOINT_URL"
if [ -n "${DYNASTRATA_TABLE_PREFIX:-}" ]; then
  variables="$variables DYNASTRATA_TABLE_PREFIX=$DYNASTRATA_TABLE_PREFIX"
fi

cat <<NEXT

Ready. The tables and the sample data are at $DYNASTRATA_ENDPOINT_URL. Next:

  export $variables
  make serve                           # the API, its documentation at /docs
  .venv/bin/dynastrata tables status   # what is there

LocalStack in Docker is stopped, and its data forgotten, by: docker compose down
NEXT
