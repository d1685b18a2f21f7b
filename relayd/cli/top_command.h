// relayctl top: the sites by what goes over them just now, alive on a terminal.
#pragma once

#include <CLI/CLI.hpp>

#include "relayd/settings/config.h"

namespace tsmtp::cli {

struct TopOptions {
  double interval_seconds = 2;
  int rounds = 0;  ///< 0: until it is told to end
};

void add_top_options(CLI::App& command, TopOptions& options);

/// Returns the exit status: EX_OK, or EX_UNAVAILABLE if relayd did not answer in the end.
[[nodiscard]] int run_top(const settings::Config& config, const TopOptions& options);

}  // namespace tsmtp::cli
