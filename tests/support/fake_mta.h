// An MTA that does what the test says, and remembers what it was given.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/connection.h"

namespace tsmtp::support {

/// A mail it accepted.
struct Delivered {
  std::string helo, sender, content,
      peer;                           ///< content with its dots unstuffed; peer: the address it came from
  std::vector<std::string> commands;  ///< MAIL and RCPT lines, and BDAT's, without CRLF
  std::string origin;                 ///< the XCLIENT line, or the header of the PROXY protocol
  std::vector<std::string> recipients;
};

class FakeMta {
 public:
  /// The reply to one command line (MAIL, RCPT, DATA, BDAT, or "." for the end of content), CRLF included; ""
  /// for the usual one, "drop" to close the connection instead.
  using Script = std::function<std::string(const std::string& command)>;

  explicit FakeMta(std::uint16_t port);
  ~FakeMta();
  FakeMta(const FakeMta&) = delete;
  FakeMta& operator=(const FakeMta&) = delete;

  void set_script(Script script);
  void set_greeting(const std::string& greeting);
  /// What EHLO offers, lines without code.
  void set_extensions(std::vector<std::string> lines);
  [[nodiscard]] std::vector<Delivered> delivered() const;
  [[nodiscard]] std::size_t count() const;
  /// While set, it reads no content: a disk that is full, a process that hangs.
  std::atomic<bool> stalled{false};
  /// While set, connections begin with a header of the PROXY protocol.
  std::atomic<bool> expects_proxy{false};
  /// Connections above so many at once are greeted with 421, and closed.
  std::atomic<int> limit{1'000'000};
  /// The most there were at once, and those refused.
  std::atomic<int> most{0}, refused{0};
  /// Those that there are now.
  [[nodiscard]] int open() const { return serving_; }
  /// How often a client said something, or went, before it had the reply to DATA. sendmail 8.18 takes that
  /// for an attack, and reports it to the sender.
  std::atomic<int> traffic_before_response{0};

 private:
  void accept_loop();
  void serve(int fd);
  void converse(int fd);
  [[nodiscard]] std::string answer(const std::string& command, const std::string& usual) const;
  [[nodiscard]] bool read_content(Connection& connection, std::string& content) const;
  void take(const Delivered& mail, const std::string& final_reply);

  mutable std::mutex mutex_;
  Script script_;
  std::string greeting_ = "220 fake.mta ESMTP\r\n";
  std::vector<std::string> extensions_{"PIPELINING", "8BITMIME", "SIZE", "DSN"};
  std::vector<Delivered> delivered_;
  std::vector<int> open_;
  int listener_;
  std::atomic<bool> ending_{false};
  std::atomic<int> serving_{0};
  std::vector<std::thread> sessions_;
  std::thread acceptor_;
};

}  // namespace tsmtp::support
