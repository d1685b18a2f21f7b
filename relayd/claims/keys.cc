#include "relayd/claims/keys.h"

#include "relayd/base/bytes.h"

namespace tsmtp::claims {
namespace {

constexpr std::size_t kIdDigits = 32;

std::optional<std::string> bytes_of(std::string_view digits) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    int value = 0;
    for (const char c : digits.substr(i, 2)) {
      const bool is_digit = c >= '0' && c <= '9';
      if (!is_digit && (c < 'a' || c > 'f')) return std::nullopt;
      value = value * 16 + (is_digit ? c - '0' : c - 'a' + 10);
    }
    out += static_cast<char>(value);
  }
  return out;
}

}  // namespace

std::string Keys::transaction(const Name& name) const {
  return prefix_ + "/transactions/" + name.site + '/' + base::hex(name.transaction);
}

etcd::Range Keys::transactions(const std::string& after) const {
  etcd::Range range = etcd::all_below(prefix_ + "/transactions/");
  if (!after.empty()) range.key = after + '\0';
  return range;
}

std::optional<Name> Keys::name_in(std::string_view key) const {
  const std::string before = prefix_ + "/transactions/";
  if (!key.starts_with(before)) return std::nullopt;
  key.remove_prefix(before.size());
  const std::size_t slash = key.rfind('/');
  if (slash == std::string_view::npos || slash == 0 || key.size() - slash - 1 != kIdDigits)
    return std::nullopt;
  auto transaction = bytes_of(key.substr(slash + 1));
  if (!transaction) return std::nullopt;
  return Name{.site = std::string(key.substr(0, slash)), .transaction = std::move(*transaction)};
}

std::optional<std::string> Keys::hub_in(std::string_view key) const {
  const std::string before = prefix_ + "/hubs/";
  if (!key.starts_with(before) || key.size() == before.size()) return std::nullopt;
  return std::string(key.substr(before.size()));
}

}  // namespace tsmtp::claims
