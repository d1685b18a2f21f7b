#include "relayd/smtp/extensions.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "relayd/base/bytes.h"
#include "relayd/base/utf8.h"

namespace tsmtp::smtp {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Decimal digits; a number that does not fit is as large as can be.
std::uint64_t to_number(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return code == std::errc::result_out_of_range ? std::numeric_limits<std::uint64_t>::max() : number;
}

// RFC 3461 section 4: '+' and two upper-case hexadecimal digits stand for a byte.
bool is_xtext(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  if (base::has_eighth_bit(text)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '+') continue;
    if (i + 2 >= text.size() || kHex.find(text[i + 1]) == std::string_view::npos ||
        kHex.find(text[i + 2]) == std::string_view::npos)
      return false;
    i += 2;
  }
  return true;
}

bool is_size(std::string_view value) {
  return value.size() <= 20 && is_digits(value);
}

bool is_body(std::string_view value) {
  const std::string folded = base::ascii_upper(value);
  return folded == "7BIT" || folded == "8BITMIME";
}

bool is_empty(std::string_view value) {
  return value.empty();
}

// RFC 2852 section 4: seconds, at most nine digits, perhaps negative; ";"; R or N, perhaps T behind. With R,
// whose mail is to be returned when its time is over, there must be some left.
bool is_by(std::string_view value) {
  const std::size_t semicolon = std::min(value.find(';'), value.size());
  std::string_view seconds = value.substr(0, semicolon);
  const std::string mode = base::ascii_upper(value.substr(semicolon));
  const bool has_sign = seconds.starts_with('-') || seconds.starts_with('+');
  const bool negative = seconds.starts_with('-');
  seconds.remove_prefix(has_sign ? 1 : 0);
  if (!is_digits(seconds) || seconds.size() > 9) return false;
  if (mode == ";N" || mode == ";NT") return true;
  return (mode == ";R" || mode == ";RT") && !negative && to_number(seconds) > 0;
}

bool is_ret(std::string_view value) {
  const std::string folded = base::ascii_upper(value);
  return folded == "FULL" || folded == "HDRS";
}

bool is_envid(std::string_view value) {
  return !value.empty() && value.size() <= 100 && is_xtext(value);
}

bool is_notify(std::string_view value) {
  const std::string folded = base::ascii_upper(value);
  if (folded == "NEVER") return true;
  for (std::size_t begin = 0; begin <= folded.size();) {
    const std::size_t end = std::min(folded.find(',', begin), folded.size());
    const std::string_view word = std::string_view(folded).substr(begin, end - begin);
    if (word != "SUCCESS" && word != "FAILURE" && word != "DELAY") return false;
    begin = end + 1;
  }
  return true;
}

// RFC 3461 section 4.2; an address of type utf-8 may also be written as it is (RFC 6533 section 3).
bool is_orcpt(std::string_view value) {
  const std::size_t semicolon = value.find(';');
  if (semicolon == std::string_view::npos || semicolon == 0 || value.size() > 500) return false;
  const std::string type = base::ascii_lower(value.substr(0, semicolon));
  const std::string_view address = value.substr(semicolon + 1);
  if (address.empty() || base::has_eighth_bit(type)) return false;
  return type == "utf-8" || is_xtext(address);
}

// The number that stands behind a keyword's blank; 0 without one.
std::uint64_t number_behind(std::string_view line, std::size_t blank) {
  std::string_view value = line.substr(std::min(blank + 1, line.size()));
  value = value.substr(0, value.find(' '));
  return is_digits(value) ? to_number(value) : 0;
}

// A keyword line that may name a number.
std::string with_number(std::string_view keyword, std::uint64_t number) {
  return std::string(keyword) + (number == 0 ? "" : ' ' + std::to_string(number));
}

/// A parameter we know: whether it is offered, and what its value must look like.
struct Rule {
  std::string_view keyword;
  bool offered;
  bool (*is_valid)(std::string_view value);
};

template <std::size_t N>
std::optional<Reply> check(const PathCommand& command, const Rule (&rules)[N]) {
  for (const Parameter& parameter : command.parameters) {
    const auto rule = std::find_if(std::begin(rules), std::end(rules),
                                   [&](const Rule& r) { return r.keyword == parameter.keyword; });
    const std::string shown = '"' + base::escaped(parameter.text, 200) + '"';
    if (rule == std::end(rules) || !rule->offered)
      return make_reply(555, "5.5.4", "parameter " + shown + " is not offered here");
    if (!rule->is_valid(parameter.value)) return make_reply(501, "5.5.4", "bad value in parameter " + shown);
  }
  return std::nullopt;
}

}  // namespace

Extensions parse_extensions(const Reply& ehlo) {
  Extensions found;
  for (std::size_t i = 1; i < ehlo.lines.size(); ++i) {
    const std::string_view line = ehlo.lines[i];
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::string keyword = base::ascii_upper(line.substr(0, blank));
    if (keyword == "PIPELINING") found.pipelining = true;
    if (keyword == "8BITMIME") found.eight_bit_mime = true;
    if (keyword == "DSN") found.dsn = true;
    if (keyword == "ENHANCEDSTATUSCODES") found.enhanced_status_codes = true;
    if (keyword == "CHUNKING") found.chunking = true;
    if (keyword == "SMTPUTF8") found.smtputf8 = true;
    if (keyword == "SIZE") found.size = number_behind(line, blank);
    if (keyword == "DELIVERBY") found.deliver_by = number_behind(line, blank);
  }
  return found;
}

std::vector<std::string> keyword_lines(const Extensions& extensions) {
  std::vector<std::string> lines;
  if (extensions.pipelining) lines.emplace_back("PIPELINING");
  if (extensions.eight_bit_mime) lines.emplace_back("8BITMIME");
  if (extensions.size) lines.push_back(with_number("SIZE", *extensions.size));
  if (extensions.dsn) lines.emplace_back("DSN");
  if (extensions.enhanced_status_codes) lines.emplace_back("ENHANCEDSTATUSCODES");
  if (extensions.chunking) lines.emplace_back("CHUNKING");
  if (extensions.smtputf8) lines.emplace_back("SMTPUTF8");
  if (extensions.deliver_by) lines.push_back(with_number("DELIVERBY", *extensions.deliver_by));
  return lines;
}

std::optional<Reply> check_mail_parameters(const PathCommand& mail, const Extensions& offered) {
  const Rule rules[] = {
      {"SIZE", offered.size.has_value(), is_size},
      {"BODY", offered.eight_bit_mime, is_body},
      {"RET", offered.dsn, is_ret},
      {"ENVID", offered.dsn, is_envid},
      {"SMTPUTF8", offered.smtputf8, is_empty},
      {"BY", offered.deliver_by.has_value(), is_by},
  };
  return check(mail, rules);
}

std::optional<Reply> check_rcpt_parameters(const PathCommand& rcpt, const Extensions& offered) {
  const Rule rules[] = {
      {"NOTIFY", offered.dsn, is_notify},
      {"ORCPT", offered.dsn, is_orcpt},
  };
  return check(rcpt, rules);
}

std::uint64_t declared_size(const PathCommand& mail) {
  for (const Parameter& parameter : mail.parameters)
    if (parameter.keyword == "SIZE") return to_number(parameter.value);
  return 0;
}

}  // namespace tsmtp::smtp
