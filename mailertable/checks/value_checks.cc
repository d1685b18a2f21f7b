#include "mailertable/checks/value_checks.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "mailertable/checks/error_checks.h"
#include "mailertable/checks/host_checks.h"
#include "mailertable/text/in_quotes.h"
#include "mailertable/text/route.h"
#include "relayd/base/bytes.h"
#include "relayd/base/domain.h"
#include "relayd/base/host_port.h"

namespace tsmtp::mailertable {
namespace {

/// What was probably meant by a value in which there is no mailer.
std::string guess_route(std::string_view value, const Mailers& mailers) {
  value = without_trailing_blanks(value);
  std::string_view mailer = "tsmtp";
  if (const std::string_view word = first_word(value); mailers.knows(word)) {
    mailer = word;
    value.remove_prefix(std::min(value.find_first_not_of(" \t;,:=", word.size()), value.size()));
  }
  const bool one_word = !value.empty() && value.find_first_of(" \t:;\"") == std::string_view::npos;
  if (!one_word) return std::string(mailer) + ":[127.0.5.2]";
  value.remove_prefix(std::min(value.find_first_not_of('['), value.size()));
  value = value.substr(0, value.find_first_of("[]"));
  if (value.empty() || !base::check_domain(value)) {
    if (!base::is_ipv4(value)) return std::string(mailer) + ":[127.0.5.2]";
  }
  return std::string(mailer) + ":[" + base::escaped(value, 80) + ']';
}

/// Whether the quotes of `value` are as sendmail can read them.
bool check_quotes(std::string_view value, const Mailers& mailers, EntryReport& report) {
  const std::size_t quote = value.find('"');
  if (quote == std::string_view::npos) return true;
  const bool balanced = std::count(value.begin(), value.end(), '"') % 2 == 0;
  if (!balanced) {
    report.value_error(quote,
                       "unbalanced '\"': sendmail would ignore this line and send the mail out in clear");
    return false;
  }
  const auto route = parse_route(value);
  if (route && mailers.kind_of(route->mailer) == MailerKind::kError) return true;
  report.value_error(quote,
                     "quotes make one word of the text in them, and sendmail finds no mailer and no host in "
                     "it; write the value without them");
  return false;
}

void check_mailer(const Route& route, const Mailers& mailers, EntryReport& report) {
  if (mailers.knows(route.mailer)) return;
  std::string message = "unknown mailer " + in_quotes(route.mailer) + ": sendmail would bounce the mail";
  if (const std::string_view meant = mailers.nearest(route.mailer); !meant.empty())
    message += "; did you mean " + in_quotes(meant) + "?";
  if (mailers.file.empty())
    message += " (if your sendmail.cf has it, say --mailer " + base::escaped(route.mailer, 80) + ')';
  else
    message += " (" + mailers.file + " has none of this name)";
  report.value_error(route.mailer_offset, message);
}

void explain_nothing_behind_colon(const Route& route, MailerKind kind, EntryReport& report) {
  const std::size_t colon = route.rest_offset;
  const std::string mailer = base::escaped(route.mailer, 80);
  switch (kind) {
    case MailerKind::kLocal:
      return;
    case MailerKind::kError:
      report.value_error(colon, "no text behind \"error:\"; write error:5.1.2:550 and a text for the sender");
      return;
    case MailerKind::kNetwork:
      report.value_error(colon, "no host behind \"" + mailer +
                                    ":\": sendmail would take the address itself for "
                                    "the host; write " +
                                    mailer + ":[127.0.5.2]");
      return;
    case MailerKind::kOther:
      report.value_error(colon, "nothing behind \"" + mailer +
                                    ":\": sendmail would take the address itself for "
                                    "the host; write " +
                                    mailer + ":HOST");
      return;
  }
}

/// Whether a `# note` stands behind the route, as it may nowhere but in a text for people.
bool check_note(const Route& route, MailerKind kind, EntryReport& report) {
  if (kind == MailerKind::kError) return true;
  for (std::size_t i = 0; i < route.rest.size(); ++i) {
    const bool after_blank = i == 0 || route.rest[i - 1] == ' ' || route.rest[i - 1] == '\t';
    if (route.rest[i] != '#' || !(after_blank || kind == MailerKind::kNetwork)) continue;
    report.value_error(
        route.rest_offset + i,
        "a note behind the value would become part of the host; write it on a line of its own, "
        "with the '#' in the first column");
    return false;
  }
  return true;
}

// sendmail 8.17 reads on behind the value in that case (map_rewrite in map.c).
void check_percent(std::string_view value, EntryReport& report) {
  std::size_t i = 0;
  while (i < value.size() && (i = value.find('%', i)) != std::string_view::npos && i + 1 < value.size())
    i += 2;
  if (i < value.size())
    report.value_error(i, "a '%' at the end: sendmail puts bytes of its memory behind it; write %%");
}

// What was looked up is %0, and what stands before a ".domain" key is %1 (proto.m4, rule set Mailertable).
void check_arguments(const Entry& entry, const Route& route, EntryReport& report) {
  const bool is_below = entry.key.size() > 1 && entry.key.starts_with('.');
  const std::size_t at = route.rest.find(is_below ? "%0" : "%1");
  if (at == std::string_view::npos || entry.key == "." || route.rest.substr(0, at).ends_with('%')) return;
  const std::string exact = base::escaped(entry.key, 80);
  if (is_below)
    report.value_warning(route.rest_offset + at, "%0 is the key itself here, \"" + exact +
                                                     "\" with its dot; the part before it is %1");
  else
    report.value_warning(route.rest_offset + at, "%1 is empty here: only a key such as \"." + exact +
                                                     "\" leaves something before it; write the name itself");
}

void warn_of_discard(EntryReport& report) {
  report.value_warning(
      0,
      "all mail for this key is thrown away, and its sender is told that it was delivered; to "
      "refuse it instead, write error:5.1.2:550 and a text for the sender");
}

// sendmail does not mind, but whoever compares tables does.
void check_trailing_blanks(std::string_view value, EntryReport& report) {
  if (value.ends_with('\r')) value.remove_suffix(1);
  const std::size_t size = without_trailing_blanks(value).size();
  if (size != value.size())
    report.value_warning(size, "blanks behind the value, which become part of it; remove them");
}

}  // namespace

void check_value(const Entry& entry, const Mailers& mailers, EntryReport& report) {
  if (!check_quotes(entry.value, mailers, report)) return;
  const auto route = parse_route(entry.value);
  if (!route) {
    report.value_error(
        0,
        "the value does not begin with a mailer and a colon: sendmail would ignore this line and "
        "send the mail out in clear; write " +
            guess_route(entry.value, mailers));
    return;
  }
  check_mailer(*route, mailers, report);
  check_percent(entry.value, report);
  const MailerKind kind = mailers.kind_of(route->mailer);
  if (route->rest.empty()) return explain_nothing_behind_colon(*route, kind, report);
  check_trailing_blanks(entry.value, report);
  check_arguments(entry, *route, report);
  if (kind == MailerKind::kError) return check_error(*route, report);
  if (base::ascii_lower(route->mailer) == "discard") return warn_of_discard(report);
  if (check_note(*route, kind, report) && kind == MailerKind::kNetwork) check_hosts(*route, mailers, report);
}

}  // namespace tsmtp::mailertable
