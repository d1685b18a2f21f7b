// The files that a plan is about, as texts: what there is now, and what there is to be.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tsmtp::sendmail {

/// Those that exist, by their path.
using Texts = std::map<std::string, std::string>;

/// One file's change.
struct Change {
  std::string path;
  std::optional<std::string> before;  ///< nothing: there is no such file
  std::optional<std::string> after;   ///< nothing: it is removed
  std::vector<std::string> why;       ///< a sentence each

  [[nodiscard]] bool changes_anything() const { return before != after; }
};

/// Where they are. Only tests have others.
struct Places {
  std::string mc = "/etc/mail/sendmail.mc";
  std::string cf = "/etc/mail/sendmail.cf";
  std::string sites = "/etc/mail/tsmtp-sites";
  std::string domains = "/etc/mail/tsmtp-domains";
  std::string relay_domains = "/etc/mail/relay-domains";
  std::string hosts = "/etc/hosts";
};

}  // namespace tsmtp::sendmail
