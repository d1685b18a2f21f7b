// Answers the request `probe`: how the way to a site stands, and what the site says to a sender and a
// recipient.
#pragma once

#include <string_view>

#include "relayd/net/control/request_server.h"
#include "relayd/net/shared_by_sites.h"
#include "relayd/net/site.h"

namespace tsmtp::daemon {

/// `site` is null if no site has the name that was asked for. All is borrowed; `shared` outlives the reply.
void probe(const net::SharedBySites& shared, const net::Site* site, std::string_view argument,
           const net::RequestServer::Reply& reply);

}  // namespace tsmtp::daemon
