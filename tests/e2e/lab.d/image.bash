# shellcheck shell=bash disable=SC2154  # variables of ../lab
# The image all hosts are made from: made once, and again when one of its sources changes.

# podman with the flags that also work where there is no systemd, and inside another container.
podman_() {
  local storage=()
  ! on_overlay || storage=(--storage-driver vfs)
  command podman --runtime runc --cgroup-manager cgroupfs --events-backend file "${storage[@]}" "$@"
}

# Are a container's own files where podman would keep its own? overlayfs cannot lie on overlayfs.
on_overlay() {
  local dir=/var/lib/containers
  [ -d $dir ] || dir=/var/lib
  [ "$(stat -f -c %T $dir)" = overlayfs ]
}

release() { . /etc/os-release && echo "$VERSION_CODENAME"; }

image_name() {
  local sum
  sum=$(cd "$lab_dir" && { echo "${LAB_BASE:-}"; cat Containerfile image/*; } | sha256sum)
  echo "localhost/tsmtp-lab:$(release)-${sum:0:12}"
}

lab_image() {
  local image base log=$state/image.log
  image=$(image_name)
  podman_ image exists "$image" && return
  mkdir -p "$state"
  base=${LAB_BASE:-localhost/tsmtp-base:$(release)}
  { [ -n "${LAB_BASE:-}" ] || podman_ image exists "$base" || bootstrap "$base"; } >"$log" 2>&1 &&
    podman_ build --isolation chroot --network host --layers=false --build-arg BASE="$base" \
      -t "$image" -f "$lab_dir/Containerfile" "$lab_dir" >>"$log" 2>&1 && return
  tail -n 20 "$log" >&2
  echo "lab: could not make the image; all that was said is in $log" >&2
  return 1
}

# Makes the base image BASE: this machine's own Debian release, so that what is built here runs there.
bootstrap() {
  local dir
  dir=$(mktemp -d /var/tmp/tsmtp-base.XXXXXX)
  chmod 755 "$dir"   # it becomes the root directory
  debootstrap --variant=minbase "$(release)" "$dir" "${LAB_MIRROR:-http://deb.debian.org/debian}" &&
    tar -C "$dir" --exclude='./var/cache/apt/archives/*.deb' --exclude='./var/lib/apt/lists/*' -c . | podman_ import - "$1"
  local result=$?
  rm -rf "$dir"
  return $result
}
