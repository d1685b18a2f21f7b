// What is wrong with a file, and where: file:line:column, as compilers say it, so that editors can jump
// there. Used for relayd.toml and for the mailertable; the reader of a file collects all there is to say
// before anything is replaced (P9).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tsmtp::base {

/// A place in a text file. Lines and columns count from 1; 0 means that there is none (the whole file).
struct Location {
  std::string file;
  int line = 0;
  int column = 0;
};

enum class Severity { kWarning, kError };

/// One finding: what is wrong there, and what was expected or what to write instead.
struct Diagnostic {
  Severity severity = Severity::kError;
  Location location;
  std::string message;
};

/// "file:3:8: error: message"; without a line, "file: error: message".
[[nodiscard]] std::string to_string(const Diagnostic& diagnostic);

/// The findings on one or more files, in the order found.
class Diagnostics {
 public:
  void error(Location location, std::string message);
  void warning(Location location, std::string message);

  [[nodiscard]] bool has_errors() const { return errors_ > 0; }
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return all_; }
  /// All findings, a line each, with a line end behind every one.
  [[nodiscard]] std::string to_string() const;

 private:
  std::vector<Diagnostic> all_;
  int errors_ = 0;
};

}  // namespace tsmtp::base
