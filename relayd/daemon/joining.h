// The joining side of pairing in the running relayd: asks the hub that has invited what it offers, shows
// that, and at the second word makes the site. Whether an offer is good, pairing/joiner decides.
#pragma once

#include <functional>
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
  struct Means {
    boost::asio::any_io_executor executor;
    const net::TlsContext& tls;
    std::function<keys::Verdict(const keys::Shown&, const std::string& pin)> judge;  ///< as PairingDial's
  };

  /// What `means` lends, and `log`, outlive it.
  Joining(Means means, SiteMaker sites, base::Logger& log);
  ~Joining();
  Joining(const Joining&) = delete;
  Joining& operator=(const Joining&) = delete;

  /// `argument`: of the request `join`. The reply to relayctl comes once, perhaps much later. Its body is a
  /// line, and then text for people. The line is the site's name, and after a look also what names the offer:
  /// it has to come back with the final request, which agrees to this offer and no other.
  void join(std::string_view argument, net::RequestServer::Reply reply);

 private:
  struct Asked {
    control::JoinRequest request;
    pairing::Token token;
    std::vector<std::string> own_domains;  ///< that we have said
  };

  [[nodiscard]] std::string known_here(const settings::Site& site, const pairing::Taken& taken) const;
  void dial(const Asked& asked, net::RequestServer::Reply reply);
  [[nodiscard]] std::string answered(const Asked& asked,
                                     const base::Result<net::PairingDial::Answered>& answer);
  [[nodiscard]] std::string description(const pairing::NewSite& site, const pairing::Token& token) const;
  [[nodiscard]] const keys::Shown& own_keys() const { return means_.tls.keys().current->shown(); }
  [[nodiscard]] std::string make(const pairing::NewSite& site);

  Means means_;
  SiteMaker sites_;
  base::Logger& log_;
  net::PairingCrypto crypto_;
  bool is_under_way_ = false;
  std::weak_ptr<net::PairingDial> dial_;
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::daemon
