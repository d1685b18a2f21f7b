#include "relayd/net/tls/openssl_error.h"

#include <openssl/err.h>

namespace tsmtp::net {

std::string openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "OpenSSL error " + std::to_string(code);
}

}  // namespace tsmtp::net
