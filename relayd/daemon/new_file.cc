#include "relayd/daemon/new_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "relayd/base/descriptor.h"
#include "relayd/base/system_cause.h"

namespace tsmtp::daemon {
namespace {

base::Error cannot_make(const std::string& path) {
  return base::Error{path + ": cannot be written: " + base::system_cause(errno)};
}

// All steps use one descriptor of the folder, because its path may come to mean another one meanwhile.
class Folder {
 public:
  explicit Folder(const std::string& path)
      : name_(path.substr(path.rfind('/') + 1)), aside_('.' + name_ + ".new") {
    const std::string dir = path.substr(0, path.rfind('/') + 1);
    fd_ = base::Descriptor(open(dir.empty() ? "." : dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

  [[nodiscard]] bool is_open() const { return fd_.is_open(); }

  [[nodiscard]] bool write_aside(const std::string& text, unsigned mode) const {
    unlinkat(fd_.get(), aside_.c_str(), 0);  // left by a crash
    const base::Descriptor file(openat(fd_.get(), aside_.c_str(),
                                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                       static_cast<mode_t>(mode)));
    if (!file.is_open()) return false;
    std::size_t written = 0;
    while (written < text.size()) {
      const ssize_t more = write(file.get(), text.data() + written, text.size() - written);
      if (more < 0 && errno != EINTR) return false;
      if (more > 0) written += static_cast<std::size_t>(more);
    }
    return fchmod(file.get(), static_cast<mode_t>(mode)) == 0 && fsync(file.get()) == 0;
  }
  [[nodiscard]] bool take_the_name() const {
    return renameat(fd_.get(), aside_.c_str(), fd_.get(), name_.c_str()) == 0 && sync();
  }
  /// Fails with EEXIST.
  [[nodiscard]] bool take_a_new_name() const {
    return linkat(fd_.get(), aside_.c_str(), fd_.get(), name_.c_str(), 0) == 0;
  }
  void forget_aside() const { unlinkat(fd_.get(), aside_.c_str(), 0); }
  void remove() const {
    unlinkat(fd_.get(), name_.c_str(), 0);
    (void)sync();
  }
  [[nodiscard]] bool sync() const { return fsync(fd_.get()) == 0; }

 private:
  std::string name_;
  std::string aside_;
  base::Descriptor fd_;
};

}  // namespace

base::Result<void> replace_file(const std::string& path, const std::string& text, unsigned mode) {
  const Folder folder(path);
  if (folder.is_open() && folder.write_aside(text, mode) && folder.take_the_name()) return {};
  const base::Error error = cannot_make(path);
  if (folder.is_open()) folder.forget_aside();
  return error;
}

base::Result<void> make_new_file(const std::string& path, const std::string& text, unsigned mode) {
  const Folder folder(path);
  const bool is_made = folder.is_open() && folder.write_aside(text, mode) && folder.take_a_new_name();
  const base::Error error =
      !is_made && errno == EEXIST ? base::Error{path + ": is there already"} : cannot_make(path);
  if (folder.is_open()) folder.forget_aside();
  if (!is_made) return error;
  (void)folder.sync();
  return {};
}

void remove_file(const std::string& path) {
  if (const Folder folder(path); folder.is_open()) folder.remove();
}

}  // namespace tsmtp::daemon
