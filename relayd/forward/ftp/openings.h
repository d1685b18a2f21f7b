// The data connections that an end of a control connection has made possible and that have not come yet: a
// few, the oldest makes room.
#pragma once

#include <cstddef>
#include <deque>

#include "relayd/forward/ftp/ftp_host.h"

namespace tsmtp::forward::ftp {

class Openings {
 public:
  /// A client that pipelines has said PORT again before the server has connected to the first.
  static constexpr std::size_t kMax = 4;

  /// `host` outlives this.
  explicit Openings(FtpHost& host) : host_(host) {}

  /// For a client's next PASV; the earlier ones are over.
  [[nodiscard]] base::Result<base::HostPort> listen_alone(Token token);
  [[nodiscard]] base::Result<base::HostPort> listen(Token token);
  void expect_alone(Token token, const base::HostPort& where);
  void expect(Token token, const base::HostPort& where);
  void forget(Token token);

 private:
  void forget_all();
  void make_room();

  FtpHost& host_;
  std::deque<Token> tokens_;
};

}  // namespace tsmtp::forward::ftp
