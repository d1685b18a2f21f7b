// What the subcommands of the program have in common: options, and how findings are shown.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "mailertable/build.h"
#include "mailertable/mailers.h"

namespace tsmtp::mailertable {

/// Reads the arguments of one subcommand. Nothing: go on; else the exit status, everything having been said.
[[nodiscard]] std::optional<int> read_arguments(CLI::App& app, int argc, char** argv);

/// Gives `app` the option --mailer, which fills `names`.
void add_mailer_option(CLI::App& app, std::vector<std::string>& names);

/// The stock mailers and `names`.
[[nodiscard]] Mailers mailers_with(const std::vector<std::string>& names);

/// All findings and the failure on stderr, and a closing line if there are any: their number, and
/// `consequence`. Returns the exit status.
int show(const Report& report, const std::string& consequence);

}  // namespace tsmtp::mailertable
