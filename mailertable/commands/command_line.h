// What the subcommands of the program have in common: options, and how findings are shown.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "mailertable/checks/findings_text.h"
#include "mailertable/commands/build.h"

namespace tsmtp::mailertable {

/// Reads the arguments of one subcommand. Nothing: go on; else the exit status, everything having been said.
[[nodiscard]] std::optional<int> read_arguments(CLI::App& app, int argc, char** argv);

/// What check and build are told about their checks.
struct CheckOptions {
  std::vector<std::string> mailers;
  std::string cf;
  std::string usual_cf = "/etc/mail/sendmail.cf";  ///< looked at unless another is named
  bool no_cf = false;
  std::string relayd;
  bool strict = false;
  std::string format = "text";

  [[nodiscard]] FindingsFormat findings_format() const;
};

/// Gives `app` the options that fill `options`.
void add_check_options(CLI::App& app, CheckOptions& options);

/// Reads the files that `options` name into `job`. What is wrong with relayd.toml goes to `findings`.
[[nodiscard]] Outcome<void> learn(const CheckOptions& options, Job& job, base::Diagnostics& findings);

/// The same. Nothing: go on; else the exit status, everything having been said.
[[nodiscard]] std::optional<int> prepare(const CheckOptions& options, Job& job);

/// All findings and the failure, and a closing line if there are any: their number, and `consequence`. JSON
/// goes to stdout, all else to stderr. Returns the exit status.
int show(const Report& report, FindingsFormat format, const std::string& consequence);

/// Says what failed; returns the exit status.
int show_failure(const Failure& failure);

}  // namespace tsmtp::mailertable
