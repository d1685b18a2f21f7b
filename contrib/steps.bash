# shellcheck shell=bash
# Steps that take a while, for quickstart and tests/run. Each has a line on the screen, with its progress while it lasts and
# the time that it took. On a terminal the line is written over each second; elsewhere a line follows every ten seconds. So
# nobody who waits, person or machine, has to guess whether anything still happens.

steps_width=56

# run_step WHAT LOG COMMAND…: appends the output of COMMAND to LOG, and reads signs of life from there, or from a file
# that COMMAND writes meanwhile beside LOG. Returns COMMAND's status.
run_step() {
  local what=$1 log=$2 begin=$SECONDS status=0 said watcher
  shift 2
  mkdir -p "$(dirname "$log")"
  echo "== $what" >>"$log"   # newer now than the files of earlier steps
  said=$(mktemp)
  rm -f "$said"
  printf '%-*s ' "$steps_width" "$what"
  watch_step "$what" "$log" "$said" "$$" </dev/null &
  watcher=$!
  "$@" >>"$log" 2>&1 </dev/null || status=$?
  kill "$watcher" 2>/dev/null || :
  wait "$watcher" 2>/dev/null || :
  if [ -t 1 ]; then printf '\r\e[K'; fi
  # The line again, if others came between.
  if [ -t 1 ] || [ -e "$said" ]; then printf '%-*s ' "$steps_width" "$what"; fi
  rm -f "$said"
  printf '%s %4d s\n' "$([ $status = 0 ] && echo '    ok' || echo FAILED)" $((SECONDS - begin))
  return $status
}

# This runs in the background, as long as the shell that began the step lives.
watch_step() {
  local what=$1 log=$2 said=$3 parent=$4 begin=$SECONDS pause=10 columns=80
  if [ -t 1 ]; then
    pause=1
    columns=$(stty size <&1 2>/dev/null | cut -d' ' -f2) || :
    [ "${columns:-0}" -ge 40 ] || columns=80
  fi
  while :; do
    # A reader of our output must not have to wait for the end of a sleep.
    sleep $pause >/dev/null 2>&1
    kill -0 "$parent" 2>/dev/null || return 0
    if [ -t 1 ]; then
      printf '\r\e[K%.*s' $((columns - 1)) "$what: $((SECONDS - begin)) s $(at_work "$log")"
    else
      [ -e "$said" ] || { : >"$said"; echo; }
      printf '%8d s  %.100s\n' $((SECONDS - begin)) "$(at_work "$log")"
    fi
  done
}

# at_work LOG: prints what the step does, from the last line that it, or a step inside it, wrote.
at_work() {
  local newest
  newest=$(find "$(dirname "$1")" -maxdepth 1 -name '*log' -newer "$1" -size +0 2>/dev/null | head -n 1)
  tail -c 200000 "${newest:-$1}" 2>/dev/null | tr '\r' '\n' | awk '
    # CTest says when a test starts and how it ended; a test between the two runs.
    /^ +Start +[0-9]+: / { running[$3] = ++order; next }
    /^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
      split($1, count, "/"); done = $1
      for (i = 2; i <= NF; i++) if ($i ~ /:$/) { delete running[$(i + 1)]; break }
      last = ""; next
    }
    NF { last = $0; sub(/^[ \t]+/, "", last) }
    END {
      names = ""
      for (test in running) names = names (names == "" ? "" : ", ") test
      if (done != "" || names != "") { print (done == "" ? "" : done " ") names; exit }
      gsub(/[^ -~]/, "", last); sub(/^== .*/, "", last); print last
    }'
}
