#include "relayd/net/endpoint/endpoint_holder.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "relayd/base/time_of_day.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/io/descriptor_message.h"
#include "relayd/net/io/listening.h"

namespace tsmtp::net {
namespace {

constexpr std::chrono::seconds kRetry{5};
constexpr std::chrono::seconds kGoodbye{2};      // for a client to read our 421
constexpr std::chrono::milliseconds kTurn{500};  // the longest wait before time-outs are looked after
constexpr std::size_t kMaxTurned = 64;
constexpr std::size_t kMaxRelayds = 8;
constexpr std::size_t kMaxHeld = 4096;

bool is_ours(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == 0 || peer.uid == geteuid());
}

}  // namespace

EndpointHolder::Bound EndpointHolder::bind(const std::vector<base::HostPort>& endpoints, base::Logger& log) {
  Bound bound;
  for (const base::HostPort& address : endpoints)
    if (!address.is_unix()) bound.missing[address.to_string()] = address;
  bind_missing(bound, log);
  return bound;
}

base::Result<std::unique_ptr<EndpointHolder>> EndpointHolder::open(const std::string& path, Bound bound,
                                                                   base::Logger& log) {
  auto listener = listen_for_datagrams(path);
  if (!listener) return listener.error();
  std::unique_ptr<EndpointHolder> holder(new EndpointHolder(std::move(*listener), std::move(bound), log));
  holder->unserved_since_ = now();
  holder->unserved_since_text_ = base::time_of_day(wall_now(), wall_now());
  holder->next_try_ = now() + kRetry;
  return holder;
}

void EndpointHolder::run(std::optional<std::chrono::milliseconds> at_least_every,
                         const std::function<void()>& in_each_turn) {
  const int longest = at_least_every ? static_cast<int>(at_least_every->count()) : -1;
  for (;;) {
    in_each_turn();
    std::vector<pollfd> all = watched(now());
    const bool has_timers = !is_served() || !bound_.missing.empty() || !turned_.empty();
    if (poll(all.data(), all.size(), has_timers ? static_cast<int>(kTurn.count()) : longest) < 0 &&
        errno != EINTR)
      poll(nullptr, 0, static_cast<int>(kTurn.count()));  // out of memory: it passes
    for (const pollfd& one : all)
      if (one.revents != 0) on_readable(one.fd, now());
    std::erase_if(turned_, [](const Turned& turned) { return turned.until <= now(); });
    if (next_try_ > now()) continue;
    next_try_ = now() + kRetry;
    bind_missing(bound_, log_);
  }
}

bool EndpointHolder::is_served() const {
  return std::any_of(relayds_.begin(), relayds_.end(),
                     [](const Relayd& relayd) { return relayd.is_serving; });
}

bool EndpointHolder::turns_clients_away(base::TimePoint now) const {
  return !is_served() && now >= unserved_since_ + kGracePeriod && turned_.size() < kMaxTurned;
}

std::vector<pollfd> EndpointHolder::watched(base::TimePoint now) const {
  std::vector<pollfd> all;
  const auto watch = [&](const base::Descriptor& one) {
    all.push_back({.fd = one.get(), .events = POLLIN, .revents = 0});
  };
  watch(listener_);
  for (const Relayd& relayd : relayds_)
    watch(relayd.socket);
  for (const Turned& turned : turned_)
    watch(turned.socket);
  if (turns_clients_away(now))
    for (const auto& [address, socket] : bound_.held)
      watch(socket);
  return all;
}

void EndpointHolder::on_readable(int descriptor, base::TimePoint now) {
  if (descriptor == listener_.get()) return accept_relayd();
  const auto relayd = std::find_if(relayds_.begin(), relayds_.end(),
                                   [&](const Relayd& known) { return known.socket.get() == descriptor; });
  if (relayd != relayds_.end()) {
    if (hear(*relayd)) return;
    const bool was_served = is_served();
    relayds_.erase(relayd);
    if (!was_served || is_served()) return;
    unserved_since_ = now;
    unserved_since_text_ = base::time_of_day(wall_now(), wall_now());
    return;
  }
  const auto turned = std::find_if(turned_.begin(), turned_.end(),
                                   [&](const Turned& known) { return known.socket.get() == descriptor; });
  if (turned == turned_.end()) return turn_away(descriptor, now);
  char ignored[512];
  if (recv(descriptor, ignored, sizeof ignored, MSG_DONTWAIT) <= 0) turned_.erase(turned);
}

void EndpointHolder::accept_relayd() {
  base::Descriptor socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.is_open()) return;
  if (is_ours(socket.get()) && relayds_.size() < kMaxRelayds)
    relayds_.push_back({.socket = std::move(socket), .said = {}, .is_serving = false});
}

// False when it is gone, or has not kept to what was agreed.
bool EndpointHolder::hear(Relayd& relayd) {
  auto message = receive_message(relayd.socket.get());
  if (!message) return errno == EAGAIN;
  if (message->text.empty()) return false;
  const int socket = relayd.socket.get();
  if (message->text == HolderWords::kTake) {
    for (const auto& [address, held] : bound_.held)
      if (!send_message(socket, address, held.get(), 0)) return false;
    return send_message(socket, HolderWords::kDone, -1, 0);
  }
  if (message->text == HolderWords::kServing) {
    bound_ = {.held = std::exchange(relayd.said, {}), .missing = {}, .complaints = {}};
    relayd.is_serving = true;
    return send_message(socket, HolderWords::kDone, -1, 0);
  }
  if (relayd.said.size() >= kMaxHeld || listening_address(message->descriptor.get()) != message->text)
    return false;
  relayd.said[message->text] = std::move(message->descriptor);
  return true;
}

void EndpointHolder::turn_away(int listening, base::TimePoint now) {
  base::Descriptor client(accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!client.is_open()) return;
  const std::string reply =
      "421 4.3.2 relayd is not running on this hub since " + unserved_since_text_ + "; its log says why\r\n";
  (void)!send(client.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
  shutdown(client.get(), SHUT_WR);
  turned_.push_back({.socket = std::move(client), .until = now + kGoodbye});
}

void EndpointHolder::bind_missing(Bound& bound, base::Logger& log) {
  std::erase_if(bound.missing, [&](const auto& wanted) {
    auto socket = listen_tcp(wanted.second);
    if (socket) {
      bound.held[wanted.first] = std::move(*socket);
      return true;
    }
    std::string& said = bound.complaints[wanted.first];
    if (said != socket.error().message) log.log(base::LogLevel::kError, said = socket.error().message);
    return false;
  });
}

}  // namespace tsmtp::net
