#include "relayd/smtp/extensions.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "relayd/base/bytes.h"

namespace tsmtp::smtp {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Decimal digits; what does not fit is as large as can be.
std::uint64_t to_number(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return code == std::errc::result_out_of_range ? std::numeric_limits<std::uint64_t>::max() : number;
}

// RFC 3461 section 4: '+' and two upper-case hexadecimal digits stand for a byte.
bool is_xtext(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
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

bool is_orcpt(std::string_view value) {
  const std::size_t semicolon = value.find(';');
  return semicolon != std::string_view::npos && semicolon > 0 && semicolon + 1 < value.size() &&
         value.size() <= 500 && is_xtext(value.substr(semicolon + 1));
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
    if (keyword == "SIZE") {
      std::string_view value = line.substr(std::min(blank + 1, line.size()));
      value = value.substr(0, value.find(' '));
      found.size = is_digits(value) ? to_number(value) : 0;
    }
  }
  return found;
}

std::vector<std::string> keyword_lines(const Extensions& extensions) {
  std::vector<std::string> lines;
  if (extensions.pipelining) lines.emplace_back("PIPELINING");
  if (extensions.eight_bit_mime) lines.emplace_back("8BITMIME");
  if (extensions.size)
    lines.push_back(*extensions.size == 0 ? "SIZE" : "SIZE " + std::to_string(*extensions.size));
  if (extensions.dsn) lines.emplace_back("DSN");
  if (extensions.enhanced_status_codes) lines.emplace_back("ENHANCEDSTATUSCODES");
  return lines;
}

std::optional<Reply> check_mail_parameters(const PathCommand& mail, const Extensions& offered) {
  const Rule rules[] = {
      {"SIZE", offered.size.has_value(), is_size},
      {"BODY", offered.eight_bit_mime, is_body},
      {"RET", offered.dsn, is_ret},
      {"ENVID", offered.dsn, is_envid},
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
