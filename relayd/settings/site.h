// One [[site]]: another hub, as this hub's administrator describes it. Plain data: checked by the reader,
// taken as it is, whole or by the struct, by whoever needs it. The defaults of all keys stand in these
// structs and nowhere else.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/domain.h"
#include "relayd/base/host_port.h"
#include "relayd/settings/access.h"
#include "relayd/settings/forward.h"
#include "relayd/settings/link.h"
#include "relayd/settings/service.h"
#include "relayd/settings/site_hub.h"

namespace tsmtp::settings {

/// What may pass, either way.
struct Rules {
  base::DomainSet domains{};   ///< behind the site: recipients accepted for it, senders accepted from it
  std::string domains_file{};  ///< where these stand, if not in relayd.toml; empty: nowhere else
  base::DomainSet local{};     ///< recipients accepted from it
  std::uint64_t max_message_bytes = std::uint64_t{64} << 20;  ///< 0: no limit
  bool any_sender = false;  ///< lists and forwards there carry foreign senders

  friend bool operator==(const Rules&, const Rules&) = default;
};

/// How much may pass, in each direction. 0: no limit.
struct Rates {
  std::uint64_t mails_per_second = 0;
  std::uint64_t bytes_per_second = 0;

  friend bool operator==(const Rates&, const Rates&) = default;
};

/// The sessions of our MTA at the site's endpoints.
struct Sessions {
  bool early_reply = true;           ///< one round trip a mail
  bool canonical_line_ends = false;  ///< make a CR or LF alone in the content a CRLF, instead of refusing it
  std::uint64_t max_sessions = 1000;
  std::uint64_t max_recipients = 1000;       ///< of one mail
  std::uint64_t max_errors = 20;             ///< bad commands since the last accepted mail
  std::chrono::seconds client_timeout{300};  ///< RFC 5321 section 4.5.3.2.7

  friend bool operator==(const Sessions&, const Sessions&) = default;
};

/// The connections to our MTA for mail from the site. Each costs it a process.
struct MtaConnections {
  std::uint64_t connections = 100;     ///< in use, idle or closing, at once
  std::chrono::seconds idle_time{20};  ///< that one is kept for the next mail
  std::uint64_t idle_connections = 64;
  std::uint64_t mails_per_connection = 100;

  friend bool operator==(const MtaConnections&, const MtaConnections&) = default;
};

/// How our MTA is told which site a mail comes from, besides the address it comes from.
enum class Origin { kNone, kXclient, kProxy };

struct Site {
  std::string name;
  std::vector<SiteHub> hubs;  ///< never empty once read, and the same Link to each
  Prefer prefer = Prefer::kOrder;
  Link link;
  std::string address;                    ///< the site address, "127.0.5.2"; empty: none
  std::vector<base::HostPort> endpoints;  ///< never empty; address:5000 where only an address is given
  Access access;
  Sessions sessions;
  Rules rules;
  Rates rates;
  base::HostPort deliver{
      .host = "127.0.0.1", .port = 25, .unix_path = {}};  ///< our MTA, for mail from the site
  Origin origin = Origin::kNone;
  MtaConnections mta;
  std::vector<Forward> forwards;  ///< of the file, those to this site
  std::vector<Service> services;  ///< likewise, those that this site may reach

  friend bool operator==(const Site&, const Site&) = default;

  /// It has one hub, and that has no name of its own: whatever key it has, it is the site.
  [[nodiscard]] bool is_one_hub() const { return hubs.size() == 1 && hubs.front().name == name; }

  /// Of all its hubs.
  [[nodiscard]] std::vector<std::string> pins() const {
    std::vector<std::string> all;
    for (const SiteHub& hub : hubs)
      all.insert(all.end(), hub.pins.begin(), hub.pins.end());
    return all;
  }

  /// Endpoints and forwards.
  [[nodiscard]] std::vector<base::HostPort> listens_on() const {
    std::vector<base::HostPort> all = endpoints;
    for (const Forward& forward : forwards)
      all.insert(all.end(), forward.listen.begin(), forward.listen.end());
    return all;
  }
};

}  // namespace tsmtp::settings
