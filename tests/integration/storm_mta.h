// An MTA that says anything at any time, and knows what it has taken.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : generator_(seed) {}
  [[nodiscard]] int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(generator_); }
  [[nodiscard]] bool one_in(int n) { return below(n) == 0; }

 private:
  std::mt19937_64 generator_;
};

/// Sends in random pieces, so that no end of a line is the end of a segment for long.
inline void send_in_pieces(Connection& connection, std::string_view bytes, Dice& dice) {
  while (!bytes.empty()) {
    const std::size_t size = dice.one_in(3)
                                 ? bytes.size()
                                 : 1 + static_cast<std::size_t>(dice.below(static_cast<int>(bytes.size())));
    if (!connection.send(bytes.substr(0, size))) return;
    bytes.remove_prefix(size);
  }
}

/// What it took, by token and recipient. It never takes a mail of which it does not say so: that would be RFC
/// 1047's window.
class StormMta {
 public:
  StormMta(std::uint16_t port, std::uint64_t seed)
      : seed_(seed), listener_(listen_on(port)), acceptor_([this] { accept_loop(); }) {}
  ~StormMta() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_)
        shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& session : sessions_)
      session.join();
  }
  StormMta(const StormMta&) = delete;
  StormMta& operator=(const StormMta&) = delete;

  [[nodiscard]] int times(const std::string& token, const std::string& recipient) const {
    const std::lock_guard lock(mutex_);
    const auto found = taken_.find({token, recipient});
    return found == taken_.end() ? 0 : found->second;
  }

 private:
  struct Mail {
    std::vector<std::string> recipients;
    std::string token;
  };

  void accept_loop() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      const std::lock_guard lock(mutex_);
      open_.insert(fd);
      const std::uint64_t seed = seed_ + ++served_;
      sessions_.emplace_back([this, fd, seed] {
        Dice dice(seed);
        {
          Connection connection(dup(fd));
          serve(connection, dice);
        }
        const std::lock_guard gone(mutex_);
        open_.erase(fd);
        close(fd);
      });
    }
  }

  /// Says one of what an MTA may say, and whether that was `usual`. Nothing usual may follow a 421.
  bool say(Connection& connection, Dice& dice, const std::string& usual, int seldom, bool& ends) {
    if (!dice.one_in(seldom)) {
      send_in_pieces(connection, usual, dice);
      return true;
    }
    static const std::vector<std::string> kUnusual{"451 4.3.0 not now\r\n",
                                                   "550 5.1.1 no\r\n",
                                                   "421 4.3.2 going down\r\n",
                                                   "452-4.2.2 a reply\r\n452 4.2.2 of two lines\r\n",
                                                   "",
                                                   "500 5.5.1 what?\r\n"};
    const std::string& said =
        kUnusual[static_cast<std::size_t>(dice.below(static_cast<int>(kUnusual.size())))];
    send_in_pieces(connection, said, dice);
    ends = said.empty() || said.starts_with("421");
    return false;
  }

  void serve(Connection& connection, Dice& dice) {
    bool ends = false;
    if (!say(connection, dice, "220 storm.mta ESMTP\r\n", 60, ends)) return;
    Mail mail;
    while (!ends) {
      const auto line = connection.line();
      if (!line) return;
      if (line->starts_with("EHLO"))
        send_in_pieces(connection, "250-storm.mta\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 0\r\n", dice);
      else if (line->starts_with("MAIL"))
        mail = {}, (void)say(connection, dice, "250 2.1.0 ok\r\n", 25, ends);
      else if (line->starts_with("RCPT")) {
        if (say(connection, dice, "250 2.1.5 ok\r\n", 7, ends))
          mail.recipients.push_back(line->substr(9, line->find('>') - 9));
      } else if (line->starts_with("DATA"))
        ends = !take_content(connection, dice, mail);
      else if (line->starts_with("QUIT"))
        return (void)connection.send("221 2.0.0 bye\r\n");
      else
        send_in_pieces(connection, "250 2.0.0 ok\r\n", dice);
    }
  }

  /// False when it closes the connection.
  bool take_content(Connection& connection, Dice& dice, const Mail& envelope) {
    bool ends = false;
    if (envelope.recipients.empty()) return connection.send("503 5.5.1 nobody to deliver to\r\n");
    if (dice.one_in(40)) {  // takes it back in the same segment
      (void)connection.send(dice.one_in(2) ? "354 go on\r\n421 4.3.2 going down\r\n"
                                           : "354 go on\r\n452 4.3.1 no, do not\r\n");
      return false;
    }
    if (!say(connection, dice, "354 go on\r\n", 25, ends)) return !ends;
    std::string token;
    for (;;) {
      const auto line = connection.line();
      if (!line) return false;
      if (line->starts_with("Token: ")) token = line->substr(7, line->size() - 9);
      if (*line == ".\r\n") break;
    }
    if (dice.one_in(12)) {
      (void)say(connection, dice, "451 4.3.0 not now\r\n", 2, ends);
      return !ends;
    }
    {
      const std::lock_guard lock(mutex_);
      for (const std::string& recipient : envelope.recipients)
        ++taken_[{token, recipient}];
    }
    send_in_pieces(connection, "250 2.0.0 taken\r\n", dice);
    if (!dice.one_in(50)) return true;
    if (dice.one_in(2)) (void)connection.send("421 4.3.2 idle too long\r\n");
    return false;
  }

  std::uint64_t seed_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, int> taken_;
  std::set<int> open_;
  std::uint64_t served_ = 0;
  std::vector<std::thread> sessions_;
  int listener_;
  std::thread acceptor_;
};

}  // namespace tsmtp::support
