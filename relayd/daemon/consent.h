// What relayctl asks about connections that wait for a person's yes: the list, a yes, a no.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/base/log.h"
#include "relayd/control/approvals.h"
#include "relayd/net/forward/consent.h"
#include "relayd/settings/config.h"

namespace tsmtp::daemon {

/// For the record. A user who has gained root's rights is root here.
[[nodiscard]] std::string person(std::optional<uid_t> user);

/// `now` and `wall` are the same moment.
[[nodiscard]] control::ApprovalsShown approvals_shown(const forward::Approvals& approvals,
                                                      base::TimePoint now, base::WallTime wall);

/// The whole replies to `approve` and `deny`. `argument`: what stood behind the command; `user`: whose
/// relayctl it is.
[[nodiscard]] std::string approve(net::Consent& consent, base::Logger& log, std::string_view argument,
                                  std::optional<uid_t> user);
[[nodiscard]] std::string deny(net::Consent& consent, base::Logger& log, std::string_view argument,
                               std::optional<uid_t> user);

/// A reload: what was approved for a while does not hold for a service that is another now.
void take_back_changed(net::Consent& consent, const settings::Config& before, const settings::Config& after);

}  // namespace tsmtp::daemon
