// The mailers that a value may name: those of sendmail's own m4 files and ours, or those of a sendmail.cf,
// and what the administrator adds.
#pragma once

#include <optional>
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

struct Mailer {
  std::string name;  ///< in lower case
  MailerKind kind = MailerKind::kOther;
  /// Whether it asks the DNS for an MX of a host without brackets; unknown unless a sendmail.cf says so.
  std::optional<bool> looks_up_mx;
};

/// The mailers known.
class Mailers {
 public:
  /// The stock ones.
  Mailers();
  /// Those of a sendmail.cf, in which error is built in.
  explicit Mailers(std::vector<Mailer> mailers);

  /// Adds one that this hub's sendmail.cf defines; how it reads its host is not known.
  void add(std::string_view name);
  /// Adds one of a sendmail.cf; what it says of a mailer known already holds instead.
  void add(Mailer mailer);

  /// The mailer of this name, or null. Case does not matter, as it does not to sendmail (parseaddr.c).
  [[nodiscard]] const Mailer* find(std::string_view name) const;
  [[nodiscard]] bool knows(std::string_view name) const { return find(name) != nullptr; }

  /// kOther for a mailer that is not known.
  [[nodiscard]] MailerKind kind_of(std::string_view name) const;

  /// The known name that was probably meant; empty when none is near.
  [[nodiscard]] std::string_view nearest(std::string_view name) const;

  /// Where the names come from, for messages; empty for the stock ones.
  std::string file;

 private:
  std::vector<Mailer> mailers_;
};

}  // namespace tsmtp::mailertable
