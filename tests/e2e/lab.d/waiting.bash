# shellcheck shell=bash
# Waits for a condition, with a deadline: nothing in the lab or its tests waits for mere time.

# until_true SECONDS WHAT COMMAND…: runs COMMAND again and again until it succeeds, and says
# WHAT did not come true if it has not after four times as long: SECONDS are a quiet machine's, and this one may be busy.
until_true() {
  local deadline=$((SECONDS + 4 * $1)) what=$2 pause=0.1
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      echo "waited in vain until: $what" >&2
      return 1
    fi
    sleep "$pause"
  done
}

not() { ! "$@"; }
