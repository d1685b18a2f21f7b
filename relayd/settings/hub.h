// [hub]: this relayd, as its administrator describes it. Plain data: checked by the reader, taken as it is
// by whoever needs it. The defaults of all keys stand in these structs and nowhere else.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/domain.h"
#include "relayd/base/host_port.h"

namespace tsmtp::settings {

enum class LogTarget { kStderr, kSyslog, kJournal };

/// What `audit` says instead of a path.
inline constexpr std::string_view kJournald = "journald";

/// Connections to the link port whose peer has not shown a key yet.
struct AdmissionLimits {
  std::uint64_t total = 64;
  std::uint64_t of_one_address = 8;
  std::chrono::milliseconds time{10'000};  ///< to show a key
  /// In any ten seconds. A handshake costs half a millisecond of processor: one address can take half a
  /// percent.
  std::uint32_t handshakes_of_one_address = 100;

  friend bool operator==(const AdmissionLimits&, const AdmissionLimits&) = default;
};

struct Hub {
  std::string name;  ///< never empty; relayd.toml or the machine says it
  std::string identity = "/etc/tsmtp/identity.pem";
  base::DomainSet domains;  ///< our own: what `local` of a site is that says nothing of it
  /// Files with further sites, relative to this one.
  std::vector<std::string> include{"sites.d/*.toml"};
  std::vector<base::HostPort> listen;  ///< where sites dial in; empty: we only dial out
  std::string state_dir = "/var/lib/tsmtp";
  std::string control = "/run/tsmtp/control.sock";
  std::string endpoint_holder = "/run/tsmtp-endpoints/holder.sock";
  std::optional<base::HostPort> metrics;
  std::chrono::seconds rotate_every{0};  ///< our key, by itself; 0: never
  std::string user;                      ///< empty: stay who we are
  std::optional<LogTarget> log;          ///< unset: stderr with --foreground, else syslog
  std::string audit;                     ///< a path or kJournald; empty: no audit record
  std::chrono::seconds drain_timeout{30};
  AdmissionLimits admission;
  std::uint64_t mta_connections = 500;  ///< of all sites together

  friend bool operator==(const Hub&, const Hub&) = default;
};

}  // namespace tsmtp::settings
