#include "relayd/link/version_notice.h"

#include <algorithm>
#include <cassert>

#include "relayd/base/bytes.h"

namespace tsmtp::link {
namespace {

constexpr char kVersion = 7;  // the first byte

bool is_printable(char c) {
  return c >= ' ' && c <= '~';
}

}  // namespace

bool is_about_version(std::string_view notice) {
  return !notice.empty() && notice.front() == kVersion;
}

std::string encode_version_notice(std::string_view version) {
  assert(version.size() <= kMaxVersionBytes && std::all_of(version.begin(), version.end(), is_printable));
  std::string out{kVersion};
  base::put_u8(out, static_cast<std::uint8_t>(version.size()));
  return out.append(version);
}

// Bytes behind the version are of a later one of this page.
base::Result<std::string> decode_version_notice(std::string_view notice) {
  notice.remove_prefix(1);
  if (notice.empty() || notice.size() <= base::get_u8(notice))
    return base::Error{"it tells a version that is cut short"};
  const std::string_view version = notice.substr(1, base::get_u8(notice));
  if (version.empty() || version.size() > kMaxVersionBytes)
    return base::Error{"it tells a version that has " + std::to_string(version.size()) + " bytes; 1 to " +
                       std::to_string(kMaxVersionBytes) + " are allowed"};
  if (!std::all_of(version.begin(), version.end(), is_printable))
    return base::Error{"it tells a version that cannot be printed"};
  return base::Result<std::string>(boost::system::in_place_value, version);
}

}  // namespace tsmtp::link
