// Which cipher this machine does well. With instructions for AES, AES-GCM is the fastest there is; without
// them, ChaCha20 is several times faster, and takes the same time whatever the key.
#pragma once

#include <string>

namespace tsmtp::net {

/// Seals a few records with each, which takes about a millisecond. The answer does not depend on the load of
/// the machine: the shortest time of each counts.
[[nodiscard]] bool aes_is_faster();

/// All suites of TLS 1.3 that we use, in order, as SSL_CTX_set_ciphersuites() takes them. AES with 128 bits
/// comes before that with 256, which is a third slower and would not be the weakest part of a link.
[[nodiscard]] std::string cipher_suites(bool aes_first);

}  // namespace tsmtp::net
