// What names and describes a stream, on both sides of the session's interface.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tsmtp::mux {

/// Chosen by who opens the stream, rising, never used twice in a session; 0 is the link itself.
using StreamId = std::uint32_t;

/// Names a stream for who uses the streams of several sessions at once: whoever keeps the sessions makes it
/// up. 0 is none.
using StreamKey = std::uint64_t;

/// The dialling side opens odd streams, the listening side even ones.
enum class Role : std::uint8_t { kDialer, kListener };

/// What a stream is for: a number that its Open carries. Only the two who use the stream know what it means.
enum class Service : std::uint8_t {};
/// The only one of a peer that does not state kCapabilityServices.
inline constexpr Service kFirstService{1};

enum class ResetCode : std::uint8_t {
  kCancelled = 1,       ///< given up by its user
  kRefused = 2,         ///< over a limit or draining: never looked at, may be tried again
  kFailed = 3,          ///< the cause says what
  kUnknownService = 4,  ///< nobody serves what it is for; to a peer that does not know the code: kFailed
};

/// The longest cause of a Reset and reason of a Close, and the longest hub name; longer ones of ours are cut.
inline constexpr std::size_t kMaxTextBytes = 255;

}  // namespace tsmtp::mux
