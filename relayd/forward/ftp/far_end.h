// The end of a control connection where the FTP server is. It has the policy: the commands that are refused,
// TLS, and that a data connection goes to the server and nowhere else. No address of this side goes over the
// link.
#pragma once

#include <string>
#include <vector>

#include "relayd/forward/ftp/awaited_replies.h"
#include "relayd/forward/ftp/command.h"
#include "relayd/forward/ftp/openings.h"
#include "relayd/forward/ftp/reply.h"
#include "relayd/forward/ftp/transfers.h"
#include "relayd/forward/protocol.h"

namespace tsmtp::forward::ftp {

struct FarPolicy {
  std::vector<std::string> refuse;  ///< commands, in any case
  bool blind_tls = false;           ///< AUTH TLS is passed on
};

class FarEnd final : public Protocol {
 public:
  /// `host` and `transfers` outlive this.
  FarEnd(Sides sides, FarPolicy policy, FtpHost& host, Transfers& transfers);

  [[nodiscard]] base::Result<void> from_host(std::string_view bytes, ProtocolOutput& out) override;
  [[nodiscard]] base::Result<void> from_link(std::string_view bytes, ProtocolOutput& out) override;

 private:
  [[nodiscard]] base::Result<void> take_commands(std::string_view& bytes, ProtocolOutput& out);
  [[nodiscard]] base::Result<void> take(const Line& line, ProtocolOutput& out);
  [[nodiscard]] base::Result<void> take(const Command& command, ProtocolOutput& out);
  [[nodiscard]] base::Result<void> passive(const Command& command, ProtocolOutput& out);
  [[nodiscard]] base::Result<void> active(const Command& command, ProtocolOutput& out);
  [[nodiscard]] base::Result<void> secure(const Command& command, ProtocolOutput& out);
  [[nodiscard]] base::Result<void> pass_on(const Command& command, Awaited awaited, ProtocolOutput& out);
  [[nodiscard]] base::Result<void> answer(int code, std::string_view text);
  [[nodiscard]] bool is_refused(std::string_view verb) const;
  [[nodiscard]] base::Result<void> take(const ReplyLine& line, ProtocolOutput& out);
  [[nodiscard]] std::string shown(const ReplyLine& line, const Awaited* awaited);
  [[nodiscard]] std::string expect(const ReplyLine& line, Token token);
  [[nodiscard]] base::Result<void> finish(Awaited& awaited, const ReplyLine& line);

  Sides sides_;
  FarPolicy policy_;
  FtpHost& host_;
  Transfers& transfers_;
  Openings openings_;
  LineReader commands_;
  ReplyReader replies_;
  AwaitedReplies awaited_;
  Token last_token_ = 0;
  bool is_opaque_ = false;  // TLS between client and server
};

}  // namespace tsmtp::forward::ftp
