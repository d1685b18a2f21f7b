#include "relayd/daemon/audit_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace tsmtp::daemon {
namespace {

constexpr mode_t kMode = 0640;

bool is_same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

base::Result<AuditFile> AuditFile::open(const std::string& path) {
  // Without O_NONBLOCK a FIFO that nobody reads would stop all mail.
  base::Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, kMode));
  if (!file.is_open())
    return base::Error{path + ": cannot be opened: " + std::strerror(errno) +
                       "; relayd's user must be able to write it, and to make it anew after a rotation"};
  return AuditFile(path, std::move(file));
}

AuditWrite AuditFile::write(const AuditRecord& record) {
  const std::string trouble = follow();
  if (!trouble.empty() && is_removed())
    return {.written = false, .trouble = trouble + "; the old one is removed"};
  std::string line = torn_ ? "\n" : "";
  line.append(record.line) += '\n';
  const ssize_t written = ::write(file_.get(), line.data(), line.size());
  if (written == std::ssize(line)) {
    torn_ = false;
    return {.written = true, .trouble = trouble};
  }
  const std::string cause = written < 0 ? std::strerror(errno) : "no room for all of a line";
  if (written > 0) take_back(static_cast<std::size_t>(written));
  return {.written = false, .trouble = path_ + ": cannot be written: " + cause};
}

// Opens the file at the path, if that is another one by now. Returns why that failed, or nothing.
std::string AuditFile::follow() {
  struct stat there {
  }, ours{};
  if (fstat(file_.get(), &ours) == 0 && stat(path_.c_str(), &there) == 0 && is_same_file(there, ours))
    return {};
  auto fresh = open(path_);
  if (!fresh) return fresh.error().message;
  file_ = std::move(fresh->file_);
  torn_ = false;
  return {};
}

bool AuditFile::is_removed() const {
  struct stat ours {};
  return fstat(file_.get(), &ours) != 0 || ours.st_nlink == 0;
}

// A line that was cut by a full disk is no JSON: it goes again, unless somebody else has appended to it.
void AuditFile::take_back(std::size_t bytes) {
  struct stat now {};
  const off_t end = lseek(file_.get(), 0, SEEK_CUR);
  torn_ = fstat(file_.get(), &now) != 0 || now.st_size != end ||
          ftruncate(file_.get(), end - static_cast<off_t>(bytes)) != 0;
}

}  // namespace tsmtp::daemon
