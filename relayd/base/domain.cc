#include "relayd/base/domain.h"

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/base/idna.h"

namespace tsmtp::base {
namespace {

constexpr std::size_t kMaxNameBytes = 253;
constexpr std::size_t kMaxLabelBytes = 63;

bool is_label_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

Result<void> check_label(std::string_view label, std::string_view name) {
  const auto where = [&] { return " in \"" + escaped(name) + "\""; };
  if (label.empty()) return Error{"empty label" + where() + ": two dots in a row, or one too many at an end"};
  if (label.size() > kMaxLabelBytes) return Error{"label longer than 63 characters" + where()};
  for (const char c : label) {
    if (static_cast<unsigned char>(c) >= 0x80)
      return Error{"non-ASCII character" + where() + ": write the name in punycode (xn--...)"};
    if (!is_label_character(c))
      return Error{"character '" + escaped({&c, 1}) + "'" + where() + " is in no host name"};
  }
  if (label.front() == '-' || label.back() == '-') return Error{"label begins or ends with '-'" + where()};
  return {};
}

bool matches(std::string_view pattern, std::string_view domain) {
  if (pattern == ".") return true;
  if (pattern.front() == '.') return domain.size() > pattern.size() && domain.ends_with(pattern);
  return domain == pattern;
}

}  // namespace

Result<void> check_domain(std::string_view name) {
  if (name.empty()) return Error{"empty name: a domain such as birl.example was expected"};
  if (name.size() > kMaxNameBytes) return Error{"name longer than 253 characters"};
  if (name.find_first_not_of("0123456789.") == std::string_view::npos || name.front() == '[')
    return Error{"\"" + escaped(name) + "\" is an address; a domain such as birl.example was expected"};
  if (name.find('@') != std::string_view::npos)
    return Error{"\"" + escaped(name) + "\" is a mail address; write only the domain behind the @"};
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    if (auto ok = check_label(name.substr(begin, end - begin), name); !ok) return ok.error();
    begin = end + 1;
  }
  return {};
}

Result<void> DomainSet::add(std::string_view pattern) {
  if (pattern != ".") {
    const bool below = pattern.starts_with('.');
    if (auto ok = check_domain(below ? pattern.substr(1) : pattern); !ok) return ok.error();
  }
  patterns_.push_back(ascii_lower(pattern));
  return {};
}

bool DomainSet::contains(std::string_view domain) const {
  if (domain.ends_with('.')) domain.remove_suffix(1);
  if (domain.empty()) return false;
  const auto ascii = ascii_domain(domain);
  if (!ascii) return false;
  const std::string folded = ascii_lower(*ascii);
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [&](const std::string& pattern) { return matches(pattern, folded); });
}

}  // namespace tsmtp::base
