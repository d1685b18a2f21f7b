#include "relayd/ledger/room.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tsmtp::ledger {
namespace {

// A new log file of 1 MiB, what the cache of 1 MiB may hold of the tables, and the tables written anew.
constexpr std::uint64_t kRoomBytes = 2U << 20;
constexpr off_t kReserveBytes = 2 << 20;

std::string reserve_in(const std::string& dir) {
  return dir + "/reserve";
}

/// Nothing where the file system does not tell.
base::Result<std::uint64_t> free_bytes(const std::string& dir) {
  struct statvfs found {};
  if (statvfs(dir.c_str(), &found) != 0) return base::Error{std::strerror(errno) + (", " + dir)};
  if (found.f_blocks == 0) return ~std::uint64_t{0};
  return std::uint64_t{found.f_bavail} * found.f_frsize;
}

}  // namespace

base::Result<void> check_room(const std::string& dir) {
  const auto bytes = free_bytes(dir);
  if (!bytes) return bytes.error();
  if (*bytes >= kRoomBytes) return {};
  return base::Error{std::string(kNoRoom) + ", " + dir + " (" + std::to_string(*bytes >> 10) +
                     " KiB free, the ledger needs " + std::to_string(kRoomBytes >> 10) + ")"};
}

void give_reserve_away(const std::string& dir) {
  unlink(reserve_in(dir).c_str());
}

void keep_reserve(const std::string& dir) {
  struct stat found {};
  const std::string path = reserve_in(dir);
  if (stat(path.c_str(), &found) == 0 && found.st_size == kReserveBytes) return;
  const auto bytes = free_bytes(dir);
  if (!bytes || *bytes < 2 * kRoomBytes) return;
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return;
  const bool kept = posix_fallocate(fd, 0, kReserveBytes) == 0;
  close(fd);
  if (!kept) give_reserve_away(dir);
}

}  // namespace tsmtp::ledger
