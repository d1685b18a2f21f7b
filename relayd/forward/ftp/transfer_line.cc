#include "relayd/forward/ftp/transfer_line.h"

#include <fmt/format.h>

#include "relayd/base/bytes.h"

namespace tsmtp::forward::ftp {

std::string ending_of(const Transfer& transfer) {
  const std::string code = transfer.code == 0 ? "no reply" : std::to_string(transfer.code);
  return transfer.was_cut ? code + ", data connection cut" : code;
}

std::string to_line(const TransferRecord& record) {
  const Transfer& one = record.transfer;
  const std::string name = one.name.empty() ? "" : " \"" + base::escaped(one.name) + '"';
  return fmt::format("{}: service {}, connection {:016x}: {}{}, {} bytes, {}", record.site, record.service,
                     record.id, one.verb, name, one.bytes, ending_of(one));
}

}  // namespace tsmtp::forward::ftp
