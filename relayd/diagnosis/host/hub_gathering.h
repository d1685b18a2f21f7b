// Gathers the facts about this hub: reads its files, asks its relayd, its MTA and its sendmail, knocks at its
// ports. Changes nothing, and no mail goes anywhere.
#pragma once

#include <string>
#include <vector>

#include "relayd/diagnosis/hub/facts.h"

namespace tsmtp::diagnosis {

struct Look {
  std::string config_file;  ///< relayd.toml, by its whole path
  std::vector<std::string> overrides{};
  std::string cf_file = "/etc/mail/sendmail.cf";
  std::string version{};  ///< of this program
  /// A directory that stands for the host's own /: what lies there is read, and nobody is asked.
  std::string root{};
};

/// Blocks for about a second, and for some more where somebody does not answer.
[[nodiscard]] HubFacts gather(const Look& look);

}  // namespace tsmtp::diagnosis
