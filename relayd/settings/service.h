// One [[service]]: what programs at other sites may reach at this hub. Plain data: checked by the reader,
// taken as it is by whoever needs it. The defaults of all keys stand in this struct and nowhere else.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/host_port.h"

namespace tsmtp::settings {

enum class Protocol { kTcp, kFtp, kX11 };

[[nodiscard]] constexpr const char* name_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp:
      return "tcp";
    case Protocol::kFtp:
      return "ftp";
    case Protocol::kX11:
      return "x11";
  }
  return "";
}

/// Whether a person agrees to each connection.
enum class Consent { kNotNeeded, kAsk };

/// What the service sees of the site that a connection comes from.
enum class ServiceSource { kSite, kProxyProtocol };

/// Of one site's connections to one service together. 0: no limit.
struct ServiceRates {
  std::uint64_t from_site = 0;  ///< bytes a second
  std::uint64_t to_site = 0;

  friend bool operator==(const ServiceRates&, const ServiceRates&) = default;
};

struct Service {
  std::string name;
  base::HostPort to;
  std::vector<std::string> sites;  ///< by name; empty: nobody may
  Protocol protocol = Protocol::kTcp;
  std::uint64_t max_connections = 50;                  ///< of each site, at once
  std::optional<std::chrono::seconds> idle_timeout{};  ///< unset: that of its protocol
  ServiceRates rates;
  std::optional<Consent> consent{};  ///< unset: that of its protocol
  std::vector<std::string>
      ask_command{};                     ///< the program that asks, and its arguments; empty: relayctl alone
  std::chrono::seconds ask_timeout{60};  ///< no answer until then is a no
  ServiceSource source = ServiceSource::kSite;
  std::vector<std::string> ftp_refuse{};  ///< commands, in capitals
  bool ftp_blind_tls = false;
  std::string xauthority{};  ///< path; empty: the display wants no cookie

  friend bool operator==(const Service&, const Service&) = default;

  /// 0: never.
  [[nodiscard]] std::chrono::seconds idle_limit() const {
    constexpr std::chrono::seconds kUsual{1800};
    return idle_timeout.value_or(protocol == Protocol::kX11 ? std::chrono::seconds(0) : kUsual);
  }
  [[nodiscard]] bool asks() const {
    return consent.value_or(protocol == Protocol::kX11 ? Consent::kAsk : Consent::kNotNeeded) ==
           Consent::kAsk;
  }
};

}  // namespace tsmtp::settings
