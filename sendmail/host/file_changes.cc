#include "sendmail/host/file_changes.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <utility>

#include "mailertable/files/input.h"
#include "mailertable/files/replacement.h"
#include "relayd/base/descriptor.h"

namespace tsmtp::sendmail {
namespace {

using mailertable::Failure;
using mailertable::Outcome;
using mailertable::system_failure;

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// The file itself behind links, as far as there is one.
std::string real_path(const std::string& path) {
  char* const resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return path;
  std::string real = resolved;
  std::free(resolved);
  return real;
}

/// A file that is mounted by itself, as /etc/hosts of a container, cannot be renamed over.
bool is_mounted(const std::string& path) {
  struct statx file {};
  return ::statx(AT_FDCWD, path.c_str(), 0, STATX_BASIC_STATS, &file) == 0 &&
         (file.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0 &&
         (file.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

Outcome<void> write_in_place(const std::string& path, std::string_view content) {
  const base::Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.is_open() || !write_all(file.get(), content) ||
      ::ftruncate(file.get(), static_cast<off_t>(content.size())) != 0 || ::fsync(file.get()) != 0)
    return system_failure(EX_CANTCREAT, "cannot write " + path, errno);
  return {};
}

Outcome<void> replace(const std::string& path, std::string_view content, bool for_sendmail) {
  if (is_mounted(path)) return write_in_place(path, content);
  const bool is_new = ::access(path.c_str(), F_OK) != 0;
  mailertable::Replacement target{path};
  target.new_mode = for_sendmail ? 0640 : 0644;
  return mailertable::replace_file(target, [&](const mailertable::TemporaryFile& file) -> Outcome<void> {
    if (!write_all(file.fd(), content)) return system_failure(EX_IOERR, "cannot write " + file.path(), errno);
    const group* const smmsp = is_new && for_sendmail ? ::getgrnam("smmsp") : nullptr;
    if (smmsp != nullptr && ::fchown(file.fd(), static_cast<uid_t>(-1), smmsp->gr_gid) != 0)
      return system_failure(EX_CANTCREAT, "cannot give " + path + " to sendmail's group", errno);
    return {};
  });
}

}  // namespace

Outcome<std::optional<std::string>> content_of(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return std::optional<std::string>();
  auto text = mailertable::read_input(path);
  if (!text) return text.error();
  return std::optional(*std::move(text));
}

Outcome<void> FileChanges::note(const std::string& path) {
  auto content = content_of(path);
  if (!content) return content.error();
  before_.push_back({path, *std::move(content), path.ends_with(".db")});
  return {};
}

Outcome<void> FileChanges::make(const std::string& path, const std::optional<std::string>& content,
                                bool for_sendmail) {
  const std::string real = real_path(path);
  auto now = content_of(real);
  if (!now) return now.error();
  if (*now == content) return {};
  before_.push_back({real, *std::move(now), for_sendmail});
  if (content) return replace(real, *content, for_sendmail);
  if (::unlink(real.c_str()) != 0) return system_failure(EX_CANTCREAT, "cannot remove " + real, errno);
  return {};
}

std::vector<Failure> FileChanges::put_back() {
  std::vector<Failure> failures;
  for (auto change = before_.rbegin(); change != before_.rend(); ++change) {
    const auto now = content_of(change->path);
    if (now && *now == change->content) continue;
    if (change->content) {
      if (auto done = replace(change->path, *change->content, change->for_sendmail); !done)
        failures.push_back(done.error());
    } else if (::unlink(change->path.c_str()) != 0 && errno != ENOENT) {
      failures.push_back(system_failure(EX_CANTCREAT, "cannot remove " + change->path, errno));
    }
  }
  before_.clear();
  return failures;
}

}  // namespace tsmtp::sendmail
