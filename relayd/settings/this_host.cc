#include "relayd/settings/this_host.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "relayd/settings/value.h"

namespace tsmtp::settings {
namespace {

constexpr std::size_t kMaxHostNameBytes = 256;

}  // namespace

std::string name_from_host(std::string_view host_name) {
  std::string out;
  for (const char c : host_name.substr(0, host_name.find('.')))
    if (is_name_character(c) && out.size() < kMaxNameBytes) out += c;
  return out.empty() ? "hub" : out;
}

std::string name_of_this_host() {
  std::array<char, kMaxHostNameBytes> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return name_from_host("");
  return name_from_host(name.data());
}

}  // namespace tsmtp::settings
