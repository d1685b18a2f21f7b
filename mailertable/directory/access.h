// Where a directory is and how it is asked: the servers, who asks, and what proves to us that it is they. The
// routes of all mail come from there, so a server is believed only over TLS that names it, on this machine,
// or if the administrator says otherwise in so many words.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "relayd/base/result.h"

namespace tsmtp::mailertable {

struct Access {
  std::vector<std::string> urls;  ///< tried in order: ldaps://, ldap://, ldapi://
  std::string base;
  std::string filter;
  std::string bind_dn;        ///< empty: anonymous
  std::string password_file;  ///< read before each bind
  bool sasl_external = false;
  std::string ca_file = "/etc/ssl/certs/ca-certificates.crt";
  std::string certificate_file;  ///< ours, for SASL EXTERNAL over TLS
  std::string key_file;
  bool start_tls = false;
  bool clear_text = false;  ///< to a host that is not this one
  std::chrono::seconds timeout{5};
};

/// Says what of `access` cannot be meant, and takes a base that stands in a URL.
[[nodiscard]] base::Result<void> settle(Access& access);

/// The first line of the file that `access` names. Fails also if others may read it.
[[nodiscard]] base::Result<std::string> read_password(const Access& access);

}  // namespace tsmtp::mailertable
