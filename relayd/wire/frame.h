// Frames of the link protocol, docs/protocol.md section "Frames". A frame fits one TLS record; its length is
// checked before anything is allocated; its meaning is the business of mux/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tsmtp::wire {

/// The fixed header. All integers in network byte order:
///   0  u16 length of the payload
///   2  u8  type
///   3  u8  flags
///   4  u32 stream, 0 for the link itself
///   8  u64 sequence, from 1 for frames that are acknowledged and, on a resumption, sent again;
///   0 for those that are not
///  16  u64 acknowledgement: all frames up to this sequence have been received
inline constexpr std::size_t kHeaderBytes = 24;
inline constexpr std::size_t kMaxFrameBytes = 16384;  ///< one TLS record, RFC 8446 section 5.1
inline constexpr std::size_t kMaxPayloadBytes = kMaxFrameBytes - kHeaderBytes;

/// A receiver that does not know the type skips the frame instead of closing the link.
inline constexpr std::uint8_t kFlagSkippable = 0x01;

enum class FrameType : std::uint8_t {
  // Of the link. Stream 0, but for Credit; sequence 0, but for Notice.
  kHello = 1,  ///< first frame of both sides: version, capabilities, name, limits
  kPing = 2,   ///< payload is echoed
  kPong = 3,
  kAck = 4,     ///< carries nothing but the header's acknowledgement
  kCredit = 5,  ///< u64: absolute offset up to which the peer may send on the stream
  kDrain = 6,   ///< the sender will open no more streams and accepts no more
  kClose = 7,   ///< the last frame: why the link is closed, in words
  kNotice = 8,  ///< sequenced: bytes for the layer above, about the hub as a whole
  // Of a stream. Sequenced.
  kOpen = 16,    ///< u8 service
  kData = 17,    ///< bytes of the stream
  kFinish = 18,  ///< no more Data from the sender
  kReset = 19,   ///< u8 code, cause in words: the stream is over in both directions
};

/// A decoded frame. `payload` borrows from the decoder or the caller.
struct Frame {
  FrameType type{};  ///< perhaps none of the known ones
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::uint64_t sequence = 0;
  std::uint64_t acknowledgement = 0;
  std::string_view payload{};
};

/// Whether this version knows the type.
[[nodiscard]] bool is_known(FrameType type);

/// Whether frames of the type carry a sequence number. False for unknown types: there the field itself says.
[[nodiscard]] bool is_sequenced(FrameType type);

/// "Data", as docs/protocol.md writes it; "type 77" for an unknown one.
[[nodiscard]] std::string to_string(FrameType type);

}  // namespace tsmtp::wire
