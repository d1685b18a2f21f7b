// Answers the request `trace`: the way of a mail, as we remember it, and as the hub at the other side of the
// link does.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "relayd/mail/recent_mails.h"
#include "relayd/net/control/request_server.h"
#include "relayd/net/shared_by_sites.h"
#include "relayd/net/site.h"

namespace tsmtp::daemon {

/// All is borrowed; `shared` outlives the reply.
void trace(const net::SharedBySites& shared, const std::vector<std::unique_ptr<net::Site>>& sites,
           std::string_view argument, const net::RequestServer::Reply& reply);

}  // namespace tsmtp::daemon
