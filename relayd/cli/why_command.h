// relayctl why: what would happen to a mail, and the first thing in its way.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "relayd/settings/config.h"

namespace tsmtp::cli {

struct WhyOptions {
  std::string recipient;
  std::string sender;
  std::string cf = "/etc/mail/sendmail.cf";
};

void add_why_options(CLI::App& command, WhyOptions& options);

/// Returns the exit status: EX_OK if nothing is in its way, EX_TEMPFAIL if it would wait, EX_UNAVAILABLE
/// otherwise.
[[nodiscard]] int run_why(const settings::Config& config, const WhyOptions& options, bool as_json);

}  // namespace tsmtp::cli
