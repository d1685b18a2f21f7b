// The joining side of pairing in the running relayd: asks the hub that has invited what it offers, shows
// that, and at the second word makes the site. Whether an offer is good, pairing/joiner decides.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "relayd/base/lifetime.h"
#include "relayd/base/log.h"
#include "relayd/control/pairing_request.h"
#include "relayd/daemon/site_maker.h"
#include "relayd/net/control/request_server.h"
#include "relayd/net/pairing/pairing_dial.h"
#include "relayd/net/tls/pairing_crypto.h"

namespace tsmtp::daemon {

class Joining {
 public:
  /// `tls` and `log` are borrowed and outlive it.
  Joining(boost::asio::any_io_executor executor, const net::TlsContext& tls, std::string own_pin,
          SiteMaker sites, base::Logger& log);

  /// `argument`: of the request `join`. The reply to relayctl comes once, perhaps much later. Its body is the
  /// site's name, a line, and then text for people.
  void join(std::string_view argument, net::RequestServer::Reply reply);

 private:
  void answered(const control::JoinRequest& asked, const pairing::Token& token,
                const base::Result<net::PairingDial::Answered>& answer,
                const net::RequestServer::Reply& reply);
  [[nodiscard]] std::string description(const pairing::NewSite& site, const pairing::Token& token) const;
  [[nodiscard]] std::string make(const pairing::NewSite& site);

  boost::asio::any_io_executor executor_;
  const net::TlsContext& tls_;
  std::string own_pin_;
  SiteMaker sites_;
  base::Logger& log_;
  net::PairingCrypto crypto_;
  bool is_under_way_ = false;
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::daemon
