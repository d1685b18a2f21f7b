# shellcheck shell=bash disable=SC2154  # variables of lab
# relayd with the OpenSSL of two Debian releases: `twelve` runs on this machine, `thirteen` and `fourteen` are the same
# program in containers of Debian 13, whose OpenSSL 3.5 has the hybrid group X25519MLKEM768. Each is linked with each other,
# and each link carries a mail both ways.
#
#   127.8.N.N   where hub N listens          127.8.N.M   endpoint of hub N for its site M

declare -A release_numbers=([twelve]=12 [thirteen]=13 [fourteen]=14)
# Who dials whom: the older release is once the client and once the server.
declare -A release_dials=([twelve]=thirteen [thirteen]=fourteen [fourteen]=twelve)

lab_releases() {
  local dir=$state/releases hub other pids=() result=0
  stop_releases
  rm -rf "$dir"
  mkdir -p "$dir"/{libs,mails}
  # The libraries that relayd was linked with here, and that Debian 13 has in other versions only. OpenSSL and the C and C++ libraries are its own.
  ldd "$build/relayd/cli/relayd" | awk '/libspdlog|libfmt|libtomlplusplus|libidn2|libunistring|libdb-/ { print $3 }' |
    xargs -I{} cp {} "$dir/libs/"
  for hub in "${!release_numbers[@]}"; do release_hub "$hub"; done
  for hub in "${!release_numbers[@]}"; do
    for other in "${!release_numbers[@]}"; do [ "$hub" = "$other" ] || release_site "$hub" "$other"; done
  done
  # Not by lab_inside: a function in the background is a shell, and it, not the program, would be killed.
  ip netns exec "$prefix" python3 "$here/sink.py" 127.8.0.1 2525 "$dir/mails" >"$dir/sink.log" 2>&1 &
  pids+=($!)
  until_true 10 'the sink listens' lab_inside bash -c 'exec 3<>/dev/tcp/127.8.0.1/2525'
  ip netns exec "$prefix" "$build/relayd/cli/relayd" --config "$dir/twelve/relayd.toml" --foreground >"$dir/twelve/log" 2>&1 &
  pids+=($!)
  for hub in thirteen fourteen; do release_container "$hub"; done
  check_releases || result=$?
  [ $result = 0 ] || tail -n 20 "$dir"/*/log "$dir/sink.log" >&2
  kill "${pids[@]}"
  stop_releases
  return $result
}

release_hub() {
  local dir=$state/releases/$1 number=${release_numbers[$1]}
  mkdir -p "$dir/state"
  cat >"$dir/relayd.toml" <<END_OF_HUB
[hub]
name      = "$1"
identity  = "$dir/identity.pem"
listen    = ["127.8.$number.$number:5443"]
state_dir = "$dir/state"
control   = "$dir/control.sock"
END_OF_HUB
  "$build/relayd/cli/relayctl" --config "$dir/relayd.toml" init >"$dir/pin" 2>"$dir/init.log"
}

release_site() {
  local number=${release_numbers[$1]} other=${release_numbers[$2]} dial=
  [ "${release_dials[$1]}" != "$2" ] || dial="\"127.8.$other.$other:5443\""
  cat >>"$state/releases/$1/relayd.toml" <<END_OF_SITE

[[site]]
name    = "$2"
pin     = ["$(cat "$state/releases/$2/pin")"]
dial    = [$dial]
address = "127.8.$number.$other"
deliver = "127.8.0.1:2525"
domains = ["$2.example"]
local   = ["$1.example"]
END_OF_SITE
}

release_container() {
  local dir=$state/releases
  podman_ run --detach --name "$prefix-release-$1" --no-hosts --network "ns:/run/netns/$prefix" \
    --ulimit nofile=8192:8192 --ulimit nproc=4096:4096 --env LD_LIBRARY_PATH="$dir/libs" \
    -v "$build/relayd/cli:$build/relayd/cli:ro" -v "$dir/libs:$dir/libs:ro" -v "$dir/$1:$dir/$1" \
    "$(peers_image_name)" sh -c 'exec "$0" --config "$1/relayd.toml" --foreground >"$1/log" 2>&1' \
    "$build/relayd/cli/relayd" "$dir/$1" >/dev/null
}

stop_releases() {
  local hub
  for hub in thirteen fourteen; do
    ! podman_ container exists "$prefix-release-$hub" || podman_ rm --force --time 0 "$prefix-release-$hub" >/dev/null
  done
}

# release_tls HUB SITE: prints the cipher and group of the link between them.
release_tls() {
  "$build/relayd/cli/relayctl" --config "$state/releases/$1/relayd.toml" status --json |
    python3 -c 'import json, sys
print(next(site["tls"] or "down" for site in json.load(sys.stdin)["sites"] if site["name"] == sys.argv[1]))' "$2"
}

release_uses() { [[ "$(release_tls "$1" "$2")" == *" $3" ]]; }

check_releases() {
  local hub other
  until_true 20 'Debian 13 and Debian 13 use the hybrid group' release_uses thirteen fourteen X25519MLKEM768 || return
  until_true 20 'Debian 12 dials Debian 13' release_uses twelve thirteen x25519 || return
  until_true 20 'Debian 13 dials Debian 12' release_uses fourteen twelve x25519 || return
  for hub in "${!release_numbers[@]}"; do
    for other in "${!release_numbers[@]}"; do
      [ "$hub" != "$other" ] || continue
      until_true 20 "$hub takes mail for $other" greets "127.8.${release_numbers[$hub]}.${release_numbers[$other]}" 5000 || return
      lab_inside python3 - "127.8.${release_numbers[$hub]}.${release_numbers[$other]}" "$hub" "$other" <<'END_OF_CLIENT' || return
import smtplib, sys
endpoint, near, far = sys.argv[1:]
with smtplib.SMTP(endpoint, 5000, "client.example", 20) as client:
    client.sendmail(f"a@{near}.example", f"b@{far}.example", f"Subject: from {near} to {far}\r\n\r\n" + "x" * 900 + "\r\n" * 9)
END_OF_CLIENT
      grep -qx "Subject: from $hub to $other" "$state/releases/mails/"* || { echo "the mail from $hub to $other is lost" >&2; return 1; }
    done
  done
}
