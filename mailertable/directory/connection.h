// One connection to a directory server, by libldap, which stands in this room and nowhere else. Nothing here
// waits longer than Access::timeout for a server, and nothing longer than a bound is read from one.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "mailertable/directory/access.h"
#include "mailertable/routes/directory_entry.h"
#include "relayd/base/result.h"

struct ldap;

namespace tsmtp::mailertable {

/// What a server said. `id` is that of the search that it belongs to.
struct ServerMessage {
  enum class Kind { kEntry, kReference, kInformation, kDone };

  int id = 0;
  Kind kind = Kind::kDone;
  DirectoryEntry entry;
  std::optional<std::string> sync_state;  ///< of an entry: its control's value
  std::string value;                      ///< of an information, or of a reference
  int code = 0;                           ///< of an end: the result code (RFC 4511 section 4.1.9)
  std::string text;                       ///< of an end: what the code and the server say
};

class Connection {
 public:
  /// Connects to `url`, has the server prove itself, and binds.
  [[nodiscard]] static base::Result<Connection> open(const Access& access, const std::string& url);

  /// Asks for all entries that match the filter; with `synced`, to be told of changes too. Its id.
  [[nodiscard]] base::Result<int> search(bool synced);

  /// Asks for an answer, whichever. Its id.
  [[nodiscard]] base::Result<int> ask_for_a_sign_of_life();

  /// The answers to `id` are not wanted any more.
  void abandon(int id);

  /// The next message, or nothing within `wait`. Fails when the connection is of no use any more.
  [[nodiscard]] base::Result<std::optional<ServerMessage>> next(std::chrono::milliseconds wait);

 private:
  struct Close {
    void operator()(ldap* handle) const;
  };

  explicit Connection(const Access& access, ldap* handle) : access_(&access), handle_(handle) {}

  [[nodiscard]] base::Result<void> set_options(bool with_tls);
  [[nodiscard]] base::Result<void> secure();
  [[nodiscard]] base::Result<void> bind();
  /// Waits for the end of `id`.
  [[nodiscard]] base::Result<ServerMessage> await(int id, const std::string& what);
  [[nodiscard]] base::Result<int> started(int code, int id, const std::string& what);
  [[nodiscard]] base::Error failure(const std::string& what, int code) const;

  const Access* access_;  ///< outlives this
  std::unique_ptr<ldap, Close> handle_;
  bool is_secured_ = false;  ///< as far as it was to be
};

}  // namespace tsmtp::mailertable
