// The end of a control connection where the FTP client is. It tells the client of data connections at an
// address of this hub, and sends nothing to the other end that names an address of this side; it lets the
// client name nobody but itself (RFC 2577).
#pragma once

#include <string>

#include "relayd/forward/ftp/awaited_replies.h"
#include "relayd/forward/ftp/command.h"
#include "relayd/forward/ftp/openings.h"
#include "relayd/forward/ftp/reply.h"
#include "relayd/forward/protocol.h"

namespace tsmtp::forward::ftp {

class NearEnd final : public Protocol {
 public:
  /// `host` outlives this.
  NearEnd(Sides sides, FtpHost& host) : sides_(std::move(sides)), host_(host), openings_(host) {}

  [[nodiscard]] base::Result<void> from_host(std::string_view bytes, ProtocolOutput& out) override;
  [[nodiscard]] base::Result<void> from_link(std::string_view bytes, ProtocolOutput& out) override;
  [[nodiscard]] std::string refusal(std::string_view cause) const override;

 private:
  [[nodiscard]] base::Result<void> take_commands(std::string_view& bytes, ProtocolOutput& out);
  [[nodiscard]] base::Result<void> take(const Line& line, ProtocolOutput& out);
  [[nodiscard]] base::Result<void> take(const Command& command, ProtocolOutput& out);
  [[nodiscard]] base::Result<void> passive(const Command& command, ProtocolOutput& out);
  [[nodiscard]] base::Result<void> active(const Command& command, ProtocolOutput& out);
  [[nodiscard]] bool is_client(const std::string& host) const;
  [[nodiscard]] base::Result<void> pass_on(const Command& command, Awaited awaited, ProtocolOutput& out);
  [[nodiscard]] base::Result<void> answer(int code, std::string_view text);
  [[nodiscard]] base::Result<void> take(const ReplyLine& line, ProtocolOutput& out);
  [[nodiscard]] base::Result<void> finish(Awaited& awaited, const ReplyLine& line);
  [[nodiscard]] std::string listen(Asked asked, std::string_view reply_text);

  Sides sides_;
  FtpHost& host_;
  Openings openings_;
  LineReader commands_;
  ReplyReader replies_;
  AwaitedReplies awaited_;
  Token last_token_ = 0;
  bool extended_only_ = false;  // the client said EPSV ALL
  bool is_opaque_ = false;      // TLS between client and server
};

}  // namespace tsmtp::forward::ftp
