// Gathers the facts about one mail's way on this host: asks sendmail, reads its table, knocks at the
// endpoint, and asks the relayd that runs. Changes nothing, and no mail goes anywhere.
#pragma once

#include <string>

#include "relayd/diagnosis/facts.h"
#include "relayd/settings/config.h"

namespace tsmtp::diagnosis {

struct Question {
  std::string sender;
  std::string recipient;
  std::string cf = "/etc/mail/sendmail.cf";
};

/// Blocks, for some seconds at the most.
[[nodiscard]] Facts gather(const settings::Config& config, const Question& question);

}  // namespace tsmtp::diagnosis
