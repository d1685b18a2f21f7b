// A site as net/ needs it: plain data, made from the configuration by daemon/.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "relayd/base/host_port.h"
#include "relayd/net/io/listening.h"
#include "relayd/net/link/link_settings.h"
#include "relayd/net/mta/mta_pool.h"
#include "relayd/policy/site_rules.h"

namespace tsmtp::net {

/// What the site may use up, of ours and of our MTA's. 0 for a rate: no limit.
struct Limits {
  std::size_t max_sessions = 1000;
  std::size_t max_recipients = 1000;
  int max_errors = 20;
  std::chrono::seconds client_timeout{300};
  std::uint64_t mails_per_second = 0;
  std::uint64_t bytes_per_second = 0;
};

/// Who on this machine may use the site's endpoints.
struct Access {
  struct User {
    std::string name;
    uid_t uid;
  };
  std::vector<User> allow_users;  ///< empty: everybody
  SocketAccess socket;
};

struct SiteSettings {
  std::string name;
  std::vector<std::string> pins;  ///< 32 raw bytes each
  std::vector<base::HostPort> dial;
  LinkSettings link;
  std::vector<base::HostPort> endpoints;
  MtaPool::Settings mta;  ///< our MTA, for mail from the site
  policy::SiteRules rules;
  bool early_reply = true;
  bool canonical_line_ends = false;
  Limits limits;
  Access access;
};

}  // namespace tsmtp::net
