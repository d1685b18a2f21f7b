#include "relayd/forward/x11/authority_file.h"

#include <algorithm>
#include <set>

#include "relayd/base/bytes.h"

namespace tsmtp::forward::x11 {
namespace {

void put_string(std::string& out, std::string_view bytes) {
  base::put_u16(out, static_cast<std::uint16_t>(bytes.size()));
  out.append(bytes);
}

// Takes a string from the front of `rest`; false if it is not whole.
bool take_string(std::string_view& rest, std::string& out) {
  constexpr std::size_t kLengthBytes = 2;
  if (rest.size() < kLengthBytes) return false;
  const std::size_t bytes = base::get_u16(rest);
  if (rest.size() < kLengthBytes + bytes) return false;
  out = rest.substr(kLengthBytes, bytes);
  rest.remove_prefix(kLengthBytes + bytes);
  return true;
}

std::optional<AuthorityEntry> take_entry(std::string_view& rest) {
  constexpr std::size_t kFamilyBytes = 2;
  if (rest.size() < kFamilyBytes) return std::nullopt;
  AuthorityEntry entry;
  entry.family = base::get_u16(rest);
  rest.remove_prefix(kFamilyBytes);
  const bool is_whole = take_string(rest, entry.address) && take_string(rest, entry.number) &&
                        take_string(rest, entry.authorization.protocol) &&
                        take_string(rest, entry.authorization.data);
  return is_whole ? std::optional(std::move(entry)) : std::nullopt;
}

bool fits(const Display& display, const AuthorityEntry& entry) {
  constexpr auto kWild = static_cast<std::uint16_t>(Family::kWild);
  const bool is_there =
      entry.family == kWild ||
      (entry.family == static_cast<std::uint16_t>(display.family) && entry.address == display.address);
  return is_there && (entry.number.empty() || entry.number == display.number);
}

bool has_cookie(const AuthorityEntry& entry) {
  return entry.authorization.protocol == kMagicCookie && !entry.authorization.data.empty() &&
         entry.authorization.data.size() <= kMaxAuthorizationBytes;
}

}  // namespace

base::Result<std::vector<AuthorityEntry>> parse_authority(std::string_view text) {
  std::vector<AuthorityEntry> entries;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t at = text.size() - rest.size();
    auto entry = take_entry(rest);
    if (!entry)
      return base::Error{"is no whole Xauthority file: it ends within the entry that begins at byte " +
                         std::to_string(at)};
    entries.push_back(std::move(*entry));
  }
  return entries;
}

std::string encode(const std::vector<AuthorityEntry>& entries) {
  std::string out;
  for (const AuthorityEntry& entry : entries) {
    base::put_u16(out, entry.family);
    put_string(out, entry.address);
    put_string(out, entry.number);
    put_string(out, entry.authorization.protocol);
    put_string(out, entry.authorization.data);
  }
  return out;
}

std::optional<Authorization> cookie_for(const Display& display, const std::vector<AuthorityEntry>& entries) {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const AuthorityEntry& entry) {
    return has_cookie(entry) && fits(display, entry);
  });
  return found == entries.end() ? std::nullopt : std::optional(found->authorization);
}

std::vector<AuthorityEntry> entries_for(const std::vector<base::HostPort>& addresses,
                                        std::string_view host_name, std::string_view cookie) {
  std::set<std::string> numbers;
  for (const base::HostPort& address : addresses)
    if (const auto display = display_at(address, host_name)) numbers.insert(display->number);
  const Authorization shown{.protocol = std::string(kMagicCookie), .data = std::string(cookie)};
  std::vector<AuthorityEntry> entries;
  for (const std::string& number : numbers) {
    entries.push_back({static_cast<std::uint16_t>(Family::kLocal), std::string(host_name), number, shown});
    entries.push_back({static_cast<std::uint16_t>(Family::kWild), {}, number, shown});
  }
  return entries;
}

}  // namespace tsmtp::forward::x11
