// relayctl doctor: everything that can be known of this hub without an address, and what is wrong with it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace tsmtp::cli {

struct DoctorOptions {
  std::string config_file;  ///< relayd.toml, as it was named
  std::vector<std::string> overrides;
  std::string cf = "/etc/mail/sendmail.cf";
};

void add_doctor_options(CLI::App& command, DoctorOptions& options);

/// Returns the exit status: EX_OK if nothing is wrong, be there warnings or not; else EX_CONFIG.
[[nodiscard]] int run_doctor(const DoctorOptions& options, bool as_json);

}  // namespace tsmtp::cli
