// The FTP control connections with one site, of its programs and of ours, and their data connections, which
// are streams of their own: finds the control connection that a stream belongs to, and decides whether it may
// be.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "relayd/base/lifetime.h"
#include "relayd/forward/message.h"
#include "relayd/forward/summary.h"
#include "relayd/net/forward/far_connection.h"
#include "relayd/net/forward/ftp_session.h"
#include "relayd/net/forward/near_connection.h"
#include "relayd/net/forward/shared_by_forwards.h"
#include "relayd/settings/site.h"

namespace tsmtp::net {

class DataConnections {
 public:
  /// `shared` and `site` are borrowed and outlive it.
  DataConnections(const SharedByForwards& shared, const settings::Site& site)
      : shared_(shared), site_(site) {}
  ~DataConnections();
  DataConnections(const DataConnections&) = delete;
  DataConnections& operator=(const DataConnections&) = delete;

  struct Control {
    SiteLink& link;  ///< borrowed
    std::uint64_t id;
    std::string service;
    std::function<void(const forward::Summary&)>
        counted;  ///< told of each of its data connections that is over
  };
  /// The protocol for a control connection with `socket`, of a program here to a service there.
  [[nodiscard]] std::unique_ptr<forward::Protocol> of_program(const Control& of, ByteChannel::Socket& socket);
  /// And of a program there to a service here. `paces` are borrowed until end_all() of the service.
  [[nodiscard]] std::unique_ptr<forward::Protocol> of_service(const Control& of,
                                                              const settings::Service& service, Paces paces,
                                                              ByteChannel::Socket& socket);

  /// The peer asks for a data connection: where that goes. The error is for the peer.
  [[nodiscard]] base::Result<FarConnection::Admission> judge(const forward::Request& request);
  // Of one that judge() has let in.
  void used(const FarConnection& connection);
  void ended(const forward::Summary& summary);

  void tick();
  /// Breaks off those that a service here has opened, or all that our side has.
  void end_all(const std::string& service, const std::string& cause);
  void stop(const std::string& cause);

 private:
  using Key = std::pair<std::uint64_t, FtpSession::Token>;
  struct Opened {
    std::shared_ptr<NearConnection> connection;
    std::shared_ptr<FtpSession> session;
  };
  [[nodiscard]] FtpSession::Means means_of(const Control& of, forward::Side host);
  void accepted(FtpSession& session, FtpSession::Token token, ByteChannel::Socket socket);
  void finish(FtpSession& session, const forward::Summary& summary, bool by_host);
  void log(std::uint64_t id, const std::string& service, const std::string& what);
  void transferred(const forward::ftp::TransferRecord& record);

  const SharedByForwards& shared_;
  const settings::Site& site_;
  base::Lifetime lifetime_;
  std::vector<std::shared_ptr<FtpSession>> sessions_;
  std::vector<Opened> opened_;                           // by us
  std::map<Key, std::shared_ptr<FtpSession>> admitted_;  // that the peer has opened
};

}  // namespace tsmtp::net
