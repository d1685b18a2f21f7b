#include "relayd/net/forward/ftp_control.h"

namespace tsmtp::net {

base::Result<void> FtpControl::from_host(std::string_view bytes, forward::ProtocolOutput& out) {
  auto result = end_->from_host(bytes, out);
  session_->tell();
  return result;
}

base::Result<void> FtpControl::from_link(std::string_view bytes, forward::ProtocolOutput& out) {
  auto result = end_->from_link(bytes, out);
  session_->tell();
  return result;
}

}  // namespace tsmtp::net
