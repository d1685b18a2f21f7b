// Whose connection it is, for endpoints that only some users of this machine may use: asked of the kernel,
// which knows the owner of either end of a connection within the machine (sock_diag(7), unix(7)).
#pragma once

#include <sys/types.h>

#include <boost/asio/generic/stream_protocol.hpp>

#include "relayd/base/result.h"

namespace tsmtp::net {

/// The user whose socket is at the other end of `socket`, an accepted one. The error says why that cannot be
/// known: it is not a connection within this machine, or the other end is gone already.
[[nodiscard]] base::Result<uid_t> user_of_peer(boost::asio::generic::stream_protocol::socket& socket);

}  // namespace tsmtp::net
