#include "mailertable/lookup/resolver.h"

#include <algorithm>
#include <utility>

#include "mailertable/text/parser.h"
#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

constexpr int kMostRounds = 50;  // sendmail's MaxRuleRecursion

// Each is a token by itself: OperatorChars of the stock configuration and the delimiters of parseaddr.c.
constexpr std::string_view kOperators = ".:%@!^/[]+()<>,;";

/// The bytes of the first token of `text`, which does not begin with a blank; 0 at the end.
std::size_t token_size(std::string_view text) {
  if (text.empty()) return 0;
  if (kOperators.find(text.front()) != std::string_view::npos) return 1;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (quoted) continue;
    if (kOperators.find(text[i]) != std::string_view::npos || kBlanks.find(text[i]) != std::string_view::npos)
      return i;
  }
  return text.size();
}

std::string_view without_leading_blanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
}

/// What follows the first token.
std::string_view behind_token(std::string_view text) {
  return without_leading_blanks(text.substr(token_size(text)));
}

/// `$~[ : $*`: one token that is no bracket, and a colon.
bool is_route(std::string_view text) {
  text = without_leading_blanks(text);
  return !text.empty() && text.front() != '[' && behind_token(text).starts_with(':');
}

bool is_operator(char c) {
  return kOperators.find(c) != std::string_view::npos;
}

/// The tokens of `text` as sendmail strings them together: where two words meet it puts its BlankSub, a dot.
std::string joined(std::string_view text) {
  std::string out;
  for (text = without_leading_blanks(text); !text.empty(); text = behind_token(text)) {
    if (!out.empty() && !is_operator(out.back()) && !is_operator(text.front())) out += '.';
    out += text.substr(0, token_size(text));
  }
  return out;
}

class Walker {
 public:
  explicit Walker(const Lookup& lookup) : lookup_(lookup) {}

  Walk walk(std::string_view host) {
    const std::string current = look_up(std::string(host), {std::string(host)});
    if (walk_.answered) return std::move(walk_);
    try_parents(current);
    return std::move(walk_);
  }

 private:
  /// The value, or the key itself for a miss, as `$(mailertable key $)` has it.
  std::string look_up(const std::string& key, std::vector<std::string> arguments) {
    arguments.front() = key;
    Step step{base::ascii_lower(key), std::nullopt};
    if (const auto found = lookup_(step.key)) step.value = substitute(*found, arguments);
    std::string current = step.value.value_or(key);
    walk_.steps.push_back(std::move(step));
    walk_.answered = is_route(current);
    return current;
  }

  void try_parents(std::string current) {
    std::string stripped;
    for (int round = 0; round < kMostRounds; ++round) {
      const std::string_view rest = without_leading_blanks(current);
      const std::string first(rest.substr(0, token_size(rest)));
      const std::string_view behind = behind_token(rest);
      if (behind.starts_with('.') && !behind_token(behind).empty()) {
        stripped += first;
        current = look_up("." + joined(behind_token(behind)), {"", stripped, first});
        if (walk_.answered) return;
      }
      if (!current.starts_with('.') || behind_token(current).empty()) {
        look_up(".", {"", joined(stripped + ' ' + current)});
        return;
      }
      stripped += '.';
      current = std::string(behind_token(current));
    }
    walk_.is_endless = true;
  }

  const Lookup& lookup_;
  Walk walk_;
};

}  // namespace

std::string substitute(std::string_view value, const std::vector<std::string>& arguments) {
  std::string out;
  for (std::size_t i = 0; i < value.size() && value[i] != '\0'; ++i) {
    if (value[i] != '%') {
      out += value[i];
      continue;
    }
    const char next = i + 1 < value.size() ? value[i + 1] : '\0';
    if (next == '\0') {
      out += '%';
      break;
    }
    ++i;
    if (next >= '0' && next <= '9') {
      const auto number = static_cast<std::size_t>(next - '0');
      if (number < arguments.size()) out += arguments[number];
    } else if (next == '%') {
      out += '%';
    } else {
      out += {'%', next};
    }
  }
  return out;
}

Walk walk(std::string_view host, const Lookup& lookup) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return Walker(lookup).walk(host);
}

}  // namespace tsmtp::mailertable
