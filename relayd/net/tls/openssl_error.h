// What OpenSSL has to say about the last failure, as one line.
#pragma once

#include <string>

namespace tsmtp::net {

/// The oldest error of this thread's queue, which is emptied; "no reason given" where it is empty.
[[nodiscard]] std::string openssl_error();

}  // namespace tsmtp::net
