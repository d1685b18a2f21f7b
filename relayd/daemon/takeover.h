// A relayd that takes over from one that runs, as the one that was started for it: what it was lent, and when
// it is to do what (succession.h).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/descriptor.h"
#include "relayd/base/log.h"
#include "relayd/base/result.h"
#include "relayd/daemon/left_behind.h"
#include "relayd/daemon/succession.h"
#include "relayd/net/io/event_loop.h"
#include "relayd/net/ledger/transaction_ledger.h"
#include "relayd/net/succession/channel.h"

namespace tsmtp::daemon {

class Takeover {
 public:
  struct Lent {
    std::string instance;  ///< 16 bytes
    std::string state_dir;
    std::string keys;                                 ///< as net::text_of(OwnKeys)
    std::map<std::string, base::Descriptor> sockets;  ///< by address
    net::TransactionLedger::Borrowed ledger;
    base::Descriptor keeper;  ///< daemon/keeper.h; closed: there is none
  };
  struct Host {
    std::function<void()> start_links;
    /// Whether that hub has told how its MTA stands.
    std::function<bool(const std::string& hub)> is_in_touch;
    std::function<void()> serve;
    /// The service manager looks at this process from now on.
    std::function<void()> become_service;
    /// The other one has given a session away: `session` is as SuccessionWords::kSession says.
    std::function<void(const std::string& session, base::Descriptor socket)> go_on_with;
    /// Nothing is the other one's any more.
    std::function<void()> other_gone;
  };

  /// `descriptor` is the argument of --succeed. Waits until everything is lent. `loop` is borrowed and
  /// outlives it.
  [[nodiscard]] static base::Result<std::unique_ptr<Takeover>> meet(net::EventLoop& loop, int descriptor);

  [[nodiscard]] Lent& lent() { return lent_; }
  /// It does not come to it.
  void fail(const std::string& why);
  /// The same, before anything was lent: `descriptor` as in meet().
  static void fail(int descriptor, const std::string& why);
  /// What makes it fail next does not stand in the way of a restart.
  void needs_restart(bool is_so) { needs_restart_ = is_so; }
  /// Nothing is left that can fail.
  void ready(const std::string& instance, Host host);
  /// What the other one still has; nothing: it is gone, or has not said.
  [[nodiscard]] const std::optional<LeftBehind>& left_behind() const { return left_behind_; }
  [[nodiscard]] bool serves() const { return steps_.step() == TakingOver::Step::kServing || is_alone(); }
  /// The other one is gone.
  [[nodiscard]] bool is_alone() const { return steps_.step() == TakingOver::Step::kAlone; }
  /// This relayd is to stop.
  void stopping() { (void)channel_.say(net::SuccessionWords::kStopping); }
  void keys_changed() { (void)channel_.say(net::SuccessionWords::kKeysChanged); }

 private:
  using Event = TakingOver::Event;
  using Action = TakingOver::Action;
  Takeover(net::EventLoop& loop, base::Descriptor channel)
      : loop_(loop), channel_(loop.executor(), std::move(channel)) {}
  [[nodiscard]] base::Result<void> receive();
  void heard(const std::string& word);
  void heard_left(const std::string& word);
  void on(Event event);
  void watch_links();

  net::EventLoop& loop_;
  net::SuccessionChannel channel_;
  Lent lent_;
  Host host_;
  TakingOver steps_;
  std::optional<LeftBehind> left_behind_;
  std::vector<LeftBehind::Held> held_;  // of that which is said next
  std::vector<std::string> in_touch_;   // the other one, with these
  bool needs_restart_ = false;
};

}  // namespace tsmtp::daemon
