# shellcheck shell=bash disable=SC2154  # variables of ../lab
# The hosts: one container each, made from the image, the installed tree and hosts/HOST.

is_hub() { [ "$1" = tokyo ] || [ "$1" = birl ]; }

lab_up() {
  local host hosts=("$@")
  [ ${#hosts[@]} -gt 0 ] || hosts=("${all_hosts[@]}")
  mkdir -p "$state"
  lab_image
  lab_down
  install_tree
  network_up "${hosts[@]}"
  for host in "${hosts[@]}"; do echo "starting $host" && start "$host"; done
  for host in "${hosts[@]}"; do echo "configuring $host" && configure "$host"; done
  for host in "${hosts[@]}"; do ! is_hub "$host" || write_relayd_toml "$host" "${hosts[@]}"; done
  for host in "${hosts[@]}"; do in_host "$host" telinit 4; done
  for host in "${hosts[@]}"; do echo "waiting for the services of $host" && await_services "$host"; done
}

lab_down() {
  local host
  capture_stop
  for host in "${all_hosts[@]}"; do
    ! podman_ container exists "$prefix-$host" || podman_ rm --force --time 0 "$prefix-$host" >/dev/null
  done
  network_down
}

lab_status() {
  local host hosts=("$@")
  [ ${#hosts[@]} -gt 0 ] || hosts=("${all_hosts[@]}")
  for host in "${hosts[@]}"; do
    if ! is_running "$host"; then
      echo "$host: not running"
    elif is_hub "$host"; then
      echo "$host: $(address "$host")"
      in_host "$host" relayctl status || true
    else
      echo "$host: $(address "$host")"
    fi
  done
}

is_running() {
  [ "$(podman_ container inspect --format '{{.State.Running}}' "$prefix-$1" 2>/dev/null)" = true ]
}

# The tree that `cmake --install` makes, as a package would.
install_tree() {
  tree=${LAB_STAGE:-$state/tree}
  [ -z "${LAB_STAGE:-}" ] || return 0
  rm -rf "$tree"
  DESTDIR=$tree cmake --install "$build" --prefix /usr >"$state/install.log" 2>&1 || {
    cat "$state/install.log" >&2
    return 1
  }
  # Two of the hosts are no hubs; the hubs have their own.
  rm "$tree/etc/tsmtp/relayd.toml"
}

start() {
  local name
  name=$(awk -v address="$(address "$1")" '$1 == address { print $2; exit }' "$lab_dir/hosts/$1/etc/hosts")
  # shellcheck disable=SC2046  # words
  podman_ run --detach --name "$prefix-$1" --hostname "$name" --no-hosts --systemd=false \
    --network "ns:/run/netns/$(netns "$1")" $(limits) \
    "$(image_name)" >/dev/null
}

# Puts the host's own files into the container, and has the host make its databases.
configure() {
  [ "$1" = outside ] || put "$1" "$tree"
  put "$1" "$lab_dir/hosts/$1"
  in_host "$1" /usr/lib/lab/configure
}

# put HOST DIR [THERE]: lays the files below DIR over the host's own below THERE.
put() { tar -C "$2" --owner=0 --group=0 -c . | host_exec "$1" tar -C "${3:-/}" -x --no-overwrite-dir; }

# Each hub's configuration names the other by the pin of its key, which is new in every lab.
write_relayd_toml() {
  local hub toml=/etc/tsmtp/relayd.toml
  for hub in "${@:2}"; do
    ! is_hub "$hub" || in_host "$1" sed -i "s|@PIN_OF_$hub@|$(in_host "$hub" cat /etc/tsmtp/pin)|" $toml
  done
  in_host "$1" relayd --config $toml --check >/dev/null
}

await_services() {
  until_true 30 "$1 answers on port 25" greets "$1" 127.0.0.1 25
  ! is_hub "$1" || until_true 30 "$1 has its link" link_is_up "$1"
}

greets() {
  in_host "$1" bash -c "exec 3<>/dev/tcp/$2/$3 && echo QUIT >&3 && read -r -t 20 -u 3 line && [[ \$line == 220* ]]"
}

# A hub's endpoint for the other hub greets with 220 when the link is up and with 421 when it is not.
link_is_up() {
  case $1 in
    tokyo) greets tokyo 127.0.5.2 5000 ;;
    birl) greets birl 127.0.5.3 5000 ;;
  esac
}

# The first leaves standard input alone, because a script that calls it may have its own there.
in_host() { podman_ exec "$prefix-$1" "${@:2}"; }
host_exec() { podman_ exec -i "$prefix-$1" "${@:2}"; }

# Has the host take its changed files of /etc/mail into use.
host_remake() {
  local pid_file=/run/sendmail/mta/sendmail.pid old
  in_host "$1" /usr/lib/lab/configure
  old=$(in_host "$1" head -n 1 $pid_file)
  in_host "$1" kill "$old"
  until_true 20 "sendmail on $1 has ended" not in_host "$1" kill -0 "$old"
  until_true 20 "sendmail on $1 is back" greets "$1" 127.0.0.1 25
}

host_restore() {
  put "$1" "$lab_dir/hosts/$1/etc/mail" /etc/mail
  host_remake "$1"
}

# Its prompt says which host it is; without a terminal it reads commands.
host_shell() {
  local terminal=()
  [ ! -t 0 ] || terminal=(-t)
  podman_ exec -i "${terminal[@]}" -e PS1="\\u@$1:\\w\\\$ " -w /root "$prefix-$1" bash --norc
}

host_send() { host_exec "$1" runuser -u "$2" -- /usr/sbin/sendmail -oi -- "${@:3}"; }

host_mailbox() { in_host "$1" sh -c "cat '/var/mail/$2' 2>/dev/null || :"; }

has_in_mailbox() { in_host "$1" grep -qs -- "$3" "/var/mail/$2"; }
host_await_mail() { until_true 120 "the mailbox of $2 on $1 has $3" has_in_mailbox "$@"; }

host_queue() { in_host "$1" mailq; }

# Both queues: that of the programs on the host, then the server's. A run that names recipients
# (all have an @) also tries hosts that the host status holds for dead.
host_flush() {
  in_host "$1" sendmail -Ac -qf -qR@
  in_host "$1" sendmail -qf -qR@
}

host_log() { in_host "$1" tail -n 20 -F /var/log/mail.log /var/log/relayd.log; }

host_relayd() {
  case $2 in
    stop)
      in_host "$1" telinit -t 15 3
      until_true 20 "relayd on $1 has ended" not in_host "$1" pgrep -x relayd ;;
    start)
      in_host "$1" telinit 4
      until_true 20 "relayd on $1 has its link" link_is_up "$1" ;;
    *) usage >&2; exit 64 ;;
  esac
}
