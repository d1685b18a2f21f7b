// A relayd that is replaced by another one while it runs: starts it, lends it everything, and is told by
// succession.h what to do when. Must never leave this hub without a relayd that serves.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/base/descriptor.h"
#include "relayd/base/log.h"
#include "relayd/base/result.h"
#include "relayd/daemon/left_behind.h"
#include "relayd/daemon/succession.h"
#include "relayd/net/io/event_loop.h"
#include "relayd/net/succession/channel.h"

namespace tsmtp::daemon {

class Handover {
 public:
  /// What is executed: never what somebody names who asks for it.
  struct Program {
    std::string path;
    std::vector<std::string> arguments;
  };
  struct Host {
    /// Why it cannot be done at all; empty: it can.
    std::function<std::string()> objection;
    /// Of the new one, beside ours.
    std::function<std::vector<std::string>()> environment;
    /// Says on the channel what is lent.
    std::function<base::Result<void>(net::SuccessionChannel&)> lend;
    /// To the one that other hubs know by `instance`. Says what it is to wait for.
    std::function<void(net::SuccessionChannel&, const std::string& instance)> yield_links;
    std::function<void()> yield_clients;
    std::function<void()> take_back;
    /// What is left is its own to end; sessions of clients go to `successor` by the channel, between two
    /// mails.
    std::function<void(net::SuccessionChannel&, pid_t successor)> leave;
    /// `is_waited_for`: the next relayd is started in a moment, and wants the ledger.
    std::function<void(bool is_waited_for)> drain;
    /// The book of keys on the disk is another.
    std::function<void()> keys_changed;
    /// Whether somebody else starts relayd anew when `successor` has been killed: then we are not to.
    std::function<bool()> is_restarted_by_others;
  };
  using Reply = std::function<void(std::string)>;
  /// How long the new one may take.
  struct Patience {
    /// It reads its configuration and all that we lend. Longer than the slowest machine takes that is not
    /// broken.
    std::chrono::milliseconds to_start{60'000};
    /// It says by itself, sooner, that links are not up.
    std::chrono::milliseconds to_link{20'000};
    /// Nobody is served meanwhile.
    std::chrono::milliseconds to_serve{3'000};
  };

  /// `loop` and `log` are borrowed and outlive it.
  Handover(net::EventLoop& loop, base::Logger& log, Program program, Host host)
      : Handover(loop, log, std::move(program), std::move(host), Patience()) {}
  Handover(net::EventLoop& loop, base::Logger& log, Program program, Host host, Patience patience)
      : loop_(loop), log_(log), program_(std::move(program)), host_(std::move(host)), patience_(patience) {}

  /// `reply` is called once, with what relayctl is to hear. EX_OSERR: the new one has failed. EX_UNAVAILABLE:
  /// only a restart can do it. EX_TEMPFAIL: not now.
  void ask(Reply reply);
  /// The file at the program's path is another one than this process executes.
  [[nodiscard]] bool is_due() const;
  /// This relayd is to stop.
  void stopped() { on(HandingOver::Event::kStopped); }

  /// Another relayd is being made ready: what changes the state would be lost on it.
  [[nodiscard]] bool is_under_way() const {
    return steps_.step() != HandingOver::Step::kServing && steps_.step() != HandingOver::Step::kLeaving;
  }
  /// The successor is told what we still have.
  void mention(const LeftBehind& left);
  /// The successor has been sent all that was said to it.
  [[nodiscard]] bool has_said_all() const { return !channel_ || channel_->is_flushed(); }
  /// The service manager looks at the successor.
  void service_is_given() {
    if (channel_) (void)channel_->say(net::SuccessionWords::kService);
  }
  [[nodiscard]] bool is_leaving() const { return steps_.step() == HandingOver::Step::kLeaving; }

 private:
  using Event = HandingOver::Event;
  using Action = HandingOver::Action;
  using Step = HandingOver::Step;
  void on(Event event);
  void execute();
  void heard(const std::string& word);
  void heard_trouble(const std::string& word);
  void ended();
  [[nodiscard]] base::Duration patience() const;
  void expect_word();
  void late();
  void fail();
  void answer(std::string reply);

  net::EventLoop& loop_;
  base::Logger& log_;
  Program program_;
  Host host_;
  Patience patience_;
  HandingOver steps_;
  std::unique_ptr<net::SuccessionChannel> channel_;
  pid_t successor_ = 0;
  base::Descriptor process_;  // of the successor
  std::string instance_;      // of the successor
  Reply reply_;
  std::string trouble_;         // why it fails
  bool needs_restart_ = false;  // and whether a restart would not
  base::TimePoint deadline_;
  bool is_watched_ = false;
  bool is_stopping_ = false;  // the successor, in good order
};

}  // namespace tsmtp::daemon
