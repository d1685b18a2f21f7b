// The keys of relayd.toml, one row each: what a reader, a reload and the manual know of them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "relayd/settings/config.h"
#include "relayd/settings/hub.h"
#include "relayd/settings/key.h"
#include "relayd/settings/ledger.h"
#include "relayd/settings/site.h"

namespace tsmtp::settings {

/// The keys of each section, in the order of the manual.
[[nodiscard]] std::span<const Key<Hub>> hub_keys();
[[nodiscard]] std::span<const Key<Ledger>> ledger_keys();
[[nodiscard]] std::span<const Key<Site>> site_keys();
[[nodiscard]] std::span<const Key<SiteHub>> site_hub_keys();
[[nodiscard]] std::span<const Key<Service>> service_keys();
[[nodiscard]] std::span<const Key<Forward>> forward_keys();

/// The first key that differs and cannot be changed without a restart, as "hub.name"; empty if none does.
[[nodiscard]] std::string restart_needed(const Config& running, const Config& wanted);

/// How the manual's entry of a key begins, as mdoc(7): the key, its sentence, and what may stand there, what
/// its default is, and whether a change needs a restart.
struct ManualEntry {
  std::string key;  ///< "hub.name"
  std::string head;
};

/// Of every key, in the order of the manual.
[[nodiscard]] std::vector<ManualEntry> manual_entries();

}  // namespace tsmtp::settings
