#include "relayd/diagnosis/host/conversations.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "relayd/base/descriptor.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::diagnosis {
namespace {

constexpr std::size_t kMostBytesSaid = 65536;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

std::optional<Address> address_of(const base::HostPort& place) {
  Address out;
  if (place.is_unix()) {
    sockaddr_un name{};
    if (place.unix_path.size() >= sizeof name.sun_path) return std::nullopt;
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, place.unix_path.data(), place.unix_path.size());
    std::memcpy(&out.storage, &name, sizeof name);
    out.size = sizeof name;
    return out;
  }
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, place.host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(place.port);
    std::memcpy(&out.storage, &v4, sizeof v4);
    out.size = sizeof v4;
  } else if (::inet_pton(AF_INET6, place.host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(place.port);
    std::memcpy(&out.storage, &v6, sizeof v6);
    out.size = sizeof v6;
  } else {
    return std::nullopt;
  }
  return out;
}

/// The last line of a whole reply in `received`, which is taken out; nothing while it is not whole.
std::optional<std::string> next_reply(std::string& received) {
  for (std::size_t begin = 0; begin < received.size();) {
    const std::size_t end = received.find('\n', begin);
    if (end == received.npos) return std::nullopt;
    std::string line = received.substr(begin, end - begin);
    if (line.ends_with('\r')) line.pop_back();
    begin = end + 1;
    constexpr std::size_t kCode = 3;
    if (line.size() > kCode && line[kCode] == '-' && line.find_first_not_of("0123456789") == kCode) continue;
    received.erase(0, begin);
    return line;
  }
  return std::nullopt;
}

/// One conversation under way.
class Talk {
 public:
  explicit Talk(Conversation& about) : about_(about) { begin(); }

  [[nodiscard]] bool has_ended() const { return has_ended_; }
  [[nodiscard]] pollfd wish() const {
    return {socket_.get(), static_cast<short>(is_connected_ ? POLLIN : POLLOUT), 0};
  }

  void go_on() {
    if (!is_connected_) {
      int error = 0;
      socklen_t size = sizeof error;
      ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) return end(std::strerror(error));
      is_connected_ = true;
      if (!about_.greets) has_ended_ = true;
      return;
    }
    std::array<char, 4096> piece{};
    const ssize_t got = ::recv(socket_.get(), piece.data(), piece.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got < 0) return end(std::strerror(errno));
    if (got == 0) return end("it closes the connection without a word");
    received_.append(piece.data(), static_cast<std::size_t>(got));
    while (auto reply = next_reply(received_)) {
      about_.replies.push_back(*std::move(reply));
      if (!ask_next()) return;
    }
    if (received_.size() > kMostBytesSaid) end("it says more than any MTA");
  }

  void give_up() {
    if (has_ended_) return;
    end(!is_connected_           ? "connection timed out"
        : about_.replies.empty() ? "it takes the connection, and says nothing"
                                 : "it does not answer in time");
  }

 private:
  void begin() {
    const auto to = address_of(about_.to);
    if (!to) return end("no address");
    socket_ =
        base::Descriptor(::socket(to->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket_.get() < 0) return end(std::strerror(errno));
    if (!about_.from.empty()) {
      const auto from = address_of({.host = about_.from, .port = 0, .unix_path = {}});
      if (!from || ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&from->storage), from->size) != 0)
        return end("cannot come from " + about_.from + ": " + std::strerror(errno));
    }
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to->storage), to->size) != 0 &&
        errno != EINPROGRESS)
      end(std::strerror(errno));
  }

  bool ask_next() {
    const std::size_t asked = about_.replies.size() - 1;
    const bool is_over = asked >= about_.questions.size();
    const std::string line = (is_over ? "QUIT" : about_.questions[asked]) + "\r\n";
    // A line always fits into an empty socket.
    (void)::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL);
    if (is_over) has_ended_ = true;
    return !is_over;
  }

  void end(std::string trouble) {
    about_.trouble = std::move(trouble);
    has_ended_ = true;
  }

  Conversation& about_;
  base::Descriptor socket_;
  std::string received_;
  bool is_connected_ = false;
  bool has_ended_ = false;
};

int milliseconds_until(base::TimePoint deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - net::now());
  return static_cast<int>(std::max<long long>(left.count(), 0));
}

void converse_together(std::span<Conversation> all, std::chrono::milliseconds patience) {
  std::vector<Talk> talks;
  talks.reserve(all.size());
  for (Conversation& one : all)
    talks.emplace_back(one);
  const base::TimePoint deadline = net::now() + patience;
  while (true) {
    std::vector<pollfd> wishes;
    std::vector<Talk*> of;
    for (Talk& talk : talks) {
      if (talk.has_ended()) continue;
      wishes.push_back(talk.wish());
      of.push_back(&talk);
    }
    const int wait = milliseconds_until(deadline);
    if (wishes.empty() || wait == 0) break;
    if (::poll(wishes.data(), wishes.size(), wait) < 0 && errno != EINTR) break;
    for (std::size_t i = 0; i < wishes.size(); ++i)
      if (wishes[i].revents != 0) of[i]->go_on();
  }
  for (Talk& talk : talks)
    talk.give_up();
}

}  // namespace

void converse(std::span<Conversation> all, std::size_t at_once, std::chrono::milliseconds patience) {
  for (; !all.empty(); all = all.subspan(std::min(at_once, all.size())))
    converse_together(all.first(std::min(at_once, all.size())), patience);
}

base::Result<std::string> ask_within(const std::string& path, const std::string& request,
                                     std::chrono::milliseconds patience) {
  const auto to = address_of({.host = {}, .port = 0, .unix_path = path});
  const base::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!to || socket.get() < 0) return base::Error{path + " is no path of a socket"};
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to->storage), to->size) != 0 ||
      ::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
    return base::Error{std::strerror(errno)};
  const base::TimePoint deadline = net::now() + patience;
  std::string received;
  while (true) {
    pollfd wish{socket.get(), POLLIN, 0};
    if (::poll(&wish, 1, milliseconds_until(deadline)) == 0)
      return base::Error{"it does not answer within " + std::to_string(patience.count() / 1000) + " s"};
    std::array<char, 65536> piece{};
    const ssize_t got = ::recv(socket.get(), piece.data(), piece.size(), 0);
    if (got < 0 && errno != EAGAIN && errno != EINTR) return base::Error{std::strerror(errno)};
    if (got == 0) break;
    if (got > 0) received.append(piece.data(), static_cast<std::size_t>(got));
  }
  return base::Result<std::string>(boost::system::in_place_value, std::move(received));
}

}  // namespace tsmtp::diagnosis
