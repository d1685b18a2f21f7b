// Asks a hub what it remembers of the way of a mail that went to it.
#pragma once

#include <functional>
#include <string>

#include "relayd/net/link_question.h"

namespace tsmtp::net {

/// Calls `done` as LinkQuestion::ask() does. The error says why there is no answer; a hub of an older release
/// is not asked.
void ask_trace(const SharedBySites& shared, SiteLink& link, const std::string& transaction,
               std::function<void(const base::Result<mail::Traced>&)> done);

}  // namespace tsmtp::net
