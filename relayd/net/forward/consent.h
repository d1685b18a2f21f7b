// Consent, carried out: connections ask for it, relayctl and the commands of services answer, and whoever
// asked is told. forward::Approvals decides; here are its timer and the programs.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/lifetime.h"
#include "relayd/base/log.h"
#include "relayd/forward/approvals.h"
#include "relayd/net/forward/approve_commands.h"

namespace tsmtp::net {

class Consent {
 public:
  using Id = forward::Approvals::Id;
  using Verdict = forward::Approvals::Verdict;
  using Answered = std::function<void(const Verdict&)>;

  struct Request {
    forward::Approvals::Question question;
    base::Duration patience{};
    std::vector<std::string> command{};  ///< approve_command; empty: relayctl alone answers
    std::string protocol;                ///< for the command: "tcp"
  };

  /// `log` is borrowed and outlives it.
  Consent(const boost::asio::any_io_executor& executor, base::Logger& log);

  /// `answered` is called once, from the loop and never inside ask(), unless withdraw() was; it holds its
  /// object, or is guarded. The error says that too many wait.
  [[nodiscard]] base::Result<Id> ask(const Request& request, Answered answered);
  /// The connection is gone.
  void withdraw(Id id);

  /// As those of forward::Approvals.
  [[nodiscard]] base::Result<forward::Approvals::Question> approve(Id id, std::string_view by,
                                                                   std::optional<base::Duration> lasting);
  [[nodiscard]] base::Result<bool> deny(Id id, std::string_view cause);
  void take_back(std::string_view site, std::string_view service);
  [[nodiscard]] const forward::Approvals& approvals() const { return approvals_; }

 private:
  void by_command(Id id, const std::string& cause);
  void settle();
  void tell();

  forward::Approvals approvals_{{}};
  base::Logger& log_;
  boost::asio::steady_timer timer_;
  std::map<Id, Answered> askers_;
  base::Lifetime lifetime_;
  ApproveCommands commands_;
};

/// Whose yes it was, for the records of both hubs: "root via relayctl (for all until 2026-03-01T12:10:00Z)".
[[nodiscard]] std::string approved_by(const Consent::Verdict& verdict);

}  // namespace tsmtp::net
