# shellcheck shell=bash disable=SC2154  # variables of ../lab
# The image that all hosts are made from. It is made once, and again when one of its sources changes.

# podman with the flags that also work where there is no systemd, and inside another container.
podman_() {
  local storage=()
  ! on_overlay || storage=(--storage-driver vfs)
  PODMAN_IGNORE_CGROUPSV1_WARNING=1 command podman --runtime runc --cgroup-manager cgroupfs --events-backend file "${storage[@]}" "$@"
}

# The limits that a container is given, as options: podman's own may be higher than what may be set here.
limits() {
  local files processes
  files=$(ulimit -Hn) processes=$(ulimit -Hu)
  [ "$files" != unlimited ] && [ "$files" -lt 8192 ] || files=8192
  [ "$processes" != unlimited ] && [ "$processes" -lt 4096 ] || processes=4096
  echo "--ulimit=nofile=$files:$files --ulimit=nproc=$processes:$processes"
}

# Are a container's own files where podman would keep its own? overlayfs cannot lie on overlayfs.
on_overlay() {
  local dir=/var/lib/containers
  [ -d $dir ] || dir=/var/lib
  [ "$(stat -f -c %T $dir)" = overlayfs ]
}

release() { . /etc/os-release && echo "$VERSION_CODENAME"; }

# image_name [RELEASE]: the image of this lab's hosts, on this machine's Debian release or another.
image_name() {
  local sum
  sum=$(cd "$lab_dir" && { echo "${LAB_BASE:-}"; cat Containerfile image/*; } | sha256sum)
  echo "localhost/tsmtp-lab:${1:-$(release)}-${sum:0:12}"
}

# lab_image [RELEASE]: makes it, if it is not there.
lab_image() { make_image "$(image_name "$@")" "${1:-$(release)}" "$lab_dir"; }

# make_image IMAGE RELEASE DIR: makes IMAGE of DIR/Containerfile, with BUILD_ARG if that is set.
# A process that makes another image of that release waits.
make_image() {
  local log=$state/image-$2.log
  mkdir -p "$state"
  (
    flock 9
    ! podman_ image exists "$1" || exit 0
    # The build fetches some hundred packages, and now and then one of them fails at the first try.
    for _ in 1 2 3; do build_image "$@" && exit; done >"$log" 2>&1
    tail -n 20 "$log" >&2
    echo "lab: could not make the image $1; all that was said is in $log" >&2
    exit 1
  ) 9>"/run/lock/tsmtp-image-$2"
}

# lab_base RELEASE: makes only the base image of that release, if it is not there.
lab_base() {
  mkdir -p "$state"
  (
    flock 9
    podman_ image exists "localhost/tsmtp-base:$1" || bootstrap "localhost/tsmtp-base:$1" "$1"
  ) 9>"/run/lock/tsmtp-image-$1"
}

build_image() {
  local base=localhost/tsmtp-base:$2
  [ -z "${LAB_BASE:-}" ] || base=${LAB_BASE//RELEASE/$2}
  [ -n "${LAB_BASE:-}" ] || podman_ image exists "$base" || bootstrap "$base" "$2" || return
  # shellcheck disable=SC2046  # words
  podman_ build $(limits) --isolation chroot --network host --layers=false --build-arg BASE="$base" ${BUILD_ARG:+--build-arg "$BUILD_ARG"} \
    -t "$1" -f "$3/Containerfile" "$3"
}

# bootstrap BASE RELEASE: makes the base image BASE of that Debian release.
bootstrap() {
  local dir=/var/tmp/tsmtp-base-$2 result=0
  # A try that was cut short may have left its files, with its own /proc there.
  ! mountpoint -q "$dir/proc" || umount -R "$dir/proc" || return
  rm -rf --one-file-system "$dir"
  mkdir -m 755 "$dir"   # it becomes the root directory
  # What is installed on it need not survive a power cut: dpkg does not wait for the disk.
  debootstrap --variant=minbase "$2" "$dir" "${LAB_MIRROR:-http://deb.debian.org/debian}" &&
    echo force-unsafe-io >"$dir/etc/dpkg/dpkg.cfg.d/unsafe-io" &&
    tar -C "$dir" --exclude='./var/cache/apt/archives/*.deb' --exclude='./var/lib/apt/lists/*' -c . | podman_ import - "$1" ||
    result=1
  rm -rf --one-file-system "$dir"
  return $result
}
