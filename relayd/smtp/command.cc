#include "relayd/smtp/command.h"

#include <array>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::smtp {
namespace {

constexpr std::string_view kBlanks = " \t";

constexpr std::array<std::pair<std::string_view, Verb>, 16> kVerbs{{
    {"HELO", Verb::kHelo},
    {"EHLO", Verb::kEhlo},
    {"LHLO", Verb::kLhlo},
    {"MAIL", Verb::kMail},
    {"RCPT", Verb::kRcpt},
    {"DATA", Verb::kData},
    {"BDAT", Verb::kBdat},
    {"RSET", Verb::kRset},
    {"NOOP", Verb::kNoop},
    {"QUIT", Verb::kQuit},
    {"VRFY", Verb::kVrfy},
    {"EXPN", Verb::kExpn},
    {"HELP", Verb::kHelp},
    {"STARTTLS", Verb::kStarttls},
    {"AUTH", Verb::kAuth},
    {"ETRN", Verb::kEtrn},
}};

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

}  // namespace

Command parse_command(std::string_view line) {
  line = trimmed(line);
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  const std::string argument(trimmed(line.substr(word.size())));
  const std::string folded = base::ascii_upper(word);
  for (const auto& [name, verb] : kVerbs)
    if (name == folded) return {verb, argument};
  return {Verb::kUnknown, argument};
}

}  // namespace tsmtp::smtp
