#include "mailertable/checks/error_checks.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "mailertable/text/in_quotes.h"
#include "mailertable/text/parser.h"
#include "relayd/base/nearest.h"

namespace tsmtp::mailertable {
namespace {

// The names that sendmail's error mailer knows (parseaddr.c, ErrorCodes).
constexpr std::array<std::string_view, 8> kNames{"usage",    "nouser",   "nohost",   "unavailable",
                                                 "software", "tempfail", "protocol", "config"};
constexpr std::string_view kExample = "write error:5.1.2:550 and a text for the sender";

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// "5.1.2" (RFC 3463): a class of 2, 4 or 5, two numbers of at most three digits.
bool is_enhanced_status(std::string_view text) {
  if (text.size() < 5 || std::string_view("245").find(text[0]) == std::string_view::npos || text[1] != '.')
    return false;
  const std::size_t dot = text.find('.', 2);
  if (dot == std::string_view::npos) return false;
  const std::string_view subject = text.substr(2, dot - 2), detail = text.substr(dot + 1);
  return is_digits(subject) && subject.size() <= 3 && is_digits(detail) && detail.size() <= 3;
}

std::string_view trimmed_front(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text;
}

class ErrorChecker {
 public:
  ErrorChecker(const Route& route, EntryReport& report)
      : rest_(route.rest), offset_(route.rest_offset), report_(report) {}

  void check() {
    const std::size_t colon = rest_.find(':');
    const std::string_view status = without_trailing_blanks(rest_.substr(0, colon));
    const bool has_status =
        colon != std::string_view::npos && status.find_first_of(kBlanks) == std::string_view::npos;
    if (!has_status) return check_alone(rest_);
    if (!check_status(status)) return;
    const std::string_view text = trimmed_front(rest_.substr(colon + 1));
    check_text(text, status[0]);
  }

 private:
  // No status: sendmail takes all of it for the text, and refuses with 5.0.0 or as the text's own code says.
  void check_alone(std::string_view text) {
    const bool is_status = is_enhanced_status(text) || is_digits(text) ||
                           std::find(kNames.begin(), kNames.end(), text) != kNames.end();
    if (is_status)
      return report_.value_error(
          offset_, in_quotes(text) + " alone is taken for the text itself; " + std::string(kExample));
    check_text(text, '\0');
  }

  [[nodiscard]] bool check_status(std::string_view status) {
    if (is_enhanced_status(status)) return true;
    if (std::find(kNames.begin(), kNames.end(), status) != kNames.end()) return true;
    // A number of sysexits(3) is right too.
    if (is_digits(status) && status.size() == 2 && status >= "64" && status <= "78") return true;
    std::string message = in_quotes(status) + " is no status that sendmail knows; " + std::string(kExample);
    if (const std::string_view meant = base::nearest(status, {kNames.begin(), kNames.end()}); !meant.empty())
      message += "; did you mean " + in_quotes(meant) + "?";
    report_.value_error(offset_, message);
    return false;
  }

  void check_text(std::string_view text, char status_class) {
    const std::size_t at = offset_ + static_cast<std::size_t>(text.data() - rest_.data());
    const std::string_view bare = text.find('"') == std::string_view::npos ? text : unquoted(text);
    const std::string_view code = bare.substr(0, std::min(bare.find_first_of(kBlanks), bare.size()));
    const bool has_code = is_digits(code) && code.size() == 3 && (code[0] == '4' || code[0] == '5');
    const std::string_view words = has_code ? trimmed_front(bare.substr(code.size())) : bare;
    if (words.empty())
      return report_.value_error(std::min(at, offset_ + rest_.size()),
                                 "no text for the sender to read; " + std::string(kExample));
    check_parentheses(text, at);
    if (has_code && (status_class == '4' || status_class == '5') && code[0] != status_class)
      report_.value_warning(at, "the code " + std::string(code) + (code[0] == '4' ? " keeps" : " bounces") +
                                    " the mail, and the status before it " +
                                    (status_class == '4' ? "keeps it" : "bounces it") +
                                    "; let both say the same");
  }

  // RFC 822's comments: the tokenizer drops them, and complains where one is not closed.
  void check_parentheses(std::string_view text, std::size_t at) {
    int depth = 0;
    bool is_quoted = false;
    std::size_t first = std::string_view::npos;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '"') is_quoted = !is_quoted;
      if (is_quoted || (text[i] != '(' && text[i] != ')')) continue;
      if (first == std::string_view::npos) first = i;
      depth += text[i] == '(' ? 1 : -1;
      if (depth < 0) break;
    }
    if (first == std::string_view::npos) return;
    if (depth != 0)
      report_.value_error(
          at + first,
          "a parenthesis without its other half: sendmail takes the text for a broken address; "
          "put the text in double quotes");
    else
      report_.value_warning(
          at + first,
          "text in parentheses is a comment, which the sender never reads; put it in double quotes");
  }

  static std::string_view unquoted(std::string_view text) {
    if (text.starts_with('"')) text.remove_prefix(1);
    if (text.ends_with('"')) text.remove_suffix(1);
    return text;
  }

  std::string_view rest_;
  std::size_t offset_;
  EntryReport& report_;
};

}  // namespace

void check_error(const Route& route, EntryReport& report) {
  ErrorChecker(route, report).check();
}

}  // namespace tsmtp::mailertable
