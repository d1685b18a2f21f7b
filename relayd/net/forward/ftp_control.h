// The protocol of an FTP control connection as its pump has it: an end of forward/ftp, and the session with
// the sockets of its data connections.
#pragma once

#include <memory>

#include "relayd/forward/protocol.h"
#include "relayd/net/forward/ftp_session.h"

namespace tsmtp::net {

class FtpControl : public forward::Protocol {
 public:
  /// `end` was made for `session`.
  FtpControl(std::shared_ptr<FtpSession> session, std::unique_ptr<forward::Protocol> end)
      : session_(std::move(session)), end_(std::move(end)) {}
  ~FtpControl() override { session_->control_gone(); }
  FtpControl(const FtpControl&) = delete;
  FtpControl& operator=(const FtpControl&) = delete;

  [[nodiscard]] base::Result<void> from_host(std::string_view bytes, forward::ProtocolOutput& out) override;
  [[nodiscard]] base::Result<void> from_link(std::string_view bytes, forward::ProtocolOutput& out) override;
  [[nodiscard]] std::string refusal(std::string_view cause) const override { return end_->refusal(cause); }
  [[nodiscard]] base::TimePoint last_used() const override { return session_->last_used(); }

 private:
  std::shared_ptr<FtpSession> session_;  // outlives the end, which has its host here
  std::unique_ptr<forward::Protocol> end_;
};

}  // namespace tsmtp::net
