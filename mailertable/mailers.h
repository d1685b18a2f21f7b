// The mailers that a value may name: those of sendmail's own m4 files and ours, and what the administrator
// adds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tsmtp::mailertable {

/// How sendmail reads what follows the colon (proto.m4, MailerToTriple).
enum class MailerKind {
  kNetwork,  ///< a host, or several, to be reached by SMTP
  kError,    ///< a code and a text for the sender
  kLocal,    ///< a user, or nothing
  kOther,    ///< one word or more that only this mailer understands
};

/// The mailers known.
class Mailers {
 public:
  /// The stock ones.
  Mailers();

  /// Adds one that this hub's sendmail.cf defines.
  void add(std::string_view name);

  /// Whether there is one of this name. Case does not matter, as it does not to sendmail (parseaddr.c).
  [[nodiscard]] bool knows(std::string_view name) const;

  /// kOther for a mailer that is not known.
  [[nodiscard]] static MailerKind kind_of(std::string_view name);

  /// The known name that was probably meant; empty when none is near.
  [[nodiscard]] std::string_view nearest(std::string_view name) const;

 private:
  std::vector<std::string> names_;
};

}  // namespace tsmtp::mailertable
