// Preloaded into a program: at one of the calls by which it changes files, the program is killed, or the disk
// is full from then on. Which one says BREAK_AT, from 1; BREAK_BY is `kill' or `full'. A program that comes
// to its end before has seen all of them.
//
// Only calls that the program makes itself are counted, and of write(2) only those to files.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

bool is_break_by(std::string_view how) {
  const char* const chosen = std::getenv("BREAK_BY");
  return chosen != nullptr && how == chosen;
}

/// Counts a call. True: it needs room on the disk, and there is none.
bool breaks(bool needs_room) {
  static int count = 0;
  static const char* const text = std::getenv("BREAK_AT");
  static const int at = text == nullptr ? 0 : std::atoi(text);
  static const bool is_kill = is_break_by("kill");
  if (at == 0 || (!is_kill && !needs_room) || ++count < at) return false;
  if (is_kill) std::raise(SIGKILL);
  errno = ENOSPC;
  return true;
}

bool is_file(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/// Whether the file would get bigger on the disk if it reached to `end`.
bool grows(int fd, off_t end) {
  constexpr off_t kBlock = 512;  // of st_blocks, stat(3type)
  struct stat status {};
  return fstat(fd, &status) != 0 || end > status.st_blocks * kBlock;
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t)>("write");
  const off_t end = lseek(fd, 0, SEEK_CUR) + static_cast<off_t>(size);
  return is_file(fd) && breaks(grows(fd, end)) ? -1 : real(fd, bytes, size);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return is_file(fd) && breaks(grows(fd, offset + static_cast<off_t>(size))) ? -1
                                                                             : real(fd, bytes, size, offset);
}

int fallocate(int fd, int mode, off_t offset, off_t size) {
  static const auto real = next<int (*)(int, int, off_t, off_t)>("fallocate");
  return breaks(grows(fd, offset + size)) ? -1 : real(fd, mode, offset, size);
}

int mkostemp(char* name, int flags) {
  static const auto real = next<int (*)(char*, int)>("mkostemp");
  return breaks(true) ? -1 : real(name, flags);
}

int ftruncate(int fd, off_t size) noexcept {
  static const auto real = next<int (*)(int, off_t)>("ftruncate");
  return breaks(false) ? -1 : real(fd, size);
}

int rename(const char* from, const char* to) noexcept {
  static const auto real = next<int (*)(const char*, const char*)>("rename");
  return breaks(false) ? -1 : real(from, to);
}

int renameat2(int from_directory, const char* from, int to_directory, const char* to,
              unsigned flags) noexcept {
  static const auto real = next<int (*)(int, const char*, int, const char*, unsigned)>("renameat2");
  return breaks(false) ? -1 : real(from_directory, from, to_directory, to, flags);
}

int unlink(const char* path) noexcept {
  static const auto real = next<int (*)(const char*)>("unlink");
  return breaks(false) ? -1 : real(path);
}

int kill(pid_t process, int signal_number) noexcept {
  static const auto real = next<int (*)(pid_t, int)>("kill");
  return breaks(false) ? -1 : real(process, signal_number);
}
}
