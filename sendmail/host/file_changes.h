// Changes files one after the other, each whole and at once, and can put all of them back.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mailertable/files/failure.h"

namespace tsmtp::sendmail {

/// The content of the file at `path`; nothing if there is none. Fails if it cannot be read.
[[nodiscard]] mailertable::Outcome<std::optional<std::string>> content_of(const std::string& path);

class FileChanges {
 public:
  /// Makes `content` the file at `path`, or removes it. A file that is replaced keeps owner and mode; a new
  /// one is root's with mode 0644, or, with `for_sendmail`, 0640 and of sendmail's group. A link is followed.
  /// Does nothing where nothing would change.
  [[nodiscard]] mailertable::Outcome<void> make(const std::string& path,
                                                const std::optional<std::string>& content,
                                                bool for_sendmail = false);

  /// Notes what `path` holds, before somebody else changes it.
  [[nodiscard]] mailertable::Outcome<void> note(const std::string& path);

  /// Makes everything as it was before the first change. Returns what could not be.
  [[nodiscard]] std::vector<mailertable::Failure> put_back();

  /// Whether anything has been changed.
  [[nodiscard]] bool empty() const { return before_.empty(); }

 private:
  struct Before {
    std::string path;
    std::optional<std::string> content;
    bool for_sendmail = false;
  };

  std::vector<Before> before_;
};

}  // namespace tsmtp::sendmail
