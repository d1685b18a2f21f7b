# shellcheck shell=bash
# Two hubs, tokyo and birl, in containers of their own with a real init as process 1: a cable between them, a name server each
# (inits/names.py), and mail both ways. Scripts that install tsmtp there source this file. `$prefix` begins all names that it makes,
# and `$state` is a directory for the hubs' files and logs.

hubs=(tokyo birl)
servers=()

down() {
  local hub
  [ ${#servers[@]} = 0 ] || kill "${servers[@]}" 2>/dev/null || :
  servers=()
  for hub in "${hubs[@]}"; do
    ! podman_ container exists "$prefix-$hub" || podman_ rm --force --time 0 "$prefix-$hub" >/dev/null
    [ ! -e "/run/netns/$prefix-$hub" ] || ip netns delete "$prefix-$hub"
  done
}

network() {
  local hub
  for hub in "${hubs[@]}"; do
    ip netns add "$prefix-$hub"
    ip -n "$prefix-$hub" link set lo up
  done
  ip -n "$prefix-tokyo" link add wan type veth peer name wan netns "$prefix-birl"
  ip -n "$prefix-tokyo" address add 192.0.2.10/24 dev wan
  ip -n "$prefix-birl" address add 192.0.2.20/24 dev wan
  for hub in "${hubs[@]}"; do
    ip -n "$prefix-$hub" link set wan up
    ip netns exec "$prefix-$hub" python3 "$lab_dir/inits/names.py" 127.0.0.53 >"$state/names-$hub.log" 2>&1 &
    servers+=($!)
  done
}

in_hub() { podman_ exec "$prefix-$1" "${@:2}"; }
into_hub() { podman_ exec -i "$prefix-$1" "${@:2}"; }
on_hub() { podman_ exec "$prefix-$1" bash -c "$2"; }

arrived() {
  on_hub "$1" "grep -q '$2' /var/mail/anna" && return
  # The mail may have come while a service was starting, and then waits for the next run of a queue.
  for hub in "${hubs[@]}"; do on_hub "$hub" 'sendmail -Ac -qf; sendmail -qf'; done
  return 1
}

mail() {
  local mark
  mark=mark$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
  for hub in "${hubs[@]}"; do on_hub "$hub" "printf 'Subject: $mark\n\n' | sendmail -i anna@$(other "$hub").example"; done || return
  for hub in "${hubs[@]}"; do until_true 60 "a mail is in the mailbox at $hub" arrived "$hub" "$mark" || return; done
}

other() { [ "$1" = tokyo ] && echo birl || echo tokyo; }

stopped() { [ "$(podman_ container inspect --format '{{.State.Running}}' "$prefix-$1")" = false ]; }

link() {
  local hub
  for hub in "${hubs[@]}"; do until_true 60 "$hub has its link" has_link "$hub" || return; done
}

has_link() { on_hub "$1" 'relayctl status | grep -q "link up" && relayctl status | grep -q "the MTA there: reachable"'; }
