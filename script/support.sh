# Functions shared by the scripts. Source it after `set -euo pipefail`.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly ROOT
readonly WASM_TARGET=wasm32-unknown-unknown

# Seconds between two progress messages of a long command without output.
readonly BEAT_SECONDS=30

say() { printf '\033[1m%s\033[0m\n' "$*"; }

# Exits with a message: what is wrong and how to fix it.
give_up() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Formats $1 seconds for people.
duration() {
  if (($1 < 60)); then printf '%d s' "$1"; else printf '%d min %d s' $(($1 / 60)) $(($1 % 60)); fi
}

# Runs a command and reports regularly that it is still running: $1 describes it.
with_beats() {
  local doing=$1 started=$SECONDS beats status=0
  shift
  # The reporter must not keep the script's output open after the script ends.
  (while sleep "$BEAT_SECONDS" >/dev/null 2>&1; do
    printf '… still running: %s (%s)\n' "$doing" "$(duration $((SECONDS - started)))"
  done) &
  beats=$!
  "$@" || status=$?
  kill "$beats" 2>/dev/null || true
  wait "$beats" 2>/dev/null || true
  return "$status"
}

# Prints cargo's target folder, as set by the environment or a configuration.
target_directory() {
  cargo metadata --manifest-path "$ROOT/Cargo.toml" --no-deps --offline --format-version 1 |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/'
}
