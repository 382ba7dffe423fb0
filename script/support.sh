# What the scripts share. Sourced by them, after `set -euo pipefail`.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly ROOT
readonly WASM_TARGET=wasm32-unknown-unknown

# Seconds between two signs of life of a command that says nothing for long.
readonly BEAT_SECONDS=30

say() { printf '\033[1m%s\033[0m\n' "$*"; }

# Ends the script with what is wrong and what to do about it.
give_up() {
  printf '%s\n' "$@" >&2
  exit 1
}

# $1 seconds, as people say it.
duration() {
  if (($1 < 60)); then printf '%d s' "$1"; else printf '%d min %d s' $(($1 / 60)) $(($1 % 60)); fi
}

# Runs a command and says every now and then that it is still at it: $1 is what it does.
with_beats() {
  local doing=$1 started=$SECONDS beats status=0
  shift
  # Nothing of this may hold on to the script's output once the script is over.
  (while sleep "$BEAT_SECONDS" >/dev/null 2>&1; do
    printf '… still at it: %s (%s)\n' "$doing" "$(duration $((SECONDS - started)))"
  done) &
  beats=$!
  "$@" || status=$?
  kill "$beats" 2>/dev/null || true
  wait "$beats" 2>/dev/null || true
  return "$status"
}

# Where cargo puts what it builds, whatever the environment or a configuration says.
target_directory() {
  cargo metadata --manifest-path "$ROOT/Cargo.toml" --no-deps --offline --format-version 1 |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/'
}
