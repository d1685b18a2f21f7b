#include "relayd/control/accept_encoding.h"

#include <algorithm>
#include <optional>

namespace tsmtp::control {
namespace {

constexpr int kFullWeight = 1000;  // thousandths, as many digits as a weight may have

char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char a, char b) { return lower_case(a) == b; });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// What stands before `separator`; `rest` goes on behind it.
std::string_view next_part(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return trimmed(part);
}

/// Section 12.4.2: 0 to 1, with three digits behind the point at most. Anything else counts as 0.
int weight_of(std::string_view parameter) {
  if (parameter.empty()) return kFullWeight;
  const std::string_view name = next_part(parameter, '=');
  const std::string_view number = trimmed(parameter);
  constexpr std::size_t kMostCharacters = 5;
  const bool is_weight = is_word(name, "q") && !number.empty() && number.size() <= kMostCharacters &&
                         (number[0] == '0' || number[0] == '1') && (number.size() == 1 || number[1] == '.');
  if (!is_weight) return 0;
  int weight = (number[0] - '0') * kFullWeight;
  int unit = kFullWeight;
  for (const char digit : number.substr(std::min<std::size_t>(number.size(), 2))) {
    if (digit < '0' || digit > '9') return 0;
    unit /= 10;
    weight += (digit - '0') * unit;
  }
  return weight <= kFullWeight ? weight : 0;
}

}  // namespace

bool takes_gzip(std::string_view accept_encoding) {
  std::optional<int> gzip;
  std::optional<int> any;
  int plain = 0;
  while (!accept_encoding.empty()) {
    std::string_view one = next_part(accept_encoding, ',');
    const std::string_view coding = next_part(one, ';');
    const int weight = weight_of(trimmed(one));
    if (is_word(coding, "gzip") || is_word(coding, "x-gzip"))
      gzip = weight;
    else if (coding == "*")
      any = weight;
    else if (is_word(coding, "identity"))
      plain = weight;
  }
  const int weight = gzip.value_or(any.value_or(0));
  return weight > 0 && weight >= plain;
}

}  // namespace tsmtp::control
