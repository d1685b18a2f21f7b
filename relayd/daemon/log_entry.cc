#include "relayd/daemon/log_entry.h"

#include <fmt/format.h>
#include <syslog.h>

#include <array>
#include <cstdint>

#include "relayd/daemon/log_lines.h"

namespace tsmtp::daemon {
namespace {

// Upper half of every MESSAGE_ID, drawn once (systemd-id128 new).
constexpr std::uint64_t kOurs = 0x6f1c6d2b9be14c1a;
// Of the lower half: what marks it as a random identifier (RFC 4122, section 4.1.1).
constexpr std::uint64_t kVariantMask = 0x3fffffffffffffff;
constexpr std::uint64_t kVariant = 0x8000000000000000;

// FNV-1a.
std::uint64_t number_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char c : text)
    hash = (hash ^ c) * 0x100000001b3;
  return hash;
}

void put(std::string& entry, std::string_view name, std::string_view value) {
  entry.append(name).append("=").append(value) += '\n';
}

void put_gap(std::string& entry, std::string_view name, std::string_view value) {
  if (value.empty() || name == "hub") return;
  std::string field = "TSMTP_";
  for (const char c : name)
    field.push_back(static_cast<char>(c - 'a' + 'A'));
  const std::size_t slash = name == "site" ? value.find('/') : std::string_view::npos;
  put(entry, field, value.substr(0, slash));
  if (slash != std::string_view::npos) put(entry, "TSMTP_SITE_HUB", value.substr(slash + 1));
  if (name != "reply") return;
  if (const auto id = queue_id_in(value); !id.empty()) put(entry, "TSMTP_QUEUE_ID", id);
}

std::string_view word_behind(std::string_view text, std::string_view before) {
  const std::size_t at = text.find(before);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + before.size());
  return text.substr(0, text.find(' '));
}

}  // namespace

std::string_view queue_id_in(std::string_view reply) {
  if (!reply.starts_with("250 ")) return {};
  for (const std::string_view before : {"queued as ", "OK id="})  // Postfix, Exim
    if (const auto id = word_behind(reply, before); !id.empty()) return id;
  const std::size_t end = reply.find(" Message accepted for delivery");  // sendmail, OpenSMTPD
  if (end == std::string_view::npos) return {};
  const std::size_t begin = reply.rfind(' ', end - 1);
  return begin == std::string_view::npos || begin <= 3 ? std::string_view{}
                                                       : reply.substr(begin + 1, end - begin - 1);
}

std::string message_id(std::string_view kind) {
  return fmt::format("{:016x}{:016x}", kOurs, (number_of(kind) & kVariantMask) | kVariant);
}

std::string log_entry(int priority, std::string_view hub, std::string_view line) {
  std::string entry;
  put(entry, "MESSAGE", line);
  put(entry, "PRIORITY", std::to_string(priority));
  put(entry, "SYSLOG_IDENTIFIER", "relayd");
  put(entry, "SYSLOG_FACILITY", std::to_string(LOG_MAIL >> 3));
  put(entry, "TSMTP_HUB", hub);
  const MatchedLine matched = match_line(line);
  if (matched.row == nullptr) return entry;
  put(entry, "TSMTP_KIND", matched.row->kind);
  put(entry, "MESSAGE_ID", message_id(matched.row->kind));
  for (const auto& gap : matched.gaps)
    put_gap(entry, gap.first, gap.second);
  return entry;
}

}  // namespace tsmtp::daemon
