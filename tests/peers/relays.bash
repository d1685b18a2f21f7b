# shellcheck shell=bash disable=SC2154  # variables of lab
# The relayds between the MTAs: they run on this machine, in the lab's network namespace, from the build directory.

relays=(near)
for mta in "${mtas[@]}"; do relays+=("far-$mta"); done

relayctl() { ip netns exec "$prefix" "$build/relayd/cli/relayctl" --config "$state/relay/$1/relayd.toml" "${@:2}"; }

start_relays() {
  local relay
  for relay in "${relays[@]}"; do
    mkdir -p "$state/relay/$relay/state"
    write_hub "$relay"
    relayctl "$relay" init >"$state/relay/$relay/pin" 2>"$state/log/init-$relay" || {
      cat "$state/log/init-$relay" >&2
      return 1
    }
  done
  write_near_sites
  for relay in "${relays[@]:1}"; do write_far_site "${relay#far-}"; done
  for relay in "${relays[@]}"; do
    ip netns exec "$prefix" "$build/relayd/cli/relayd" --config "$state/relay/$relay/relayd.toml" --foreground \
      >"$state/log/relayd-$relay" 2>&1 &
  done
}

# show_relays MTA: status and logs of the two relayds on the way to that far MTA.
show_relays() {
  local relay
  for relay in near "far-$1"; do
    echo "relayd $relay:"
    relayctl "$relay" status || :
    relayctl "$relay" status --json || :
    tail -n 60 "$state/log/relayd-$relay"
  done
  echo 'connections:'
  lab_inside ss -tnp
}

# This includes those of an earlier lab that was not brought down.
stop_relays() {
  pkill -KILL -f "relayd --config $state/relay/" || return 0
  until_true 10 'the relayds are gone' not pgrep -f "relayd --config $state/relay/"
}

number_of() { for i in "${!mtas[@]}"; do [ "${mtas[i]}" != "$1" ] || echo $((i + 1)); done; }

write_hub() {
  local dir=$state/relay/$1
  cat >"$dir/relayd.toml" <<END_OF_HUB
[hub]
name      = "$1"
identity  = "$dir/identity.pem"
state_dir = "$dir/state"
control   = "$dir/control.sock"
END_OF_HUB
  [ "$1" = near ] || echo "listen    = [\"127.7.0.$(number_of "${1#far-}"):5443\"]" >>"$dir/relayd.toml"
}

write_near_sites() {
  local mta n
  for mta in "${mtas[@]}"; do
    n=$(number_of "$mta")
    cat >>"$state/relay/near/relayd.toml" <<END_OF_SITE

[[site]]
name     = "far-$mta"
pin      = ["$(cat "$state/relay/far-$mta/pin")"]
dial     = ["127.7.0.$n:5443"]
address  = "127.5.0.$n"
endpoint = ["127.5.0.$n:5000", "unix:$state/run/$mta.sock"]
deliver  = "127.0.0.1:25"                # no mail comes this way
domains  = [".$mta.far.example"]
local    = [".near.example"]
END_OF_SITE
  done
}

write_far_site() {
  local n
  n=$(number_of "$1")
  cat >>"$state/relay/far-$1/relayd.toml" <<END_OF_SITE

[[site]]
name    = "near"
pin     = ["$(cat "$state/relay/near/pin")"]
dial    = []
address = "127.6.0.$n"
deliver = "127.2.0.$n:5000"
domains = [".near.example"]
local   = [".$1.far.example"]
END_OF_SITE
}

await_relays() {
  local mta
  for mta in "${mtas[@]}"; do
    until_true 30 "the link to far-$mta is up" greets "127.5.0.$(number_of "$mta")" 5000
  done
  chmod 666 "$state"/run/*.sock
}
