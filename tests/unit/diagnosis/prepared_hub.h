// A healthy hub as files below a directory, and the answers that a relayd, an MTA and a kernel would give
// beside them. Tests break it.
#pragma once

#include <string>

#include "relayd/diagnosis/hub/facts.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::diagnosis {

class PreparedHub {
 public:
  PreparedHub();
  /// Another with the same files.
  PreparedHub(const PreparedHub& other);
  PreparedHub& operator=(const PreparedHub&) = delete;

  void write(const std::string& path, const std::string& text) const;
  /// A line more.
  void add(const std::string& path, const std::string& line) const;
  void replace(const std::string& path, const std::string& old, const std::string& by) const;
  void remove(const std::string& path) const;
  void set_mode(const std::string& path, unsigned mode) const;
  /// Its last change is moved by so many seconds.
  void shift_time(const std::string& path, int seconds) const;
  void link(const std::string& path, const std::string& target) const;
  /// Makes the database of that text.
  void build(const std::string& path) const;

  /// What is gathered there, with the answers.
  [[nodiscard]] HubFacts facts() const;

 private:
  [[nodiscard]] std::string real(const std::string& path) const { return directory_.path() + path; }
  void make_configuration();
  void make_processes();
  void make_services();
  void make_sendmail();

  support::TemporaryDirectory directory_;
};

}  // namespace tsmtp::diagnosis
