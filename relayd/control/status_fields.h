// Every field of status, in the order of `relayctl status --json`: what text, JSON, metrics and relayctl(8)
// are made from.
#pragma once

#include "relayd/control/field.h"
#include "relayd/control/status.h"

namespace tsmtp::control {

/// The lines of `relayctl status`, in their order. A line that has nothing to say is left out.
enum class HubLine {
  kHub,
  kPredecessor,
  kConfiguration,
  kReload,
  kKey,
  kKeyAge,
  kListen,
  kEndpoints,
  kAudit,
  kShortage,
  kLog,
  kLedger,
  kWitness,
  kSharing,
  kSiteLedger,
  kSessionsRefused,
  kConnectionsRefused,
  kKeysRefused,
};
enum class SiteLine {
  kLink,
  kDialled,
  kHubs,
  kEndpoints,
  kFarMta,
  kMta,
  kMails,
  kRefusedMails,
  kForwards,
  kServices,
  kTls,
  kKeys
};

[[nodiscard]] const Fields<HubStatus>& hub_fields();
[[nodiscard]] const Fields<SiteStatus>& site_fields();

/// A label's value, with its quotes. The format knows few escapes.
[[nodiscard]] std::string label_value(std::string_view value);

}  // namespace tsmtp::control
