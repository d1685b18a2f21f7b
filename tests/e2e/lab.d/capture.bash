# shellcheck shell=bash disable=SC2154  # variables of ../lab
# The eavesdropper: tcpdump on the bridge, which sees all packets between hosts on different ports.

capture_start() {
  capture_stop
  mkdir -p "$state"
  ip netns exec "$(netns net)" tcpdump -Z root -i bridge -U --immediate-mode -n \
    -w "$state/capture.pcap" 2>"$state/capture.log" >/dev/null &
  echo $! >"$state/capture.pid"
  until_true 10 "tcpdump listens" grep -q "listening on" "$state/capture.log"
}

capture_stop() {
  local pid
  [ -f "$state/capture.pid" ] || return 0
  pid=$(cat "$state/capture.pid")
  rm "$state/capture.pid"
  # After a reboot the number may be another program's.
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = tcpdump ] || return 0
  kill -INT "$pid" 2>/dev/null || return 0
  until_true 10 "tcpdump ends" has_ended "$pid"
}

# A zombie has ended too: in a container, the first process need not reap.
has_ended() { ! grep -s '^State:' "/proc/$1/status" | grep -v 'zombie' >/dev/null; }

capture_bytes() {
  tcpdump -n -r "$state/capture.pcap" -w - "$@" 2>/dev/null
}
