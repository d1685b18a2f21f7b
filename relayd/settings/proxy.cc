#include "relayd/settings/proxy.h"

#include <algorithm>
#include <utility>

namespace tsmtp::settings {
namespace {

constexpr std::pair<std::string_view, Proxy::Kind> kSchemes[] = {{"socks5://", Proxy::Kind::kSocks5},
                                                                 {"http://", Proxy::Kind::kHttp}};

bool is_user_character(char c) {
  return c > ' ' && c < 0x7f && c != ':' && c != '/';
}

}  // namespace

base::Result<Proxy> parse_proxy(std::string_view text) {
  const base::Error expected{"\"socks5://[USER@]HOST:PORT\" or \"http://[USER@]HOST:PORT\" was expected"};
  const auto* const scheme = std::find_if(std::begin(kSchemes), std::end(kSchemes),
                                          [&](const auto& known) { return text.starts_with(known.first); });
  if (scheme == std::end(kSchemes)) return expected;
  Proxy proxy{.kind = scheme->second};
  text.remove_prefix(scheme->first.size());
  if (const std::size_t at = text.rfind('@'); at != text.npos) {
    proxy.user = text.substr(0, at);
    text.remove_prefix(at + 1);
    if (proxy.user.find(':') != std::string::npos)
      return base::Error{
          "the password does not stand here: dial_through_password names the file that has it"};
    if (proxy.user.empty() || proxy.user.size() > kMaxProxyUserBytes ||
        !std::all_of(proxy.user.begin(), proxy.user.end(), is_user_character))
      return base::Error{"a user is 1 to 255 printable characters of ASCII, without blanks, ':' and '/'"};
  }
  auto address = base::parse_host_port(text);
  if (!address) return expected;
  proxy.address = std::move(*address);
  return proxy;
}

}  // namespace tsmtp::settings
