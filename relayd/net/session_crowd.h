// Which of a site's sessions makes room for a newcomer when there are as many as may be: whoever comes with
// many drives out his own, and a program that opens sessions and does nothing with them is no reason to
// refuse our MTA.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/net/intake_connection.h"

namespace tsmtp::net {

/// Null: none may be asked to go. Else one of `sessions` that is not leaving yet. Of the source that has
/// most, if that is more than the newcomer's would have: one that idles, or else has said nothing for
/// longest, unless it waits for the reply to its mail. Of any other, one that has been idle for 10 seconds at
/// least.
[[nodiscard]] std::shared_ptr<IntakeConnection> one_to_leave(
    const std::set<std::shared_ptr<IntakeConnection>>& sessions, const std::string& newcomer,
    base::TimePoint now);

/// The same where the link is full of mails. Null, or one that is not whole yet, and of which nothing has
/// come for a second, where its source has more mails under way than the newcomer's would have; else one
/// whose client has left it alone for ten.
[[nodiscard]] std::shared_ptr<IntakeConnection> one_to_give_up(
    const std::set<std::shared_ptr<IntakeConnection>>& sessions, const std::string& newcomer,
    base::TimePoint now);

/// Those that are served: neither refused nor about to close.
[[nodiscard]] std::size_t served_of(const std::set<std::shared_ptr<IntakeConnection>>& sessions);

/// Null: none. Else the one of those that only linger, so that their last words are read, which does so for
/// longest.
[[nodiscard]] std::shared_ptr<IntakeConnection> one_that_lingers(
    const std::set<std::shared_ptr<IntakeConnection>>& sessions);

}  // namespace tsmtp::net
