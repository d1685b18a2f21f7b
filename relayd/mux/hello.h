// The payload of the Hello frame, docs/protocol.md section "Hello": who speaks, which versions, which limits.
// Everything in it comes from a peer whose key has been verified but whose software may be of any kind.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::mux {

inline constexpr std::uint8_t kLowestVersion = 1;
inline constexpr std::uint8_t kHighestVersion = 1;

/// Bits of Hello::capabilities. A capability is in use if both sides stated it.
inline constexpr std::uint64_t kCapabilityResumption = 1;
inline constexpr std::uint64_t kCapabilityCompression = 2;
inline constexpr std::uint64_t kCapabilityEnquiries = 4;
inline constexpr std::uint64_t kCapabilityServices = 8;
inline constexpr std::uint64_t kCapabilityRotation = 16;
inline constexpr std::uint64_t kCapabilityForwards = 32;
/// Not only of the sender: an Ask may go to any hub of its site, for they share what they know.
inline constexpr std::uint64_t kCapabilitySharedOutcomes = 64;
inline constexpr std::uint64_t kCapabilityReasons = 128;
/// Two processes of one hub may have sessions beside each other: an upgrade.
inline constexpr std::uint64_t kCapabilityBeside = 256;
inline constexpr std::uint64_t kCapabilityTraces = 512;
inline constexpr std::uint64_t kCapabilityVersions = 1024;

inline constexpr std::size_t kInstanceBytes = 16;
/// The least initial window that may be stated; below it a peer could make us cut streams into crumbs.
inline constexpr std::uint32_t kMinWindowBytes = 1024;

/// What a Hello says when kCapabilityResumption is stated. A session is named by two numbers, one of each
/// side's choice, that are good for as long as both daemons live (Hello::instance).
struct Resumption {
  std::uint8_t connection = 0;   ///< which of the link's connections this is, from 0
  std::uint8_t connections = 1;  ///< how many of them the sender is willing to keep
  std::uint64_t number = 0;      ///< the sender's, of the session that begins here if none is resumed; not 0
  std::uint64_t own = 0;         ///< the sender's number of the session to resume, 0 for none
  std::uint64_t peer = 0;        ///< the receiver's number of the same
  std::uint64_t epoch = 0;       ///< rises with each connection of a session
  std::uint64_t received = 0;    ///< sequenced frames of that session that the sender has
};

struct Hello {
  std::uint8_t lowest_version = kLowestVersion;
  std::uint8_t highest_version = kHighestVersion;
  std::uint64_t capabilities = 0;
  std::string instance{};                 ///< kInstanceBytes
  std::uint32_t max_streams = 0;          ///< that the receiver of this may have open at once
  std::uint32_t stream_window_bytes = 0;  ///< first credit of every stream
  std::string name{};                     ///< at most kMaxTextBytes, of anything
  Resumption resumption{};                ///< with kCapabilityResumption
  /// With kCapabilityBeside: the instance of the sender's process before, which still lives. Empty: none
  /// does.
  std::string predecessor{};

  [[nodiscard]] bool can_resume() const { return (capabilities & kCapabilityResumption) != 0; }
  [[nodiscard]] bool answers_enquiries() const { return (capabilities & kCapabilityEnquiries) != 0; }
  [[nodiscard]] bool can_compress() const { return (capabilities & kCapabilityCompression) != 0; }
  /// Whether it reads chains of keys, and notices about them.
  [[nodiscard]] bool knows_rotation() const { return (capabilities & kCapabilityRotation) != 0; }
  /// Whether any hub of its site may be asked for what went to this one.
  [[nodiscard]] bool shares_outcomes() const { return (capabilities & kCapabilitySharedOutcomes) != 0; }
  /// Whether it reads why an outcome is pending, and where an Ask's transaction went.
  [[nodiscard]] bool knows_reasons() const { return (capabilities & kCapabilityReasons) != 0; }
  /// Whether a successor's session may stand beside its predecessor's.
  [[nodiscard]] bool knows_beside() const { return (capabilities & kCapabilityBeside) != 0; }
  /// Whether it may be asked how a mail went its way.
  [[nodiscard]] bool answers_traces() const { return (capabilities & kCapabilityTraces) != 0; }
  /// Whether it reads which version ours is.
  [[nodiscard]] bool knows_versions() const { return (capabilities & kCapabilityVersions) != 0; }
  /// Whether it reads notices of services.
  [[nodiscard]] bool knows_forwards() const { return (capabilities & kCapabilityForwards) != 0; }
  /// Whether it may be asked for other services than the first.
  [[nodiscard]] bool knows_services() const { return (capabilities & kCapabilityServices) != 0; }
};

[[nodiscard]] std::string encode_hello(const Hello& hello);

/// Reads a payload of any length. Bytes behind the name are of a later version and are ignored.
[[nodiscard]] base::Result<Hello> parse_hello(std::string_view payload);

/// The highest version that both speak; the error says both ranges.
[[nodiscard]] base::Result<std::uint8_t> negotiate_version(const Hello& ours, const Hello& theirs);

}  // namespace tsmtp::mux
