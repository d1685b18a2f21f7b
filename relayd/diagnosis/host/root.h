// This host's file system, or a directory that stands for one: how files are looked at. Changes nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "relayd/diagnosis/hub/facts.h"

namespace tsmtp::diagnosis {

class Root {
 public:
  /// `prefix` stands before every path; empty: this host.
  explicit Root(std::string prefix) : prefix_(std::move(prefix)) {}

  [[nodiscard]] bool is_this_host() const { return prefix_.empty(); }
  [[nodiscard]] std::string real(const std::string& path) const { return prefix_ + path; }
  /// Without the prefix, wherever it stands in `text`.
  [[nodiscard]] std::string shown(std::string text) const;

  [[nodiscard]] FileFact look(const std::string& path) const;
  [[nodiscard]] bool is_there(const std::string& path) const {
    return look(path).kind != FileFact::Kind::kAbsent;
  }
  /// The text of a regular file of some megabytes at most; nothing if it cannot be read.
  [[nodiscard]] std::optional<std::string> read(const std::string& path) const;
  /// The names in a directory, sorted; none if it cannot be read.
  [[nodiscard]] std::vector<std::string> list(const std::string& path) const;
  /// Where a symbolic link leads; empty if it is none.
  [[nodiscard]] std::string link(const std::string& path) const;

  [[nodiscard]] std::optional<UserFact> user_called(const std::string& name) const;
  [[nodiscard]] std::string name_of(std::uint32_t uid) const;

 private:
  std::string prefix_;
};

}  // namespace tsmtp::diagnosis
