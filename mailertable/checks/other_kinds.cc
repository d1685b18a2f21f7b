#include "mailertable/checks/other_kinds.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "mailertable/database/table_reader.h"
#include "mailertable/text/parser.h"
#include "mailertable/text/route.h"
#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

// What the lines of a text say of its kind. A line can speak for one kind at most.
struct Votes {
  std::size_t lines = 0;
  std::size_t access = 0, users = 0, aliases = 0, configuration = 0;
};

bool is_one_of(std::string_view word, const auto& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// "Connect:192.0.2 RELAY", "spammer@example.com REJECT".
bool is_of_access_map(std::string_view key, std::string_view value) {
  constexpr std::array<std::string_view, 8> kActions{"ok",   "relay",      "reject",   "discard",
                                                     "skip", "quarantine", "subject:", "no"};
  constexpr std::array<std::string_view, 10> kTags{"connect",    "from",      "to",      "spam",
                                                   "greetpause", "tls_srv",   "tls_clt", "tls_rcpt",
                                                   "clientrate", "clientconn"};
  const std::string folded = base::ascii_lower(value);
  const std::size_t tag = key.find(':');
  if (tag != std::string_view::npos && is_one_of(base::ascii_lower(key.substr(0, tag)), kTags)) return true;
  return is_one_of(folded, kActions) || folded.starts_with("quarantine:");
}

// "info@birl.example anna", "@old.example %1@new.example".
bool is_of_user_table(std::string_view key, std::string_view value) {
  return key.find('@') != std::string_view::npos && !parse_route(value);
}

// "postmaster: root". A key of a mailertable can end in a colon by mistake, but then its value is a route.
bool is_of_aliases(std::string_view key, std::string_view value) {
  const std::size_t colon = key.find(':');
  return colon != std::string_view::npos && key.find('.') == std::string_view::npos && !parse_route(value);
}

// A line of sendmail.mc or sendmail.cf.
bool is_of_configuration(std::string_view line) {
  constexpr std::array<std::string_view, 8> kBegins{"define(", "FEATURE(", "MAILER(",  "divert(",
                                                    "dnl ",    "OSTYPE(",  "include(", "DAEMON_OPTIONS("};
  return std::any_of(kBegins.begin(), kBegins.end(),
                     [&](std::string_view begin) { return line.starts_with(begin); });
}

void count(std::string_view line, Votes& votes) {
  line = without_trailing_blanks(line);
  if (line.empty() || line.front() == '#') return;
  ++votes.lines;
  const std::size_t key_end = std::min(line.find_first_of(kBlanks), line.size());
  const std::string_view key = line.substr(0, key_end);
  const std::string_view value = line.substr(std::min(line.find_first_not_of(kBlanks, key_end), line.size()));
  if (is_of_configuration(line))
    ++votes.configuration;
  else if (is_of_access_map(key, value))
    ++votes.access;
  else if (is_of_user_table(key, value))
    ++votes.users;
  else if (is_of_aliases(key, value))
    ++votes.aliases;
}

std::string said(std::string_view kind, std::size_t votes, const Votes& all) {
  return "this looks like " + std::string(kind) + " (" + std::to_string(votes) + " of " +
         std::to_string(all.lines) +
         " lines), not like a mailertable, which has lines such as \"birl.example tsmtp:[127.0.5.2]\"; name "
         "the right file";
}

}  // namespace

std::optional<std::string> looks_like_another_kind(std::string_view text) {
  constexpr std::size_t kEnough = 10'000;  // lines tell what kind it is
  if (is_hash_or_btree(text))
    return "this is a built table (.db), not its text; name the text, or see `mailertable dump`";
  Votes votes;
  while (!text.empty() && votes.lines < kEnough) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    count(text.substr(0, end), votes);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  // Two lines at least, and most of all: one is a mistake in a mailertable, and has its own message.
  const auto most = [&](std::size_t kind) { return kind >= 2 && 2 * kind > votes.lines; };
  if (most(votes.configuration)) return said("a configuration of sendmail", votes.configuration, votes);
  if (most(votes.access)) return said("an access map", votes.access, votes);
  if (most(votes.users)) return said("a virtusertable or genericstable", votes.users, votes);
  if (most(votes.aliases)) return said("an aliases file", votes.aliases, votes);
  return std::nullopt;
}

}  // namespace tsmtp::mailertable
