# shellcheck shell=bash disable=SC2154  # variables of ../lab
# The networks: one namespace a host, joined by a bridge in the namespace PREFIX-net.

netns() { echo "$prefix-$1"; }

address() {
  case $1 in
    tokyo) echo 192.0.2.10 ;;
    birl) echo 192.0.2.20 ;;
    outside) echo 192.0.2.30 ;;
    dept) echo 10.11.0.2 ;;
  esac
}

network_up() {
  local host
  ip netns add "$(netns net)"
  ip -n "$(netns net)" link add bridge type bridge
  ip -n "$(netns net)" link set bridge up
  for host in "$@"; do
    ip netns add "$(netns "$host")"
    ip -n "$(netns "$host")" link set lo up
  done
  for host in "$@"; do
    if [ "$host" = dept ]; then join_department; else join_bridge "$host"; fi
  done
}

join_bridge() {
  ip -n "$(netns "$1")" link add wan type veth peer name "$1" netns "$(netns net)"
  ip -n "$(netns net)" link set "$1" master bridge up
  give_address "$1" wan "$(address "$1")/24"
}

# The department's server has a cable to its hub and no other.
join_department() {
  ip -n "$(netns tokyo)" link add lan type veth peer name lan netns "$(netns dept)"
  give_address tokyo lan 10.11.0.1/24
  give_address dept lan "$(address dept)/24"
}

give_address() {
  ip -n "$(netns "$1")" address add "$3" dev "$2"
  ip -n "$(netns "$1")" link set "$2" up
}

network_down() {
  local host
  for host in net "${all_hosts[@]}"; do
    [ ! -e "/run/netns/$(netns "$host")" ] || ip netns delete "$(netns "$host")"
  done
}
