// An Xauthority file, from anybody: what is read can be written again, and the cookie that is found stands in
// an entry that fits.
#include <algorithm>
#include <string>

#include "relayd/forward/x11/authority_file.h"
#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

using forward::x11::AuthorityEntry;
using forward::x11::Display;
using forward::x11::Family;

void check(const Display& display, const std::vector<AuthorityEntry>& entries) {
  const auto cookie = forward::x11::cookie_for(display, entries);
  if (!cookie) return;
  must(cookie->protocol == forward::x11::kMagicCookie && !cookie->data.empty(), "it is a cookie");
  must(std::any_of(entries.begin(), entries.end(),
                   [&](const AuthorityEntry& entry) {
                     return entry.authorization == *cookie &&
                            (entry.number.empty() || entry.number == display.number) &&
                            (entry.family == static_cast<std::uint16_t>(Family::kWild) ||
                             entry.address == display.address);
                   }),
       "it is this display's");
}

}  // namespace
}  // namespace tsmtp::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tsmtp;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto entries = forward::x11::parse_authority(input);
  if (!entries) return 0;
  fuzz::must(forward::x11::encode(*entries) == input, "a file that was read is written as it was");
  for (const char* number : {"0", "10"}) {
    fuzz::check({forward::x11::Family::kLocal, "desk", number}, *entries);
    fuzz::check({forward::x11::Family::kInternet, std::string("\xc0\0\2\1", 4), number}, *entries);
    fuzz::check({forward::x11::Family::kWild, "", number}, *entries);
  }
  return 0;
}
