// The list of tunnel-only domains that FEATURE(`tsmtp') has sendmail read (F{TsmtpDomain}). sendmail takes
// the first word of each line, whatever it is, and a word that is no domain holds nothing back; so each line
// is looked at here, by the rules of m4/m4/tsmtp_domains.awk, which m4 asks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/diagnostic.h"

namespace tsmtp::mailertable {

/// What a list holds, in lower case and in the order of the file, each once.
struct DomainList {
  std::vector<std::string> domains;
  std::vector<std::string> literals;  ///< with their brackets
};

/// Reads the text of a list. Says in `findings` what is wrong with each line, and that a list names no
/// domain.
[[nodiscard]] DomainList read_domain_list(std::string_view text, const std::string& name,
                                          base::Diagnostics& findings);

}  // namespace tsmtp::mailertable
