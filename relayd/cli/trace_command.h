// relayctl trace: the way of one mail, by its transaction, its Message-ID or its queue id at our MTA.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "relayd/settings/config.h"

namespace tsmtp::cli {

struct TraceOptions {
  std::string id;
  std::string log;  ///< of our MTA; empty: where it usually is
};

void add_trace_options(CLI::App& command, TraceOptions& options);

/// Returns the exit status: EX_OK if something is known of it, EX_NOINPUT if nothing is, EX_UNAVAILABLE if
/// relayd does not answer.
[[nodiscard]] int run_trace(const settings::Config& config, const TraceOptions& options, bool as_json);

}  // namespace tsmtp::cli
