// What is known of a connection when it is over: one line of the log and one record of the audit at each of
// the two hubs. Envelope only, never content (P8).
#pragma once

#include <cstdint>
#include <string>

#include "relayd/base/clock.h"

namespace tsmtp::forward {

/// Which end of the connection is at this hub.
enum class Side : std::uint8_t { kProgram, kService };

struct Summary {
  Side side = Side::kProgram;
  std::string site{};
  std::string service{};
  std::uint64_t id = 0;
  std::uint16_t data_token = 0;  ///< of a data connection, which belongs to connection `id`; else 0
  std::string user{};            ///< of the program, as its hub calls it; empty: not known
  std::string client{};          ///< the program's address; empty: a unix socket
  base::WallTime begun{};
  base::Duration duration{};
  std::uint64_t to_service = 0;  ///< bytes
  std::uint64_t from_service = 0;
  std::string approved_by{};  ///< empty: nobody had to
  bool was_refused = false;   ///< it never reached the service
  std::string end{};          ///< "closed by the program", or why it was refused or broken off; escaped
};

/// "birl: forward to imap, connection 0123456789abcdef of user alice from 127.0.0.1:4711"; escaped.
[[nodiscard]] std::string name_of(const Summary& summary);

/// A line for the log, without line end.
[[nodiscard]] std::string to_line(const Summary& summary);

/// "0123456789abcdef", as both hubs write it.
[[nodiscard]] std::string id_text(std::uint64_t id);

}  // namespace tsmtp::forward
