// The messages with which a stream of forwards begins, docs/protocol.md section "Forwards": the hub that
// opens it says what it is for, the other answers, and behind that both send bytes as they are. What comes
// from a peer is of any kind: bounded, and checked before it is used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "relayd/base/result.h"

namespace tsmtp::forward {

/// The longest name, user, client and cause; longer ones of ours are cut.
inline constexpr std::size_t kMaxMessageText = 255;

/// From the hub that opens the stream.
struct Request {
  enum class Kind : std::uint8_t {
    kConnection = 1,  ///< of a program to a service
    kData = 2,        ///< one that belongs to the connection `id`, by either hub
  };
  Kind kind = Kind::kConnection;
  std::uint64_t id = 0;     ///< the connection's, at random, by the hub where the program is
  std::uint16_t token = 0;  ///< of a data connection: which one
  std::string service{};    ///< by name; of a data connection empty
  std::string user{};       ///< that the program runs as, as its hub calls it; empty: not known
  std::string client{};     ///< address of the program; empty: a unix socket

  friend bool operator==(const Request&, const Request&) = default;
};

/// A person is asked; another answer follows.
struct Waiting {
  friend bool operator==(const Waiting&, const Waiting&) = default;
};
/// Both directions are open.
struct Accepted {
  std::string approved_by{};  ///< for the record; empty: nobody had to

  friend bool operator==(const Accepted&, const Accepted&) = default;
};
/// The last of the stream.
struct Refused {
  std::string cause{};  ///< of any bytes when it has come from a peer: escape it

  friend bool operator==(const Refused&, const Refused&) = default;
};

using Message = std::variant<Request, Waiting, Accepted, Refused>;

[[nodiscard]] std::string encode(const Message& message);

/// Takes messages off the front of a stream, however its bytes come.
class MessageReader {
 public:
  /// The next message, as far as there is one; bytes behind it stay. An error is for good.
  [[nodiscard]] base::Result<std::optional<Message>> next();
  void add(std::string_view bytes) { bytes_ += bytes; }
  /// What follows the last message: bytes as they are.
  [[nodiscard]] std::string take_rest() { return std::move(bytes_); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

 private:
  std::string bytes_;
};

}  // namespace tsmtp::forward
