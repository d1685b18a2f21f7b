#include "mailertable/following/follow.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sysexits.h>
#include <syslog.h>

#include <atomic>
#include <csignal>
#include <ctime>
#include <random>
#include <string>
#include <thread>

#include "mailertable/following/service_notices.h"
#include "mailertable/routes/publishing_pace.h"
#include "mailertable/routes/retry_pace.h"

namespace tsmtp::mailertable {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

std::atomic<bool> is_stopped = false;
std::atomic<bool> is_asked_to_look = false;

void on_signal(int number) {
  (number == SIGHUP ? is_asked_to_look : is_stopped) = true;
}

std::string time_of_day() {
  return fmt::format("{:%H:%M:%S}", fmt::localtime(std::time(nullptr)));
}

class Follower {
 public:
  Follower(DirectoryReader& reader, Publication& publication, LogTo log)
      : reader_(reader), publication_(publication), log_(log) {}

  void run() {
    manager_.starting("reading the directory");
    while (!is_stopped) {
      manager_.alive(Clock::now());
      const auto changed = reader_.follow(wait());
      const auto now = Clock::now();
      if (!changed)
        lost(changed.error().message);
      else
        heard(*changed, now);
      if (is_stopped || !reader_.content().is_whole()) continue;
      const bool is_asked = is_asked_to_look.exchange(false);
      if (is_asked) manager_.reloading();
      if (is_asked || now >= pace_.due()) publish();
    }
    manager_.stopping();
  }

 private:
  void say(const std::string& text) const {
    if (log_ == LogTo::kSyslog)
      ::syslog(LOG_NOTICE, "%s", text.c_str());
    else
      fmt::print(stderr, "tsmtp-routes: {}\n", text);
  }

  /// Short enough for signals.
  [[nodiscard]] milliseconds wait() const {
    constexpr milliseconds kLongest{250};
    const auto left = std::chrono::ceil<milliseconds>(pace_.due() - Clock::now());
    return std::clamp(left, milliseconds(1), kLongest);
  }

  void heard(bool is_changed, Clock::time_point now) {
    if (is_changed) pace_.changed(now);
    if (!reader_.content().is_whole()) return;
    retry_.succeeded();
    if (std::string how = reader_.how(); down_since_ || how != how_) {
      say((down_since_ ? "the directory can be read again at " : "the directory is read at ") + how);
      if (down_since_ && !standing_.empty()) manager_.stands(standing_);
      how_ = std::move(how);
      down_since_.reset();
      cause_.clear();
    }
  }

  // Once, until it is back or the cause is another: it may be away for a day.
  void lost(const std::string& cause) {
    constexpr std::chrono::minutes kLeastPause{1};
    const auto now = Clock::now();
    if (!down_since_) down_since_ = time_of_day();
    manager_.stands("the directory cannot be read since " + *down_since_ +
                    ", and the tables stay as they are: " + cause);
    if (cause_.empty() || (cause != cause_ && now - told_ > kLeastPause)) {
      say("the directory cannot be read since " + *down_since_ +
          "; the tables stay as they are, and it is tried again: " + cause);
      cause_ = cause;
      told_ = now;
    }
    const auto until = Clock::now() + retry_.wait(chance_(random_));
    for (auto at = now; !is_stopped && at < until; at = Clock::now()) {
      manager_.alive(at);
      std::this_thread::sleep_for(milliseconds(50));
    }
  }

  void publish() {
    const Published result = publication_.publish(reader_.content());
    pace_.published(Clock::now());
    std::string text = result.text();
    // The same again, a minute later, is no news.
    if (text != said_) {
      std::string_view rest = text;
      while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        say(std::string(rest.substr(0, end)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
      if (!result.is_done()) say("the tables stay as they are");
    }
    if (result.is_changed && result.is_done())
      say(fmt::format("the tables are made anew, {} lines", result.lines));
    else if (result.is_done() && had_errors_)
      say("the directory's entries are right again");
    standing_ = result.is_done()
                    ? fmt::format("the tables are as the directory says, {} lines; it is read at {}",
                                  result.lines, how_)
                    : "the tables stay as they are: " + text.substr(0, text.find('\n'));
    manager_.stands(standing_);
    had_errors_ = !result.is_done();
    said_ = std::move(text);
  }

  DirectoryReader& reader_;
  Publication& publication_;
  const LogTo log_;
  ServiceNotices manager_;
  PublishingPace pace_;
  RetryPace retry_;
  std::optional<std::string> down_since_;
  std::string cause_;  ///< that was told
  Clock::time_point told_;
  std::string how_;
  std::string standing_;  ///< of the tables, for the service manager
  std::string said_;
  bool had_errors_ = false;
  std::minstd_rand random_{std::random_device{}()};
  std::uniform_real_distribution<double> chance_{0, 1};
};

}  // namespace

int follow(DirectoryReader& reader, Publication& publication, LogTo log) {
  if (log == LogTo::kSyslog) ::openlog("tsmtp-routes", LOG_PID, LOG_MAIL);
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (const int number : {SIGTERM, SIGINT, SIGHUP})
    ::sigaction(number, &action, nullptr);
  Follower(reader, publication, log).run();
  return EX_OK;
}

}  // namespace tsmtp::mailertable
