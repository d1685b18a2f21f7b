#include "relayd/cli/own_address.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>

#include "relayd/base/bytes.h"
#include "relayd/base/host_port.h"

namespace tsmtp::cli {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Addresses look_up_host(const std::string& host, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  return {getaddrinfo(host.c_str(), nullptr, &hints, &found) == 0 ? found : nullptr, &freeaddrinfo};
}

bool is_any(const std::string& host) {
  return host == "0.0.0.0" || host == "::" || host == "*";
}

std::string with_port(const std::string& host, std::uint16_t port) {
  return base::HostPort{.host = host, .port = port, .unix_path = {}}.to_string();
}

base::Result<OwnAddress> as_said(const std::string& at, std::uint16_t port) {
  auto address = base::parse_host_port(at);
  if (!address) address = base::parse_host_port(at + ':' + std::to_string(port));
  if (!address) return base::Error{"--at: " + address.error().message};
  OwnAddress out{.address = address->to_string(), .warning = {}};
  if (!look_up_host(address->host, 0))
    out.warning = "\"" + base::escaped(address->host) +
                  "\" does not resolve on this hub; the other hub can only join if it resolves there";
  return out;
}

}  // namespace

std::string qualified_host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return {};
  std::string host = name.data();
  if (host.find('.') != host.npos) return host;
  const Addresses found = look_up_host(host, AI_CANONNAME);
  const char* const canonical = found ? found->ai_canonname : nullptr;
  return canonical != nullptr && std::string(canonical).find('.') != std::string::npos ? canonical : "";
}

base::Result<OwnAddress> own_address(const settings::Hub& hub, const std::string& at) {
  constexpr char kOtherWay[] =
      "Or go the other way: `relayctl invite` on the other hub, and `relayctl join` here; one side that can "
      "be "
      "reached is enough";
  if (hub.listen.empty())
    return base::Error{
        "this hub listens nowhere (hub.listen), so that no other hub can join it. Write listen = "
        "[\"[::]:5443\"] into "
        "[hub] and reload. " +
        std::string(kOtherWay)};
  const base::HostPort& listen = hub.listen.front();
  if (!at.empty()) return as_said(at, listen.port);
  if (!is_any(listen.host)) return OwnAddress{.address = listen.to_string(), .warning = {}};
  const std::string host = qualified_host_name();
  if (host.empty())
    return base::Error{
        "this machine has no qualified host name by which others could dial it: name one with --at "
        "HOST:PORT. " +
        std::string(kOtherWay)};
  if (!look_up_host(host, 0))
    return base::Error{
        "this machine calls itself " + base::escaped(host) +
        ", which does not resolve: name the address by which others dial it with --at HOST:PORT. " +
        kOtherWay};
  return OwnAddress{.address = with_port(host, listen.port), .warning = {}};
}

}  // namespace tsmtp::cli
