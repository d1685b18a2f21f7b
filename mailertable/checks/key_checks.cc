#include "mailertable/checks/key_checks.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "mailertable/text/in_quotes.h"
#include "relayd/base/bytes.h"
#include "relayd/base/domain.h"
#include "relayd/base/host_port.h"
#include "relayd/base/idna.h"

namespace tsmtp::mailertable {
namespace {

// Each check looks for one mistake, and says whether it found it.
using KeyCheck = bool (*)(std::string_view key, EntryReport& report);

/// `key`, probably Unicode, as DNS knows it.
std::string punycode(std::string_view key) {
  const bool below = key.starts_with('.');
  const auto ascii = base::ascii_domain(key.substr(below ? 1 : 0));
  if (!ascii) return "xn--...";
  return (below ? "." : "") + base::escaped(*ascii, 80);
}

bool has_byte_order_mark(std::string_view key, EntryReport& report) {
  if (!key.starts_with("\xEF\xBB\xBF")) return false;
  report.key_error(0,
                   "the line begins with a byte order mark, which would become part of the key; "
                   "save the file as plain ASCII");
  return true;
}

bool is_not_ascii(std::string_view key, EntryReport& report) {
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (static_cast<unsigned char>(key[i]) < 0x80) continue;
    report.key_error(i, "non-ASCII character in the key " + in_quotes(key) +
                            ": mail never bears it; write the name in punycode (" + punycode(key) + ')');
    return true;
  }
  return false;
}

bool is_mail_address(std::string_view key, EntryReport& report) {
  const std::size_t at = key.find('@');
  if (at == std::string_view::npos) return false;
  report.key_error(at, "a mail address never matches, sendmail looks up domains only; write " +
                           in_quotes(key.substr(at + 1)) + ", or use the virtusertable for single users");
  return true;
}

bool is_address_literal(std::string_view key, EntryReport& report) {
  if (!key.starts_with('[')) return false;
  report.key_error(0, "an address in brackets never matches, sendmail does not look up user@" +
                          base::escaped(key, 80) + " here; write a domain");
  return true;
}

bool ends_in_colon(std::string_view key, EntryReport& report) {
  if (!key.ends_with(':')) return false;
  report.key_error(key.size() - 1,
                   "a colon behind the key never matches (that is the aliases file's way); write " +
                       in_quotes(key.substr(0, key.size() - 1)));
  return true;
}

bool has_wildcard(std::string_view key, EntryReport& report) {
  const std::size_t star = key.find('*');
  if (star == std::string_view::npos) return false;
  const std::string write = key.starts_with("*.") ? in_quotes(key.substr(1)) : "\".birl.example\"";
  report.key_error(star,
                   "'*' is no wildcard here and never matches; for every name below a domain write " + write);
  return true;
}

bool ends_in_dot(std::string_view key, EntryReport& report) {
  if (!key.ends_with('.')) return false;
  const std::size_t last = key.find_last_not_of('.');
  report.key_error(last + 1,
                   "a key with a trailing dot never matches; write " + in_quotes(key.substr(0, last + 1)));
  return true;
}

bool is_bare_address(std::string_view key, EntryReport& report) {
  if (!base::is_ipv4(key)) return false;
  report.key_warning(0, "an address as key matches only mail to user@" + std::string(key) +
                            " written without brackets; was a domain meant?");
  return true;
}

bool is_no_domain(std::string_view key, EntryReport& report) {
  const std::size_t begin = key.starts_with('.') ? 1 : 0;
  const auto ok = base::check_domain(key.substr(begin));
  if (ok) return false;
  constexpr std::string_view kNameCharacters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  const std::size_t bad = key.find_first_not_of(kNameCharacters);
  report.key_error(bad == std::string_view::npos ? 0 : bad,
                   ok.error().message +
                       "; a key is a host or domain (birl.example), all names below a domain "
                       "(.birl.example), or \".\" for the rest");
  return true;
}

bool has_capitals(std::string_view key, EntryReport& report) {
  const auto* const capital =
      std::find_if(key.begin(), key.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (capital == key.end()) return false;
  report.key_warning(
      static_cast<std::size_t>(capital - key.begin()),
      "capitals in a key are stored as small letters; write " + in_quotes(base::ascii_lower(key)));
  return true;
}

constexpr std::array<KeyCheck, 10> kChecks{
    has_byte_order_mark, is_not_ascii, is_mail_address, is_address_literal, ends_in_colon,
    has_wildcard,        ends_in_dot,  is_bare_address, is_no_domain,       has_capitals};

/// Whether a glance is enough to see that nothing is wrong with `key`: nearly all are so, and there may be
/// millions.
bool is_plain(std::string_view key) {
  constexpr std::size_t kMaxName = 253;
  constexpr std::size_t kMaxLabel = 63;
  if (key.starts_with('.')) key.remove_prefix(1);
  if (key.empty() || key.size() > kMaxName) return false;
  std::size_t label = 0;
  bool has_letter = false;
  char before = '.';
  for (const char c : key) {
    const bool letter = c >= 'a' && c <= 'z';
    if (c == '.' && (label == 0 || before == '-')) return false;
    if (!letter && c != '.' && (c != '-' || label == 0) && !(c >= '0' && c <= '9')) return false;
    label = c == '.' ? 0 : label + 1;
    if (label > kMaxLabel) return false;
    has_letter = has_letter || letter;
    before = c;
  }
  return has_letter && label > 0 && before != '-';
}

}  // namespace

void check_key(const Entry& entry, EntryReport& report) {
  if (entry.key == "." || is_plain(entry.written_key)) return;
  for (const KeyCheck check : kChecks) {
    if (check(entry.written_key, report)) return;
  }
}

}  // namespace tsmtp::mailertable
