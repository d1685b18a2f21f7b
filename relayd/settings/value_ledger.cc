// Values of [ledger].
#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/settings/value.h"

namespace tsmtp::settings {
namespace {

constexpr std::string_view kHttps = "https://";
constexpr std::string_view kHttp = "http://";
constexpr std::size_t kMaxPrefixBytes = 200;

bool is_printable(char c) {
  return c > ' ' && c < '\x7f';
}

}  // namespace

void Value::into_engine_endpoints(std::vector<EngineEndpoint>& out) const {
  std::vector<EngineEndpoint> endpoints;
  const bool is_list =
      for_each("an array such as [\"https://etcd1.example:2379\"]", [&](const Value& element) {
        const auto text = element.text("an address");
        if (!text) return;
        std::string_view rest = *text;
        const bool is_clear = rest.starts_with(kHttp);
        if (!is_clear && !rest.starts_with(kHttps))
          return element.complain("\"" + base::escaped(*text) + "\": https://HOST:PORT was expected");
        rest.remove_prefix(is_clear ? kHttp.size() : kHttps.size());
        if (rest.ends_with('/')) rest.remove_suffix(1);
        auto address = base::parse_host_port(rest, false);
        if (!address) return element.complain(address.error().message);
        endpoints.push_back({.address = std::move(*address), .is_clear = is_clear});
      });
  if (!is_list) return;
  if (endpoints.empty()) return complain("at least one endpoint was expected");
  out = std::move(endpoints);
}

void Value::into_key_prefix(std::string& out) const {
  auto read = text("a path");
  if (!read) return;
  while (read->ends_with('/'))
    read->pop_back();
  if (!read->starts_with('/') || !std::all_of(read->begin(), read->end(), is_printable))
    return complain("\"" + base::escaped(*read) +
                    "\": what keys begin with was expected, such as \"/tsmtp/birl\"");
  if (read->size() > kMaxPrefixBytes) return complain("at most 200 bytes were expected");
  out = std::move(*read);
}

}  // namespace tsmtp::settings
