#include "sendmail/plan/listeners.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>

#include "relayd/base/bytes.h"
#include "relayd/base/host_port.h"

namespace tsmtp::sendmail {
namespace {

struct Listener {
  std::string address;  ///< empty: all
  bool is_ipv6 = false;
  unsigned port = 25;  ///< 0: not known
  bool wants_login = false;
};

unsigned port_of(const std::string& text) {
  if (text == "smtp" || text == "mail") return 25;
  if (text == "submission" || text == "msa") return 587;
  if (text == "smtps" || text == "submissions") return 465;
  unsigned port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

/// Of the value of one option DaemonPortOptions. sendmail looks at the first letter of each name.
Listener listener_of(const std::string& options) {
  Listener listener;
  std::istringstream fields(options);
  for (std::string field; std::getline(fields, field, ',');) {
    field.erase(0, std::min(field.find_first_not_of(" \t"), field.size()));
    const std::size_t equals = field.find('=');
    if (field.empty() || equals == std::string::npos) continue;
    const std::string value = field.substr(equals + 1, field.find_last_not_of(" \t\r") - equals);
    switch (field.front() | 0x20) {
      case 'a':
        listener.address = value;
        break;
      case 'f':
        listener.is_ipv6 = value == "inet6";
        break;
      case 'p':
        listener.port = port_of(base::ascii_lower(value));
        break;
      case 'm':
        listener.wants_login = value.find('a') != std::string::npos;
        break;
      default:
        break;
    }
  }
  return listener;
}

std::vector<Listener> listeners_in(std::string_view cf) {
  constexpr std::string_view kOption = "O DaemonPortOptions=";
  std::vector<Listener> listeners;
  std::istringstream lines{std::string(cf)};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kOption)) listeners.push_back(listener_of(line.substr(kOption.size())));
  }
  if (listeners.empty()) listeners.emplace_back();
  return listeners;
}

bool hears(const Listener& listener, const Delivery& delivery) {
  if (listener.port != 0 && listener.port != delivery.port) return false;
  if (!base::is_ipv4(delivery.address)) return true;
  if (listener.is_ipv6) return false;
  const bool is_known = listener.address.empty() || base::is_ipv4(listener.address);
  return !is_known || listener.address.empty() || listener.address == "0.0.0.0" ||
         listener.address == delivery.address;
}

}  // namespace

std::vector<std::string> unheard(std::string_view cf, const std::vector<Delivery>& deliveries) {
  std::vector<std::string> said;
  const std::vector<Listener> listeners = listeners_in(cf);
  std::set<std::string> seen;
  for (const Delivery& delivery : deliveries) {
    const std::string place = delivery.address + ':' + std::to_string(delivery.port);
    if (!seen.insert(place).second) continue;
    const auto hearing = [&](const Listener& one) { return hears(one, delivery); };
    const std::string what = "mail from site " + base::escaped(delivery.site) + " is handed over at " +
                             base::escaped(place) + ", ";
    if (std::none_of(listeners.begin(), listeners.end(), hearing))
      said.push_back(what +
                     "where sendmail does not listen: add DAEMON_OPTIONS for it to sendmail.mc, or change "
                     "`deliver' of the site");
    else if (std::none_of(listeners.begin(), listeners.end(),
                          [&](const Listener& one) { return hearing(one) && !one.wants_login; }))
      said.push_back(what +
                     "where sendmail wants clients to log in (DAEMON_OPTIONS with M=a), which relayd "
                     "does not: change `deliver' of the site");
  }
  return said;
}

}  // namespace tsmtp::sendmail
