// Carries the bytes of one connection between a socket of this hub and a stream of the link, both ways: takes
// no more than the other side has room for, keeps to a pace, passes on that one half has ended or that all is
// broken off, and counts. Knows nothing of who may do what.
#pragma once

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/base/lifetime.h"
#include "relayd/forward/pace.h"
#include "relayd/forward/protocol.h"
#include "relayd/forward/summary.h"
#include "relayd/net/io/byte_channel.h"
#include "relayd/net/link/site_link.h"

namespace tsmtp::net {

/// How fast the connections of a service may be, each way. Borrowed; null: as fast as they can.
struct Paces {
  forward::Pace* from_host = nullptr;
  forward::Pace* to_host = nullptr;
};

/// Closes a socket so that the other side sees it broken off (RST), and not an end in order.
void break_off(ByteChannel::Socket socket);

class Pump : public ByteChannelOwner {
 public:
  struct Means {
    SiteLink& link;         ///< borrowed, like all pointers
    mux::StreamKey stream;  ///< open; the pump writes to it, its user hands on what comes from it
    forward::Side host;     ///< what the socket is of
    Paces paces{};
    std::unique_ptr<forward::Protocol> protocol{};  ///< null: bytes pass as they are
    std::string preface{};                          ///< written to the socket before anything else
    /// The connection is over, with socket and stream: "closed by the program". Last call; the pump must not
    /// be destroyed inside it.
    std::function<void(const std::string& end)> over;
  };

  Pump(ByteChannel::Socket socket, Means means);
  ~Pump() override;
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  /// Begins to read from the socket.
  void start();

  // What comes from the stream.
  void from_link(std::string_view bytes);
  void link_finished();
  void link_writable();
  /// The stream is gone.
  void link_lost(const std::string& cause);

  /// Breaks it off, both ways.
  void end(const std::string& cause);
  /// The peer has ended the stream in order, before it carried anything: the host is told in its own words,
  /// if its protocol has some, else the socket is broken off.
  void refuse(const std::string& cause);

  [[nodiscard]] std::uint64_t bytes_from_host() const { return bytes_from_host_; }
  [[nodiscard]] std::uint64_t bytes_to_host() const { return bytes_to_host_; }
  /// When something came last, from either side, or what its protocol has beside it was in use.
  [[nodiscard]] base::TimePoint last_active() const {
    return means_.protocol ? std::max(last_active_, means_.protocol->last_used()) : last_active_;
  }
  /// The protocol has ended it; its last words are still on their way.
  [[nodiscard]] bool is_leaving() const { return !leaving_.empty(); }
  [[nodiscard]] ByteChannel* channel() const { return channel_.operator->(); }

  // ByteChannelOwner
  void on_bytes(std::string_view bytes) override;
  void on_writable() override;
  [[nodiscard]] bool awaits_more() const override { return false; }
  [[nodiscard]] bool on_end() override;
  void on_closed(bool clean, const std::string& cause) override;

 private:
  /// Bytes on their way to one side that their pace holds back, and how they came to be there.
  struct Held {
    std::string bytes{};
    std::size_t released = 0;  // of them, from the front

    [[nodiscard]] std::string_view rest() const { return std::string_view(bytes).substr(released); }
    void add(std::string_view more) { bytes += more; }
    void release(std::size_t count);
  };

  void take(const forward::ProtocolOutput& out);
  void leave(const forward::ProtocolOutput& words, const std::string& cause);
  [[nodiscard]] bool has_left() const;
  void move();
  void move_soon();
  /// Whether all of it has gone on.
  bool release(Held& held, forward::Pace* pace, const std::function<void(std::string_view)>& pass);
  void flush_to_host();
  void read_if_there_is_room();
  void wake_later(base::Duration wait);
  void over(const std::string& end);
  [[nodiscard]] std::string host_name() const;
  [[nodiscard]] std::string other_name() const;

  Means means_;
  base::Lifetime lifetime_;
  OwnedChannel channel_;
  boost::asio::steady_timer timer_;
  Held to_link_;
  Held to_host_;
  std::string output_;          // with the channel
  std::size_t unconsumed_ = 0;  // of the link's bytes, not yet credited
  std::uint64_t bytes_from_host_ = 0;
  std::uint64_t bytes_to_host_ = 0;
  base::TimePoint last_active_;
  enum class Half : std::uint8_t { kOpen, kEnding, kEnded };
  Half from_host_ = Half::kOpen;  // kEnding: it has ended, which the other side is still to be told
  Half from_link_ = Half::kOpen;
  std::string closed_first_{};  // whose half ended before the other
  std::string leaving_{};       // why, while the protocol's last words go out: nothing else is heard
  bool moves_soon_ = false;
  bool is_over_ = false;
};

}  // namespace tsmtp::net
