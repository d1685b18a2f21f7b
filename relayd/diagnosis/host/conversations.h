// Connections to many addresses at once, and what is said there. Each is given the same time.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "relayd/base/host_port.h"
#include "relayd/base/result.h"

namespace tsmtp::diagnosis {

/// One connection: a greeting, then questions, each of a line and with a reply.
struct Conversation {
  base::HostPort to;   ///< a numeric address, or a unix socket
  std::string from{};  ///< the address to come from; empty: any
  bool greets = true;  ///< else it is well once it is connected
  std::vector<std::string> questions{};
  std::vector<std::string> replies{};  ///< the greeting first; of several lines the last
  std::string trouble{};               ///< why there are not more
};

/// Blocks until all have ended; so many are under way at once, and have `patience` together.
void converse(std::span<Conversation> all, std::size_t at_once, std::chrono::milliseconds patience);

/// Asks the unix socket at `path`, and has all that it says until it closes.
[[nodiscard]] base::Result<std::string> ask_within(const std::string& path, const std::string& request,
                                                   std::chrono::milliseconds patience);

}  // namespace tsmtp::diagnosis
