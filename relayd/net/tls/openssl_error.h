// What OpenSSL has to say about the last failure, as one line in plain words. "It" is the other end.
#pragma once

#include <string>

namespace tsmtp::net {

/// The oldest error of this thread's queue, which is emptied; "no reason given" where it is empty.
[[nodiscard]] std::string openssl_error();

/// An error as ERR_get_error(3) gives it; 0: none. What the table does not have is said in OpenSSL's words.
[[nodiscard]] std::string openssl_error(unsigned long code);

}  // namespace tsmtp::net
