#include "relayd/forward/x11/display.h"

#include <arpa/inet.h>

#include "relayd/base/display_number.h"

namespace tsmtp::forward::x11 {
namespace {

template <typename Address>
std::string raw(const Address& address) {
  return {reinterpret_cast<const char*>(&address), sizeof address};
}

}  // namespace

std::optional<Display> display_at(const base::HostPort& address, std::string_view host_name) {
  const auto number = base::display_number(address);
  if (!number) return std::nullopt;
  if (address.is_unix() || base::is_loopback(address.host))
    return Display{.family = Family::kLocal, .address = std::string(host_name), .number = *number};
  in_addr v4{};
  if (inet_pton(AF_INET, address.host.c_str(), &v4) == 1)
    return Display{.family = Family::kInternet, .address = raw(v4), .number = *number};
  in6_addr v6{};
  if (inet_pton(AF_INET6, address.host.c_str(), &v6) == 1)
    return Display{.family = Family::kInternet6, .address = raw(v6), .number = *number};
  return Display{.family = Family::kWild, .address = {}, .number = *number};
}

}  // namespace tsmtp::forward::x11
