// What is recorded of a transfer of FTP: a line of the log here, and a record of the audit.
#pragma once

#include <cstdint>
#include <string>

#include "relayd/forward/ftp/transfers.h"

namespace tsmtp::forward::ftp {

/// How a service says on the link that it is FTP (docs/protocol.md, "Forwards").
inline constexpr char kOfferParameter[] = "ftp";

struct TransferRecord {
  std::string site;
  std::string service;
  std::uint64_t id = 0;  ///< of the control connection
  Transfer transfer;
};

/// How it ended, in a few words: "226", "426, data connection cut".
[[nodiscard]] std::string ending_of(const Transfer& transfer);
/// Without line end; the name is escaped.
[[nodiscard]] std::string to_line(const TransferRecord& record);

}  // namespace tsmtp::forward::ftp
