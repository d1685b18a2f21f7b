// Files for the tests: a directory that goes away, contents, and a table read back through Berkeley DB.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tsmtp::mailertable {

/// A new, empty directory, removed with all in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  /// The names in it, sorted.
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  std::filesystem::path path_;
};

std::string content_of(const std::string& path);
void write_file(const std::string& path, const std::string& content);

/// What Berkeley DB finds in the table at `path`, with "hash" or "btree" under the empty key; empty when it
/// cannot be read.
std::map<std::string, std::string> read_table(const std::string& path);

/// Makes a hash at `path` in which `key` has so many values of a byte or more.
bool write_one_key(const std::string& path, const std::string& key, int values);

}  // namespace tsmtp::mailertable
