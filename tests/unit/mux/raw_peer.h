// The other end of a connection under test, frame by frame: it keeps the rules by itself (sequence,
// acknowledgement, Hello) until a test tells it to break one.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "relayd/mux/connection.h"
#include "relayd/mux/session.h"
#include "relayd/wire/frame.h"

namespace tsmtp::mux {

/// A service beside the first, which settings() serves.
inline constexpr Service kOtherService{2};

/// A frame that owns its payload.
struct RawFrame {
  wire::FrameType type{};
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::uint64_t sequence = 0;
  std::uint64_t acknowledgement = 0;
  std::string payload{};
};

[[nodiscard]] std::string encoded(const RawFrame& frame);
[[nodiscard]] std::vector<RawFrame> decoded(std::string_view bytes);
/// "Hello Open1 Data1", for comparing in one line; link frames without a number.
[[nodiscard]] std::string summary(const std::vector<RawFrame>& frames);

/// Frames of a RawPeer one behind the other. Their order is that of their making, which + would not promise.
[[nodiscard]] std::string joined(std::initializer_list<std::string> pieces);

/// The side under test: a connection, and the session that begins there as soon as the peer's Hello has come.
struct Side {
  explicit Side(const ConnectionSettings& settings, base::TimePoint now = {})
      : session(settings.role, settings.limits), connection(settings, now) {}

  [[nodiscard]] base::Result<void> receive(std::string_view bytes, base::TimePoint now);

  Session session;
  Connection connection;
};

/// All that a connection has to send.
[[nodiscard]] std::string output(Connection& connection, base::TimePoint now = {});
/// All that has happened.
[[nodiscard]] std::vector<Event> events(Session& session);
template <typename T>
[[nodiscard]] std::vector<T> events_of(Session& session) {
  std::vector<T> out;
  for (Event& event : events(session))
    if (auto* const wanted = std::get_if<T>(&event)) out.push_back(std::move(*wanted));
  return out;
}

class RawPeer {
 public:
  /// Of the connection that this peer talks to: the listening side, so the peer opens odd streams.
  [[nodiscard]] static ConnectionSettings settings();
  [[nodiscard]] static Hello hello();

  /// Bytes of the frame, with the right sequence and acknowledgement.
  [[nodiscard]] std::string frame(wire::FrameType type, std::uint32_t stream = 0,
                                  std::string_view payload = {});
  [[nodiscard]] std::string greeting() { return frame(wire::FrameType::kHello, 0, encode_hello(hello())); }
  [[nodiscard]] std::string open(std::uint32_t stream, Service service = kFirstService) {
    return frame(wire::FrameType::kOpen, stream, std::string(1, static_cast<char>(service)));
  }
  [[nodiscard]] std::string data(std::uint32_t stream, std::string_view bytes) {
    return frame(wire::FrameType::kData, stream, bytes);
  }
  [[nodiscard]] std::string credit(std::uint32_t stream, std::uint64_t offset);
  [[nodiscard]] std::string reset(std::uint32_t stream, std::string_view cause = {}) {
    return frame(wire::FrameType::kReset, stream, "\x01" + std::string(cause));
  }

  /// Reads what the connection has to send; acknowledged from now on.
  std::vector<RawFrame> read(Connection& connection, base::TimePoint now = {});

  std::uint64_t sequence = 0;         ///< the last one used
  std::uint64_t acknowledgement = 0;  ///< goes into every frame
};

}  // namespace tsmtp::mux
