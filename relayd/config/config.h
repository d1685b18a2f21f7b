// What relayd.toml says, as plain structs: what the daemon is wired from and what a reload compares. Nothing
// here checks anything; whatever read() returned has been checked whole. relayd.toml(5) explains every key.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/domain.h"
#include "relayd/base/host_port.h"

namespace tsmtp::config {

enum class LogTarget { kStderr, kSyslog };

/// How our MTA is told which site a mail comes from, besides the address it comes from.
enum class Origin { kNone, kXclient, kProxy };

/// What one site may use up, of ours and of our MTA's. 0 for a rate: no limit.
struct Limits {
  std::uint64_t max_sessions = 1000;  ///< at the site's endpoints at once
  std::uint64_t max_recipients = 1000;
  std::uint64_t max_errors = 20;  ///< bad commands of one session since its last mail
  std::chrono::seconds client_timeout{300};
  std::uint64_t mails_per_second = 0;
  std::uint64_t bytes_per_second = 0;
  std::chrono::seconds mta_idle_time{20};  ///< each connection costs the MTA a process
  std::uint64_t mta_idle_connections = 64;
  std::uint64_t mta_connections = 100;  ///< in use, idle or closing
  std::uint64_t mta_mails_per_connection = 100;

  friend bool operator==(const Limits&, const Limits&) = default;
};

/// A user, by the name or number that was written.
struct User {
  std::string name;
  std::uint32_t uid = 0;

  friend bool operator==(const User&, const User&) = default;
};

/// Who on this machine may use a site's endpoints.
struct Access {
  std::vector<User> allow_users;  ///< empty: everybody
  unsigned socket_mode = 0660;    ///< of unix sockets
  std::optional<std::uint32_t> socket_group;

  friend bool operator==(const Access&, const Access&) = default;
};

/// How the connections to a site are kept.
struct Link {
  std::chrono::seconds peer_timeout{20};   ///< silence after which the peer is given up
  std::chrono::seconds dial_interval{30};  ///< longest wait between two rounds of dialling
  std::string congestion;                  ///< the kernel's name of an algorithm; empty: its default
  std::uint64_t rekey_bytes = std::uint64_t{1} << 30;
  std::chrono::seconds rekey_time{3600};
  std::uint64_t connections = 1;           ///< that the link is made of
  std::chrono::seconds resume_window{60};  ///< how long transactions outlive a broken connection
  bool compress = false;                   ///< content, where the other hub wants it too

  friend bool operator==(const Link&, const Link&) = default;
};

/// What `audit` says instead of a path.
inline constexpr std::string_view kJournald = "journald";

/// [hub]: this relayd.
struct Hub {
  std::string name;
  std::string identity = "/etc/tsmtp/identity.pem";
  std::vector<base::HostPort> listen;  ///< where sites dial in; empty: we only dial out
  std::string state_dir = "/var/lib/tsmtp";
  std::string control = "/run/tsmtp/control.sock";
  std::string endpoint_holder = "/run/tsmtp-endpoints/holder.sock";
  std::optional<base::HostPort> metrics;
  std::string user;              ///< empty: stay who we are
  std::optional<LogTarget> log;  ///< unset: stderr with --foreground, else syslog
  std::string audit;             ///< a path or kJournald; empty: no audit record
  std::chrono::seconds drain_timeout{30};
  std::uint64_t max_strangers = 64;  ///< connections that have not shown a key, at once
  std::uint64_t max_strangers_of_address = 8;
  std::uint64_t mta_connections = 500;  ///< of all sites together

  friend bool operator==(const Hub&, const Hub&) = default;
};

/// One [[site]]: another hub.
struct Site {
  std::string name;
  std::vector<std::string> pins;  ///< 32 raw bytes each: SHA-256 of the peer's SubjectPublicKeyInfo
  std::vector<base::HostPort> dial;
  std::string address;                    ///< the site address, "127.0.5.2"; empty: none
  std::vector<base::HostPort> endpoints;  ///< never empty; address:5000 where only an address is given
  base::HostPort deliver{.host = "127.0.0.1", .port = 25, .unix_path = {}};
  base::DomainSet domains;  ///< recipients we accept for the site, senders we accept from it
  base::DomainSet local;    ///< recipients we accept from the site
  std::uint64_t max_message_bytes = std::uint64_t{64} << 20;
  bool early_reply = true;
  bool any_sender = false;  ///< accept senders outside `domains` from the site
  bool canonical_line_ends = false;
  Origin origin = Origin::kNone;
  Link link;
  Limits limits;
  Access access;

  friend bool operator==(const Site&, const Site&) = default;
};

struct Config {
  std::string file;  ///< as it was named; no part of the comparison's meaning, but compared
  Hub hub;
  std::vector<Site> sites;  ///< in the order of the file

  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace tsmtp::config
