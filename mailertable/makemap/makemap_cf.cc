#include "mailertable/makemap/makemap_cf.h"

#include <pwd.h>

#include <algorithm>
#include <cstdlib>

#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

constexpr std::string_view kBlank = " \t\v\f\r\n";

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view skip_blanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kBlank), text.size()));
}

/// `O TrustedUser=smmsp`, or its number.
void read_trusted_user(std::string_view line, MakemapCf& cf) {
  constexpr std::string_view kOption = "o trusteduser";
  if (!base::ascii_lower(line.substr(0, kOption.size())).starts_with(kOption)) return;
  if (line.size() > kOption.size() && is_alnum(line[kOption.size()])) return;
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return;
  const std::string user(skip_blanks(line.substr(equals + 1)));
  if (!user.empty() && user.front() >= '0' && user.front() <= '9') {
    cf.trusted_user = static_cast<uid_t>(std::atoi(user.c_str()));
    return;
  }
  const passwd* found = ::getpwnam(user.c_str());
  cf.trusted_user = found == nullptr ? 0 : found->pw_uid;
  if (found == nullptr) cf.warnings.push_back("TrustedUser: unknown user " + user);
}

std::string_view without_ending(std::string_view name) {
  return name.substr(0, name.find('.'));
}

/// Whether the file that the K line ends with is the one asked for.
bool names_map(std::string_view line, std::string_view map, bool full_path) {
  line = line.substr(0, line.find_last_not_of(kBlank) + 1);
  const std::size_t last = line.rfind(' ');
  if (last == std::string_view::npos) return false;
  std::string_view file = line.substr(last + 1);
  const std::size_t at = file.find(map);
  if (at == std::string_view::npos) return false;
  if (full_path) return file == map;
  // From where it is found on, without the last ending, it must be all, and begin a part of the path.
  std::string_view tail = file.substr(at);
  if (const std::size_t dot = tail.rfind('.'); dot != std::string_view::npos) tail = tail.substr(0, dot);
  return tail == map && (at == 0 || file[at - 1] == '/');
}

/// `Kname type ...`: the type.
std::optional<std::string> type_of(std::string_view line) {
  line = skip_blanks(line.substr(1));
  if (line.empty() || !is_alnum(line.front())) return std::nullopt;
  const auto* const name_end =
      std::find_if_not(line.begin(), line.end(), [](char c) { return is_alnum(c) || c == '_' || c == '.'; });
  line = skip_blanks(line.substr(static_cast<std::size_t>(name_end - line.begin())));
  const auto* const type_end = std::find_if_not(line.begin(), line.end(), is_alnum);
  if (type_end == line.begin()) return std::nullopt;
  return std::string(line.begin(), type_end);
}

}  // namespace

MakemapCf parse_makemap_cf(std::string_view text, std::string_view map, bool full_path) {
  MakemapCf cf;
  if (!full_path) map = without_ending(map.substr(map.rfind('/') + 1));
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with('O')) read_trusted_user(line, cf);
    if (!line.starts_with('K') || map.empty() || cf.type || !names_map(line, map, full_path)) continue;
    cf.type = type_of(line);
    if (!cf.type) return cf;  // makemap reads no further
  }
  return cf;
}

}  // namespace tsmtp::mailertable
