// A directory under test: OpenLDAP's slapd as a plain process, with a database in a directory of its own. It
// is Debian's program, started with a configuration of ours and never as a service.
#pragma once

#include <memory>
#include <string>

#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::support {

class Slapd {
 public:
  struct Options {
    bool syncprov = true;  ///< it tells of changes
    std::string more{};    ///< further lines of slapd.conf, for the whole server
    std::string rules{};   ///< for the database
    std::string url{};     ///< beside its unix socket, e.g. "ldaps://127.0.0.1:3899"
  };

  /// With the entry dc=example and nothing below it; `schema` is the path of tsmtp.schema.
  Slapd(const std::string& schema, Options options);

  void start();
  /// As `kill -9` does it.
  void kill();
  [[nodiscard]] Process& process() { return *process_; }

  /// The URL of its unix socket, with the base.
  [[nodiscard]] std::string url() const { return socket_ + "/dc=example"; }

  /// Has it do what `ldif` says, as its administrator; what it said if it would not, else nothing.
  std::string modify(const std::string& ldif);

  /// Adds an entry cn=NAME,dc=example with these lines.
  std::string add(const std::string& name, const std::string& lines);
  /// Gives an attribute of cn=NAME this value.
  std::string replace(const std::string& name, const std::string& attribute, const std::string& value);
  std::string remove(const std::string& name);

  static constexpr const char* kAdministrator = "cn=admin,dc=example";
  static constexpr const char* kPassword = "secret";

 private:
  TemporaryDirectory directory_;
  Options options_;
  std::string socket_;
  std::unique_ptr<Process> process_;
};

}  // namespace tsmtp::support
