// What is known of a transaction when it is over: the one line that the log gets. Envelope and outcome, never
// content (P8).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::mail {

enum class Direction { kOut, kIn };

struct Summary {
  Direction direction = Direction::kOut;
  std::string site;
  std::string transaction;  ///< the identifier, raw bytes
  std::string sender;       ///< without angle brackets
  std::vector<std::string> recipients;
  std::uint64_t size_bytes = 0;  ///< of content seen
  smtp::Reply reply;             ///< the verdict, or what stood in its place
  base::Duration took{};
};

/// "out birlinghoven 3f…: from=<a@b> to=<c@d> size=4096 reply=\"250 2.0.0 ok\" took=12ms"; escaped.
[[nodiscard]] std::string to_line(const Summary& summary);

}  // namespace tsmtp::mail
