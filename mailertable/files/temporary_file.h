// The file that a new table is written to, beside the one it will replace. Must never outlive a build that
// failed, unless the process is killed outright; then its random name stands in nobody's way.
#pragma once

#include <string>

#include "mailertable/files/failure.h"

namespace tsmtp::mailertable {

/// A new, empty, mode 0600 file in the directory of another. Removed on destruction unless renamed away.
/// At most one exists at a time in a process.
class TemporaryFile {
 public:
  /// Makes `.NAME.XXXXXX` beside `target`, with `infix` before the X. Fails with EX_CANTCREAT.
  [[nodiscard]] static Outcome<TemporaryFile> create_beside(const std::string& target,
                                                            const std::string& infix = "");

  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile();

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// A path that leads to this very file, whatever is done to its name meanwhile: in a directory of another
  /// user's, a name is that user's to swap. Opening it also is not refused in a sticky directory
  /// (fs.protected_regular).
  [[nodiscard]] std::string own_path() const;

  /// Says that the file bears its final name now and is to stay.
  void keep();

 private:
  TemporaryFile(std::string path, int fd);

  std::string path_;
  int fd_ = -1;
};

/// Makes SIGHUP, SIGINT, SIGTERM and SIGQUIT remove the temporary file, if there is one, before they end the
/// process as they would have. Signals that the process was started with ignored stay so.
void remove_temporary_file_on_signals();

}  // namespace tsmtp::mailertable
