#include "relayd/daemon/handover.h"

#include <sysexits.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/control/request.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/succession/successor.h"

namespace tsmtp::daemon {
namespace {

using base::LogLevel;
using Said = net::SuccessionWords;

constexpr std::chrono::milliseconds kPoll{200};

// It reads its configuration and all that we lend. Longer than the slowest machine takes that is not broken.
constexpr std::chrono::seconds kToStart{60};
// It says by itself, sooner, that links are not up.
constexpr std::chrono::seconds kToLink{20};
// Nobody is served meanwhile.
constexpr std::chrono::seconds kToServe{3};

base::Duration patience_at(HandingOver::Step step) {
  using Step = HandingOver::Step;
  switch (step) {
    case Step::kStarting:
      return kToStart;
    case Step::kLinking:
      return kToLink;
    case Step::kYielding:
      return kToServe;
    case Step::kServing:
    case Step::kLeaving:
      break;
  }
  return base::Duration::max();
}

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
        if (successor_ > 0) kill(successor_, SIGKILL);
        break;
      case Action::kFail:
        fail();
        break;
      case Action::kLeave:
        log_.log(LogLevel::kInfo, "upgrade: process " + std::to_string(successor_) +
                                      " serves; this one ends when what it has begun is over");
        host_.leave(successor_);
        channel_->say(Said::kService);
        answer(control::reply_ok("upgraded: process " + std::to_string(successor_) + " serves; process " +
                                 std::to_string(getpid()) + " ends when what it has begun is over\n"));
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
    return loop_.later([this] { on(Event::kGone); });
  }
  successor_ = started->pid;
  channel_ = std::make_unique<net::SuccessionChannel>(loop_.executor(), std::move(started->channel));
  channel_->listen([this](const std::string& word) { heard(word); });
  if (const auto lent = host_.lend(*channel_); !lent) {
    trouble_ = lent.error().message;
    needs_restart_ = true;
    loop_.later([this] { on(Event::kLate); });
  }
}

void Handover::heard(const std::string& word) {
  if (word.starts_with(Said::kReady)) {
    instance_ = base::unhex(word.substr(Said::kReady.size())).value_or("");
    return on(Event::kReady);
  }
  if (word == Said::kLinked) return on(Event::kLinked);
  if (word == Said::kServing) return on(Event::kServes);
  if (word == Said::kStopping) {
    is_stopping_ = true;
    return on(Event::kStops);
  }
  if (word == Said::kKeysChanged) return host_.keys_changed();
  needs_restart_ = needs_restart_ || word.starts_with(Said::kUnable);
  if (word.starts_with(Said::kFailed) || word.starts_with(Said::kUnable)) {
    trouble_ = base::escaped(word.substr(word.find(' ') + 1));
    return;  // it ends next
  }
  const bool is_left = steps_.step() == Step::kLeaving;
  if (is_left) log_.log(LogLevel::kWarning, "upgrade: process " + std::to_string(successor_) + " has ended");
  on(is_left && host_.is_restarted_by_others() ? Event::kStops : Event::kGone);
}

void Handover::mention(const LeftBehind& left) {
  if (channel_) channel_->mention(std::string(Said::kLeft) + to_text(left));
}

void Handover::expect_word() {
  const base::Duration patience = patience_at(steps_.step());
  if (patience == base::Duration::max()) return;
  deadline_ = net::now() + patience;
  if (std::exchange(is_watched_, true)) return;
  loop_.every(kPoll, [this] {
    if (is_under_way() && net::now() < deadline_) return true;
    is_watched_ = false;
    if (is_under_way()) on(Event::kLate);
    return false;
  });
}

void Handover::fail() {
  channel_.reset();
  if (trouble_.empty())
    trouble_ = program_.path +
               " ended, or hung, before it could take over: `relayd --check` may say why; or it is a release "
               "that knows nothing of upgrades: restart relayd instead";
  log_.log(LogLevel::kError, "upgrade: failed, this process serves as before: " + trouble_);
  answer(control::reply_error("not upgraded, the running relayd serves as before: " + trouble_,
                              needs_restart_ ? EX_UNAVAILABLE : EX_OSERR));
}

void Handover::answer(std::string reply) {
  if (reply_) std::exchange(reply_, nullptr)(std::move(reply));
}

}  // namespace tsmtp::daemon
