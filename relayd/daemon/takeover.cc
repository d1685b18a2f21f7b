#include "relayd/daemon/takeover.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::daemon {
namespace {

using Said = net::SuccessionWords;

constexpr std::chrono::seconds kToLend{30};
constexpr std::chrono::milliseconds kLinkPoll{5};
// A site whose link is not up by then has none, or its hub has yet to hear of us. Mail for it waits as it
// does in an interruption.
constexpr std::chrono::seconds kUntilLinked{5};

// Until its end.
std::string text_in(int pipe) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t bytes = read(pipe, buffer.data(), buffer.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(bytes));
  }
}

bool is_with_descriptor(std::string_view word) {
  return word.starts_with(Said::kSocket) || word == Said::kKeys || word == Said::kWriting ||
         word == Said::kKeeper || word == Said::kNews;
}

}  // namespace

base::Result<std::unique_ptr<Takeover>> Takeover::meet(net::EventLoop& loop, int descriptor) {
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET)
    return base::Error{"--succeed is for relayd itself: it needs the socket of a relayd that runs"};
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  std::unique_ptr<Takeover> takeover(new Takeover(loop, base::Descriptor(descriptor)));
  if (auto ok = takeover->receive(); !ok) return ok.error();
  return takeover;
}

base::Result<void> Takeover::receive() {
  for (;;) {
    auto said = channel_.wait_for_word(kToLend);
    if (!said) return base::Error{"the relayd that runs has not lent what it has"};
    const std::string_view word = said->text;
    if (word == Said::kLent) return {};
    if (is_with_descriptor(word) && !said->descriptor.is_open())
      return base::Error{"out of file descriptors: what the relayd that runs lends does not arrive"};
    if (word.starts_with(Said::kInstance))
      lent_.instance = base::unhex(word.substr(Said::kInstance.size())).value_or("");
    if (word.starts_with(Said::kState)) lent_.state_dir = word.substr(Said::kState.size());
    if (word.starts_with(Said::kSocket))
      lent_.sockets[std::string(word.substr(Said::kSocket.size()))] = std::move(said->descriptor);
    if (word == Said::kKeys) lent_.keys = text_in(said->descriptor.get());
    if (word == Said::kWriting) lent_.ledger.writing = std::move(said->descriptor);
    if (word == Said::kKeeper) lent_.keeper = std::move(said->descriptor);
    if (word == Said::kNews) lent_.ledger.news = std::move(said->descriptor);
  }
}

void Takeover::fail(const std::string& why) {
  (void)channel_.say(std::string(needs_restart_ ? Said::kUnable : Said::kFailed) + why);
}

void Takeover::fail(int descriptor, const std::string& why) {
  const std::string word =
      (std::string(Said::kFailed) + why).substr(0, net::SuccessionChannel::kMaxWordBytes);
  (void)!send(descriptor, word.data(), word.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Takeover::ready(const std::string& instance, Host host) {
  host_ = std::move(host);
  (void)channel_.say(std::string(Said::kReady) +
                     base::hex(instance));  // if the other one is gone, that is heard next
  channel_.listen([this](const std::string& word, base::Descriptor descriptor) {
    if (word.starts_with(Said::kSession))
      return host_.go_on_with(word.substr(Said::kSession.size()), std::move(descriptor));
    heard(word);
  });
}

void Takeover::heard(const std::string& word) {
  if (word.starts_with(Said::kInTouch)) in_touch_.push_back(word.substr(Said::kInTouch.size()));
  if (word == Said::kListen) return on(Event::kListen);
  if (word == Said::kServe) return on(Event::kServe);
  if (word == Said::kService) return host_.become_service();
  if (word.starts_with(Said::kHolds) || word.starts_with(Said::kLeft)) heard_left(word);
  if (!word.empty()) return;
  left_behind_.reset();
  on(Event::kGone);
}

void Takeover::heard_left(const std::string& word) {
  if (word.starts_with(Said::kLeft)) {
    left_behind_ = parse_left_behind(word.substr(Said::kLeft.size()));
    if (left_behind_) left_behind_->held = std::exchange(held_, {});
  } else if (const auto held = parse_held(word.substr(Said::kHolds.size()));
             held && held_.size() < LeftBehind::kMostHeld) {
    held_.push_back(*held);
  }
}

void Takeover::on(Event event) {
  for (const Action action : steps_.on(event)) {
    switch (action) {
      case Action::kStartLinks:
        host_.start_links();
        watch_links();
        break;
      case Action::kSayLinked:
        (void)channel_.say(Said::kLinked);
        break;
      case Action::kServe:
        host_.serve();
        break;
      case Action::kSayServing:
        (void)channel_.say(Said::kServing);
        break;
      case Action::kBecomeOnlyOne:
        host_.other_gone();
        break;
    }
  }
}

void Takeover::watch_links() {
  const base::TimePoint deadline = net::now() + kUntilLinked;
  loop_.every(kLinkPoll, [this, deadline] {
    if (steps_.step() != TakingOver::Step::kLinking) return false;
    const bool is_linked = std::all_of(in_touch_.begin(), in_touch_.end(), host_.is_in_touch);
    if (!is_linked && net::now() < deadline) return true;
    on(Event::kLinked);
    return false;
  });
}

}  // namespace tsmtp::daemon
