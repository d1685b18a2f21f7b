// The sockets of the data connections of one FTP control connection, at one of its ends: listens for its
// host, and knows where the other end may have us connect to. It outlives the control connection as long as
// one of its data connections does.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/forward/ftp/ftp_host.h"
#include "relayd/forward/ftp/transfers.h"
#include "relayd/net/forward/data_listener.h"
#include "relayd/net/forward/pump.h"
#include "relayd/net/io/host_address.h"

namespace tsmtp::net {

class FtpSession : public forward::ftp::FtpHost, public std::enable_shared_from_this<FtpSession> {
 public:
  using Token = forward::ftp::Token;

  struct Means {
    boost::asio::any_io_executor executor;
    SiteLink& link;    ///< of the control connection; borrowed
    std::uint64_t id;  ///< of the control connection
    std::string service;
    forward::Side host;                        ///< what is beside us
    std::optional<HostsOfConnection> hosts{};  ///< unset: a unix socket
    std::optional<uid_t> user{};               ///< of the program, where it is on this machine
    Paces paces{};                             ///< of the service; borrowed
    std::chrono::seconds idle_limit{};
    /// A data connection of the host has come.
    std::function<void(FtpSession&, Token, ByteChannel::Socket)> accepted;
    std::function<void(const std::string&)> refused;  ///< a sentence for the log
    std::function<void(const forward::ftp::Transfer&)> transferred;
    std::function<void(const forward::Summary&)> counted;  ///< a data connection is over
  };

  explicit FtpSession(Means means) : means_(std::move(means)) {}

  [[nodiscard]] const Means& means() const { return means_; }
  [[nodiscard]] forward::ftp::Sides sides() const;
  [[nodiscard]] forward::ftp::Transfers& transfers() { return transfers_; }
  /// Tells of the transfers that have ended.
  void tell();

  // FtpHost
  [[nodiscard]] base::Result<base::HostPort> listen(Token token) override;
  void expect(Token token, const base::HostPort& where) override;
  void forget(Token token) override;
  void refused(const std::string& what) override { means_.refused(what); }

  /// Where the other end may connect to under `token`; only once, and not for ever.
  [[nodiscard]] std::optional<base::HostPort> take_expected(Token token);

  // What becomes of data connections. `by_host`: it came from our host.
  void opened(Token token, bool by_host);
  void used(base::TimePoint when) { last_used_ = std::max(last_used_, when); }
  void closed(Token token, bool by_host, std::uint64_t bytes, bool in_order);
  /// The control connection is gone.
  void control_gone();

  [[nodiscard]] base::TimePoint last_used() const { return last_used_; }
  [[nodiscard]] bool is_over() const { return is_control_gone_ && open_ == 0; }

 private:
  struct Expected {
    base::HostPort where;
    base::TimePoint until;
  };
  [[nodiscard]] forward::ftp::DataName name_of(Token token, bool by_host) const;

  Means means_;
  forward::ftp::Transfers transfers_;
  std::map<Token, std::shared_ptr<DataListener>> listeners_;
  std::map<Token, Expected> expected_;
  std::size_t open_ = 0;  // data connections
  base::TimePoint last_used_{};
  bool is_control_gone_ = false;
};

}  // namespace tsmtp::net
