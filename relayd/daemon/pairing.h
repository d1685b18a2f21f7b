// The inviting side of pairing in the running relayd: gives out invitations, answers hubs that come with one,
// and makes their site when their key first shows up on the link. pairing/inviter decides about the answers.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "relayd/base/log.h"
#include "relayd/daemon/site_maker.h"
#include "relayd/ledger/expiry.h"
#include "relayd/net/pairing/exchange.h"
#include "relayd/net/tls/pairing_crypto.h"
#include "relayd/pairing/inviter.h"

namespace tsmtp::daemon {

class Pairing {
 public:
  /// `tls` and `log` are borrowed and outlive it.
  Pairing(std::string state_dir, const net::TlsContext& tls, SiteMaker sites, base::Logger& log);
  ~Pairing();
  Pairing(const Pairing&) = delete;
  Pairing& operator=(const Pairing&) = delete;

  /// Whether anybody is let in to pair.
  [[nodiscard]] bool takes_pairing() const { return !invitations_.empty(); }
  /// A connection that has agreed on the pairing protocol. `is_revoked`: its key, or one that it comes from,
  /// is refused here.
  void serve(std::unique_ptr<net::TlsStream> stream, bool is_revoked);
  /// Whether a hub with this key has joined, and its site is still to be made.
  [[nodiscard]] bool is_promised(const std::string& pin) const;
  /// Makes it: that key is there. The error has been logged. Where it could not be made, the next try waits
  /// for some seconds.
  [[nodiscard]] base::Result<void> fulfil(const std::string& pin);
  /// To be called when there are other sites.
  void settle();
  /// To be called every few seconds: writes what the disk did not take.
  void save_if_due();
  /// To be called now and then.
  void forget_old();

  // Replies to relayctl. `argument`: as control/pairing_request has it.
  [[nodiscard]] std::string invite(std::string_view argument);
  [[nodiscard]] std::string uninvite(std::string_view site);
  [[nodiscard]] std::string list(bool as_json) const;

 private:
  struct Open {
    std::string host;
    std::shared_ptr<net::Exchange> exchange;
  };

  void make_room(const std::string& host);
  [[nodiscard]] pairing::Answer answer(const pairing::Request& request, const pairing::Session& session,
                                       const std::string& from);
  [[nodiscard]] base::Result<void> note(const pairing::Invitation& taken_up);
  void log_answer(const pairing::Answer& answer, pairing::Judgement::Save save, const std::string& id,
                  const std::string& who) const;
  void complain(const std::string& text) const;
  [[nodiscard]] const std::string& own_pin() const { return tls_.keys().current->pin(); }
  [[nodiscard]] base::Result<void> save();
  [[nodiscard]] base::Result<pairing::Invitation> new_invitation(std::string_view argument) const;
  [[nodiscard]] base::Result<void> check_domains(const pairing::Invitation& wanted,
                                                 const pairing::Taken& taken) const;

  std::string state_dir_;
  const net::TlsContext& tls_;
  SiteMaker sites_;
  base::Logger& log_;
  net::PairingCrypto crypto_;
  pairing::Invitations invitations_;
  ledger::Expiry expiry_;
  bool is_saved_ = true;
  struct Failed {
    base::TimePoint next_try;
    std::string why;
  };
  std::map<std::string, Failed> failed_;  // sites that could not be made, by pin
  std::list<Open> exchanges_;             // the oldest first
};

}  // namespace tsmtp::daemon
