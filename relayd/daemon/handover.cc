#include "relayd/daemon/handover.h"

#include <sysexits.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/control/request.h"
#include "relayd/mux/hello.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/succession/successor.h"

namespace tsmtp::daemon {
namespace {

using base::LogLevel;
using Said = net::SuccessionWords;

constexpr std::chrono::milliseconds kPoll{200};

constexpr std::string_view kInstead =
    "; `relayd --check` and the log may say why, and a release that knows nothing of upgrades has to be "
    "started by a restart of relayd";

}  // namespace

void Handover::ask(Reply reply) {
  if (steps_.step() == Step::kServing) {
    if (const std::string objection = host_.objection(); !objection.empty())
      return reply(control::reply_error("no upgrade: " + objection, EX_UNAVAILABLE));
    reply_ = std::move(reply);
    trouble_.clear();
    needs_restart_ = false;
    is_stopping_ = false;
    return on(Event::kAsked);
  }
  reply(control::reply_error("another upgrade is under way", EX_TEMPFAIL));
}

bool Handover::is_due() const {
  return net::is_replaced(program_.path);
}

void Handover::on(Event event) {
  for (const Action action : steps_.on(event)) {
    switch (action) {
      case Action::kRefuse:
        break;  // ask() has
      case Action::kExecute:
        execute();
        break;
      case Action::kYieldLinks:
        host_.yield_links(*channel_, instance_);
        channel_->say(Said::kListen);
        break;
      case Action::kYieldClients:
        host_.yield_clients();
        channel_->say(Said::kServe);
        break;
      case Action::kTakeBack:
        channel_.reset();
        host_.take_back();
        break;
      case Action::kKill:
        net::kill_successor(process_);
        break;
      case Action::kFail:
        fail();
        break;
      case Action::kLeave:
        log_.log(LogLevel::kInfo, "upgrade: process " + std::to_string(successor_) +
                                      " serves; this one ends what it has begun");
        host_.leave(*channel_, successor_);
        answer(control::reply_ok("upgraded: process " + std::to_string(successor_) + " serves; process " +
                                 std::to_string(getpid()) + " ends what it has begun\n"));
        break;
      case Action::kDrain:
        host_.drain(!is_stopping_);
        break;
    }
  }
  expect_word();
}

void Handover::execute() {
  log_.log(LogLevel::kInfo, "upgrade: " + program_.path + " is started, to take over from this process");
  auto started = net::start_successor(program_.path, program_.arguments, host_.environment());
  if (!started) {
    trouble_ = started.error().message;
    successor_ = 0;
    return loop_.later([this] { on(Event::kGone); });
  }
  successor_ = started->pid;
  process_ = std::move(started->process);
  channel_ = std::make_unique<net::SuccessionChannel>(loop_.executor(), std::move(started->channel));
  channel_->listen([this](const std::string& word, const base::Descriptor&) { heard(word); });
  if (const auto lent = host_.lend(*channel_); !lent) {
    trouble_ = lent.error().message;
    needs_restart_ = true;
    loop_.later([this] { on(Event::kLate); });
  }
}

void Handover::heard(const std::string& word) {
  if (word.starts_with(Said::kReady)) {
    instance_ = base::unhex(word.substr(Said::kReady.size())).value_or("");
    return on(instance_.size() == mux::kInstanceBytes ? Event::kReady : Event::kLate);
  }
  if (word == Said::kLinked) return on(Event::kLinked);
  if (word == Said::kServing) return on(Event::kServes);
  if (word == Said::kStopping) {
    is_stopping_ = true;
    return on(Event::kStops);
  }
  if (word == Said::kKeysChanged) return host_.keys_changed();
  if (word.empty()) return ended();
  heard_trouble(word);
}

// It ends next, which is heard by itself.
void Handover::heard_trouble(const std::string& word) {
  if (word.starts_with(Said::kFailed) || word.starts_with(Said::kUnable)) {
    needs_restart_ = word.starts_with(Said::kUnable);
    trouble_ = base::escaped(word.substr(word.find(' ') + 1));
  }
  if (word.starts_with(Said::kNotExecuted)) {
    const int error = std::atoi(word.c_str() + Said::kNotExecuted.size());
    trouble_ = program_.path + ": cannot be executed (" + std::strerror(error) +
               "): install relayd for this machine, whole";
  }
}

void Handover::ended() {
  if (trouble_.empty()) trouble_ = program_.path + " ended before it could take over" + std::string(kInstead);
  const bool is_left = steps_.step() == Step::kLeaving;
  if (is_left) log_.log(LogLevel::kWarning, "upgrade: process " + std::to_string(successor_) + " has ended");
  on(is_left && host_.is_restarted_by_others() ? Event::kStops : Event::kGone);
}

void Handover::mention(const LeftBehind& left) {
  if (!channel_) return;
  for (const LeftBehind::Held& held : left.held)
    channel_->mention(std::string(Said::kHolds) + to_text(held));
  channel_->mention(std::string(Said::kLeft) + to_text(left));
}

base::Duration Handover::patience() const {
  switch (steps_.step()) {
    case Step::kStarting:
      return patience_.to_start;
    case Step::kLinking:
      return patience_.to_link;
    case Step::kYielding:
      return patience_.to_serve;
    case Step::kServing:
    case Step::kLeaving:
      break;
  }
  return base::Duration::max();
}

void Handover::expect_word() {
  if (patience() == base::Duration::max()) return;
  deadline_ = net::now() + patience();
  if (std::exchange(is_watched_, true)) return;
  loop_.every(kPoll, [this] {
    if (is_under_way() && net::now() < deadline_) return true;
    is_watched_ = false;
    if (is_under_way()) late();
    return false;
  });
}

void Handover::late() {
  if (trouble_.empty())
    trouble_ = program_.path + " did not take over in time, and was ended" + std::string(kInstead);
  on(Event::kLate);
}

void Handover::fail() {
  channel_.reset();
  if (trouble_.empty())
    trouble_ = program_.path + " did not keep to the order of an upgrade" + std::string(kInstead);
  log_.log(LogLevel::kError, "upgrade: failed, this process serves as before: " + trouble_);
  answer(control::reply_error("not upgraded, the running relayd serves as before: " + trouble_,
                              needs_restart_ ? EX_UNAVAILABLE : EX_OSERR));
}

void Handover::answer(std::string reply) {
  if (reply_) std::exchange(reply_, nullptr)(std::move(reply));
}

}  // namespace tsmtp::daemon
