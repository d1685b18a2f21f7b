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

/// Removes what a run that was killed has left beside the file at `path`: a copy that was being written, and
/// the second name of the file that was replaced. Call it only while no other run works.
void remove_leftovers(const std::string& path);

class FileChanges {
 public:
  FileChanges() = default;
  FileChanges(const FileChanges&) = delete;
  FileChanges& operator=(const FileChanges&) = delete;
  ~FileChanges() { settle(); }

  /// Makes `content` the file at `path`, or removes it. A file that is replaced keeps owner and mode; a new
  /// one is root's with mode 0644, or, with `for_sendmail`, 0640 and of sendmail's group. A link is followed,
  /// if it is root's. Does nothing where nothing would change.
  [[nodiscard]] mailertable::Outcome<void> make(const std::string& path,
                                                const std::optional<std::string>& content,
                                                bool for_sendmail = false);

  /// Makes everything as it was before the first change, on a full disk too. Returns what it could not do.
  [[nodiscard]] std::vector<mailertable::Failure> put_back();

  /// The changes are to stay: there is no way back any more.
  void settle();

  /// Whether anything has been changed.
  [[nodiscard]] bool empty() const { return before_.empty(); }

 private:
  struct Before {
    std::string path;
    std::optional<std::string> content;
    bool for_sendmail = false;
    std::string second_name;  ///< of the very file that was there; empty: it has none
  };
  [[nodiscard]] mailertable::Outcome<void> put_back(const Before& change) const;

  std::vector<Before> before_;
};

}  // namespace tsmtp::sendmail
