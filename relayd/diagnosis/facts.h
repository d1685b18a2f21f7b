// What is known about the way of one mail, as it was found: what sendmail's rules choose, which line of the
// table that was, and how relayd and the site answer. Plain data, gathered by whoever can look; nothing here
// judges.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/control/probe.h"
#include "relayd/diagnosis/sendmail_choice.h"

namespace tsmtp::diagnosis {

/// The line of the mailertable that answers for the recipient's domain.
struct TableLine {
  std::string place;  ///< "/etc/mail/mailertable:12"; the database's name alone if the text is not there
  std::string key;
  std::string value;
  bool is_built = true;  ///< the database says so too
};

/// A site of relayd.toml.
struct KnownSite {
  std::string name;
  std::string address;                 ///< the site address; empty: none
  std::vector<std::string> endpoints;  ///< "127.0.5.2:5000"
};

/// What was looked at in vain is an Error; what was not looked at is nothing.
template <typename T>
using Fact = std::optional<base::Result<T>>;

struct Facts {
  std::string sender;
  std::string recipient;
  Fact<SendmailChoice> sendmail{};
  std::string table{};  ///< which table sendmail reads; empty: not known
  Fact<std::optional<TableLine>> table_line{};
  /// The line of the list of tunnel-only domains that holds the recipient's, "/etc/mail/tsmtp-domains:2";
  /// empty: none does.
  Fact<std::string> closed{};
  std::optional<KnownSite> behind{};    ///< the site whose domains hold the recipient's
  std::optional<KnownSite> reached{};   ///< the site that listens where sendmail would connect
  std::string endpoint{};               ///< which was tried
  Fact<std::string> greeting{};         ///< of whatever listens there
  Fact<control::ProbeAnswer> relayd{};  ///< of the site that is reached
};

}  // namespace tsmtp::diagnosis
