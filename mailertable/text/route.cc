#include "mailertable/text/route.h"

#include <algorithm>

#include "mailertable/text/parser.h"

namespace tsmtp::mailertable {
namespace {

// Where a token ends: OperatorChars of the stock configuration, the delimiters of parseaddr.c, quotes and
// blanks.
constexpr std::string_view kTokenEnds = ".:%@!^/[]+()<>,;\" \t\v\f\r";

std::string_view without_blanks_around(std::string_view text) {
  text = without_trailing_blanks(text);
  return text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
}

}  // namespace

std::string_view without_trailing_blanks(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

std::string_view first_word(std::string_view value) {
  return value.substr(0, value.find_first_of(kTokenEnds));
}

std::vector<std::string_view> hosts_of(std::string_view rest) {
  std::vector<std::string_view> hosts;
  bool inside = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= rest.size(); ++i) {
    const char c = i < rest.size() ? rest[i] : ':';
    if (c == '[') inside = true;
    if (c == ']') inside = false;
    if (c == '@' && !inside) begin = i + 1;
    if (i < rest.size() && (inside || (c != ':' && c != ','))) continue;
    std::string_view host = rest.substr(begin, i - begin);
    if (host.starts_with('[') && host.ends_with(']'))
      host = without_blanks_around(host.substr(1, host.size() - 2));
    if (host.size() > 1 && host.ends_with('.')) host.remove_suffix(1);  // says that the name is whole
    hosts.push_back(host);
    begin = i + 1;
  }
  return hosts;
}

std::optional<Route> parse_route(std::string_view value) {
  value = without_trailing_blanks(value);
  const std::string_view mailer = first_word(value);
  const std::size_t colon = value.find_first_not_of(kBlanks, mailer.size());
  if (mailer.empty() || colon == std::string_view::npos || value[colon] != ':') return std::nullopt;
  const std::size_t rest = std::min(value.find_first_not_of(kBlanks, colon + 1), value.size());
  return Route{mailer, 0, value.substr(rest), rest};
}

}  // namespace tsmtp::mailertable
