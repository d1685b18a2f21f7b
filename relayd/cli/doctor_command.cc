#include "relayd/cli/doctor_command.h"

#include <sysexits.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "relayd/base/version.h"
#include "relayd/daemon/hub_keys.h"
#include "relayd/diagnosis/host/hub_gathering.h"
#include "relayd/diagnosis/hub/checks.h"

namespace tsmtp::cli {
namespace {

/// Which pins are revoked stands in relayd's state, which few may read.
void add_pin_findings(diagnosis::HubFacts& facts) {
  if (!facts.files.contains(facts.hub.state_dir + "/keys.book")) return;
  std::vector<keys::SiteKeys> sites;
  for (const settings::Site& site : facts.sites)
    sites.push_back({.name = site.name, .pins = site.pins()});
  facts.pin_findings = daemon::findings_on_pins(facts.hub.state_dir, sites, facts.now);
}

}  // namespace

void add_doctor_options(CLI::App& command, DoctorOptions& options) {
  command.add_option("--cf", options.cf, "sendmail's configuration")
      ->type_name("FILE")
      ->capture_default_str();
}

int run_doctor(const DoctorOptions& options, bool as_json) {
  std::error_code ignored;
  const std::string file = std::filesystem::absolute(options.config_file, ignored).string();
  diagnosis::HubFacts facts = diagnosis::gather({.config_file = file,
                                                 .overrides = options.overrides,
                                                 .cf_file = options.cf,
                                                 .version = base::version()});
  add_pin_findings(facts);
  const std::vector<diagnosis::Finding> findings = diagnosis::examine(facts);
  std::cout << (as_json ? findings_json(facts, findings) : findings_text(facts, findings));
  const bool is_wrong = std::any_of(findings.begin(), findings.end(), [](const diagnosis::Finding& one) {
    return one.severity == diagnosis::Finding::Severity::kWrong;
  });
  return is_wrong ? EX_CONFIG : EX_OK;
}

}  // namespace tsmtp::cli
