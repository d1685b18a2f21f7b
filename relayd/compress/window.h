// What both directions agree on about a frame: docs/protocol.md "Compressed content".
#pragma once

#include <cstddef>

namespace tsmtp::compress {

/// The largest window of a frame, as a power of two: 256 KiB. With it text comes to within a twentieth of
/// what any window gives, and a receiver needs three quarters of a MiB for a mail, whoever sent it.
inline constexpr int kMaxWindowLog = 18;

}  // namespace tsmtp::compress
