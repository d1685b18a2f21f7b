// The checks of `relayctl doctor`, each in one row: its name, the sentence that relayctl(8) has of it, and
// the function that judges. Each looks at facts alone. One that does not know enough says nothing.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "relayd/diagnosis/hub/facts.h"
#include "relayd/diagnosis/hub/finding.h"

namespace tsmtp::diagnosis {

struct Check {
  std::string_view name;
  std::string_view sentence;  ///< as mdoc(7): what is well where it finds nothing
  void (*judge)(const HubFacts& facts, Report& report);
};

[[nodiscard]] std::span<const Check> checks();

/// The findings of all, those that are wrong first.
[[nodiscard]] std::vector<Finding> examine(const HubFacts& facts);

/// For people: a few lines for each finding, and a summary.
[[nodiscard]] std::string findings_text(const HubFacts& facts, const std::vector<Finding>& findings);
[[nodiscard]] std::string findings_json(const HubFacts& facts, const std::vector<Finding>& findings);

// By the rooms that they are about.
void check_configuration(const HubFacts& facts, Report& report);
void check_included(const HubFacts& facts, Report& report);
void check_overlaps(const HubFacts& facts, Report& report);
void check_loaded(const HubFacts& facts, Report& report);
void check_user(const HubFacts& facts, Report& report);
void check_permissions(const HubFacts& facts, Report& report);
void check_key(const HubFacts& facts, Report& report);
void check_pins(const HubFacts& facts, Report& report);
void check_rotation(const HubFacts& facts, Report& report);
void check_strangers(const HubFacts& facts, Report& report);
void check_invitations(const HubFacts& facts, Report& report);
void check_running(const HubFacts& facts, Report& report);
void check_binary(const HubFacts& facts, Report& report);
void check_links(const HubFacts& facts, Report& report);
void check_far_side(const HubFacts& facts, Report& report);
void check_versions(const HubFacts& facts, Report& report);
void check_forwards(const HubFacts& facts, Report& report);
void check_state(const HubFacts& facts, Report& report);
void check_audit(const HubFacts& facts, Report& report);
void check_descriptors(const HubFacts& facts, Report& report);
void check_services(const HubFacts& facts, Report& report);
void check_dial_names(const HubFacts& facts, Report& report);
void check_site_names(const HubFacts& facts, Report& report);
void check_host_name(const HubFacts& facts, Report& report);
void check_site_addresses(const HubFacts& facts, Report& report);
void check_endpoints(const HubFacts& facts, Report& report);
void check_listen(const HubFacts& facts, Report& report);
void check_packet_filter(const HubFacts& facts, Report& report);
void check_mta(const HubFacts& facts, Report& report);
void check_relaying(const HubFacts& facts, Report& report);
void check_clock(const HubFacts& facts, Report& report);
void check_disks(const HubFacts& facts, Report& report);
void check_load(const HubFacts& facts, Report& report);
void check_cf(const HubFacts& facts, Report& report);
void check_features(const HubFacts& facts, Report& report);
void check_restarted(const HubFacts& facts, Report& report);
void check_mailer(const HubFacts& facts, Report& report);
void check_mail_files(const HubFacts& facts, Report& report);
void check_tables_built(const HubFacts& facts, Report& report);
void check_mailertable(const HubFacts& facts, Report& report);
void check_closed_domains(const HubFacts& facts, Report& report);
void check_local_names(const HubFacts& facts, Report& report);
void check_senders(const HubFacts& facts, Report& report);
void check_access(const HubFacts& facts, Report& report);
void check_routes(const HubFacts& facts, Report& report);
void check_queue(const HubFacts& facts, Report& report);

}  // namespace tsmtp::diagnosis
