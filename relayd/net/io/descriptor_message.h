// Datagrams between processes of this host, each with one descriptor or none (unix(7), SCM_RIGHTS): relayd
// and its witness, relayd and the holder of its endpoints.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/descriptor.h"

namespace tsmtp::net {

/// Longer ones are cut.
inline constexpr std::size_t kMaxDescriptorMessageBytes = 1024;

struct DescriptorMessage {
  std::string text;  ///< empty: the other end has closed
  base::Descriptor descriptor;
};

/// Sends `text`, and a duplicate of `descriptor` unless it is negative. False with errno set if it cannot.
/// `flags` as for sendmsg(2); no SIGPIPE.
[[nodiscard]] bool send_message(int socket, std::string_view text, int descriptor, int flags);

/// Waits for a datagram. Nothing with errno set where there is none.
[[nodiscard]] std::optional<DescriptorMessage> receive_message(int socket);

}  // namespace tsmtp::net
