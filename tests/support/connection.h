// A blocking connection of a test, TCP or unix socket, every wait of it bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tsmtp::support {

class Connection {
 public:
  /// Connects; throws (and so fails the test) if it cannot.
  Connection(const std::string& host, std::uint16_t port);
  explicit Connection(const std::string& unix_path);
  /// Takes over a connected socket.
  explicit Connection(int fd);
  ~Connection();
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;

  /// False when the other side is gone.
  bool send(std::string_view bytes);
  /// A line with its line end; nothing at the end of the connection or after 20 seconds.
  [[nodiscard]] std::optional<std::string> line();
  /// Exactly so many bytes; nothing at the end of the connection or after 20 seconds.
  [[nodiscard]] std::optional<std::string> bytes(std::size_t count);
  /// A whole SMTP reply, all its lines; what there was of it if the connection ended.
  [[nodiscard]] std::string reply();
  /// Sends a command line and returns its reply.
  std::string command(const std::string& text);
  /// Whether the other side closes within 20 seconds; what it still sends is thrown away.
  [[nodiscard]] bool closes();
  /// Closes so that the other side sees a reset, as a killed process with unread data leaves it.
  void reset();
  [[nodiscard]] int fd() const { return fd_; }
  /// What has been received beyond what was asked for.
  [[nodiscard]] std::string take_input() { return std::exchange(input_, {}); }

 private:
  [[nodiscard]] bool receive();
  int fd_;
  std::string input_;
};

/// A TCP port that nobody uses on any address, and that nobody but this test gets while it runs.
[[nodiscard]] std::uint16_t free_port();

/// A listening socket on `host`:`port`.
[[nodiscard]] int listen_on(std::uint16_t port, const std::string& host = "127.0.0.1");

}  // namespace tsmtp::support
