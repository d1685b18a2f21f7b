// One connection to an MTA, TCP or unix socket, without TLS: reading that can be held back, writing without
// copies, and a close that lets the other side read our last words. Nothing is known here of what the bytes
// mean.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "relayd/base/descriptor.h"
#include "relayd/net/io/socket_peer.h"

namespace tsmtp::net {

/// Is told what happens on a channel, as long as it holds the channel's OwnedChannel.
class ByteChannelOwner {
 public:
  virtual ~ByteChannelOwner() = default;
  virtual void on_bytes(std::string_view bytes) = 0;
  /// Where the next bytes are to be read to; empty: anywhere. on_bytes() follows at once.
  [[nodiscard]] virtual std::span<char> room() { return {}; }
  /// There are bytes to be read, or the end. True: they are another process's, the owner has let go of the
  /// channel.
  [[nodiscard]] virtual bool gives_away() { return false; }
  /// Output that was left over by flush() can go on: call flush() again.
  virtual void on_writable() = 0;
  /// Whether the other side may have more to say before it hears from us, and Nagle's algorithm hold it back
  /// until what it said is acknowledged.
  [[nodiscard]] virtual bool awaits_more() const { return true; }
  /// The other side sends nothing more. True to go on writing to it; false, and on_closed() follows.
  [[nodiscard]] virtual bool on_end() { return false; }
  /// The other side is gone, last call. `clean`: it closed in order, having read all we wrote (a socket
  /// closed with unread data, as a killed process leaves it, is reset).
  virtual void on_closed(bool clean, const std::string& cause) = 0;
};

/// `connected` as a channel takes it.
[[nodiscard]] boost::asio::generic::stream_protocol::socket connected_socket(
    const boost::asio::any_io_executor& executor, base::Descriptor connected);

class ByteChannel : public std::enable_shared_from_this<ByteChannel> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  /// Starts or stops reading.
  void set_reading(bool reading);
  /// Writes what the kernel takes, and erases it from `output`, perhaps not before there is more of it. When
  /// some is left, on_writable() follows; until `output` is empty, it must be the same in each call, and only
  /// grow.
  void flush(std::string& output);
  /// Nothing more is written, and the other side is told so; what it sends is still read. `output` was
  /// flushed.
  void finish();
  /// Closes at once, so that the other side sees it broken off (RST). No call follows.
  void abort();
  /// From now on the other side sees it broken off however it is closed, this process's death among it,
  /// unless by close_in_order(). Unix sockets know no such thing.
  void break_off_unless_in_order();
  /// Closes at once a channel whose both sides have finished. No call follows.
  void close_in_order();
  /// From now on a reset is told of by on_closed() even while nothing is read.
  void watch_for_reset();
  /// Nothing more is written. Incoming bytes are thrown away until the other side closes, at most two
  /// seconds; then on_closed(). A side that had ended its half before can only show that it did not read all,
  /// by a reset: it is given those two seconds, if `until_read`, and counts as closed in order when they have
  /// passed without.
  void close_gently(bool until_read = true);
  /// Whether a client on this machine has provably read all that was written. Of one elsewhere that cannot
  /// be known.
  [[nodiscard]] bool was_read_here();
  /// The user at the other end; nothing where it is not on this machine.
  [[nodiscard]] std::optional<std::uint32_t> user();
  /// The user at the other end, or its address (source_of()).
  [[nodiscard]] std::string source() { return source_of(socket_); }
  /// Where the other end is (network_of_peer()).
  [[nodiscard]] std::string network();
  /// Closes at once. No call follows.
  void detach();
  /// As detach(), of a connection that another process has too: it stays open.
  void let_go();
  /// To be handed to another process; then let_go().
  [[nodiscard]] int descriptor() { return socket_.native_handle(); }
  /// There is something to be read, and be it one byte.
  [[nodiscard]] bool has_bytes() const;

 private:
  friend class OwnedChannel;
  ByteChannel(Socket socket, ByteChannelOwner& owner);

  void wait_read();
  void wait_write();
  void wait_reset();
  void read_ready();
  [[nodiscard]] bool all_was_read() const;
  void closed(bool clean, const std::string& cause);

  Socket socket_;
  ByteChannelOwner* owner_;
  boost::asio::steady_timer lingering_;
  boost::asio::steady_timer pause_;  // between two looks for a reset
  std::size_t sent_ = 0;             // of the output, not yet erased
  bool reading_ = false;
  bool waiting_read_ = false;
  bool waiting_write_ = false;
  bool closing_ = false;
  bool ended_ = false;    // the other side sends nothing more
  bool watches_ = false;  // for a reset, whatever is read
  bool send_failed_ = false;
  bool sent_since_read_ = false;
};

/// A channel as its owner has it: a member of the owner. The channel itself lives until its last handler has
/// run; when this ends, the channel is closed and knows no owner any more.
class OwnedChannel {
 public:
  OwnedChannel() = default;
  /// Takes over a connected socket.
  OwnedChannel(ByteChannel::Socket socket, ByteChannelOwner& owner);
  ~OwnedChannel();
  OwnedChannel(const OwnedChannel&) = delete;
  OwnedChannel& operator=(OwnedChannel&& other) noexcept;

  [[nodiscard]] explicit operator bool() const { return channel_ != nullptr; }
  [[nodiscard]] ByteChannel* operator->() const { return channel_.get(); }

 private:
  std::shared_ptr<ByteChannel> channel_;
};

}  // namespace tsmtp::net
