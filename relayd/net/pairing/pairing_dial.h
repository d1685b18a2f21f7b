// Asks the hub that has invited: finds it, connects to its addresses in turn, holds it to the key of the
// invitation before a byte is sent, says the request and brings the answer. A line that breaks is tried again
// a few times; a refusal is an answer.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "relayd/net/link/dialer.h"
#include "relayd/net/pairing/exchange.h"
#include "relayd/pairing/message.h"
#include "relayd/pairing/secret.h"
#include "relayd/pairing/token.h"

namespace tsmtp::net {

class PairingDial : public std::enable_shared_from_this<PairingDial> {
 public:
  struct Answered {
    pairing::Answer answer;
    std::string inviter_pin;  ///< the whole of it
  };
  using Done = std::function<void(const base::Result<Answered>&)>;

  struct Means {
    boost::asio::any_io_executor executor;
    const TlsContext& tls;
    const pairing::Crypto& crypto;
    /// Whether what the inviter shows is the key with this pin, and good (keys/judge).
    std::function<keys::Verdict(const keys::Shown&, const std::string& pin)> judge;
  };

  /// `request`: all but its proof. What `means` lends outlives it.
  PairingDial(Means means, pairing::Token token, pairing::Request request, Done done);
  /// Calls `done` once, within a minute. Keeps itself alive until then.
  void start();
  /// Calls nothing any more, and lets go of all.
  void cancel();

 private:
  [[nodiscard]] keys::Verdict judge(const keys::Shown& shown) const;
  void resolve();
  void connect_next();
  void ask(std::unique_ptr<TlsStream> stream);
  void failed(const std::string& cause);
  void finish(const base::Result<Answered>& answer);

  Means means_;
  pairing::Token token_;
  pairing::Request request_;
  Done done_;
  std::shared_ptr<Dialer> dialer_;
  std::shared_ptr<Exchange> exchange_;
  boost::asio::steady_timer timer_;     // of a step
  boost::asio::steady_timer deadline_;  // of all
  std::size_t addresses_ = 0;
  std::size_t next_ = 0;
  int rounds_ = 0;
  std::string last_cause_ = "no answer";
};

}  // namespace tsmtp::net
