#include "mailertable/checks/findings_text.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "relayd/base/utf8.h"

namespace tsmtp::mailertable {
namespace {

constexpr std::size_t kScreen = 120;
constexpr std::size_t kBeforeCaret = 60;

/// Finds the lines of a text, cheaply if they are asked for in rising order.
class Lines {
 public:
  explicit Lines(const Source& source) : name_(source.name), text_(source.text) {}

  [[nodiscard]] const std::string& name() const { return name_; }

  std::string_view at(int line) {
    if (line < line_) {
      line_ = 1;
      begin_ = 0;
    }
    for (; line_ < line && begin_ < text_.size(); ++line_)
      begin_ = std::min(text_.find('\n', begin_), text_.size() - 1) + 1;
    return text_.substr(begin_, std::min(text_.find('\n', begin_), text_.size()) - begin_);
  }

 private:
  const std::string& name_;
  std::string_view text_;
  int line_ = 1;
  std::size_t begin_ = 0;
};

bool continues_a_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

/// What findings of one kind have in common: the message without what it quotes, and without its numbers.
std::string kind_of(const base::Diagnostic& one) {
  std::string kind = one.location.file + '\n' + (one.severity == base::Severity::kError ? 'e' : 'w');
  bool is_quoted = false;
  for (const char c : one.message.substr(0, one.message.find("; write "))) {
    if (c == '"') is_quoted = !is_quoted;
    if (!is_quoted && (c < '0' || c > '9')) kind += c;
  }
  return kind;
}

/// Leaves out what has been said often enough, and counts it.
class Repetitions {
 public:
  [[nodiscard]] bool is_one_too_many(const base::Diagnostic& one) {
    Kind& kind = kinds_[kind_of(one)];
    if (++kind.times <= kMostOfAKind) return false;
    if (kind.times == kMostOfAKind + 1) kind.example = &one;
    return true;
  }
  [[nodiscard]] std::string summary() const {
    std::string out;
    for (const auto& [text, kind] : kinds_)
      if (kind.example != nullptr)
        out += base::to_string({kind.example->severity, kind.example->location,
                                std::to_string(kind.times - kMostOfAKind) +
                                    " more like this from here on: " + kind.example->message}) +
               '\n';
    return out;
  }

 private:
  static constexpr std::size_t kMostOfAKind = 10;
  struct Kind {
    std::size_t times = 0;
    const base::Diagnostic* example = nullptr;  // the first that was left out
  };
  std::map<std::string, Kind> kinds_;
};

std::string as_text(const base::Diagnostics& findings, std::span<const Source> sources, bool with_lines) {
  std::vector<Lines> texts(sources.begin(), sources.end());
  std::string out;
  Repetitions repetitions;
  for (const base::Diagnostic& one : findings.all()) {
    if (with_lines && repetitions.is_one_too_many(one)) continue;
    out += base::to_string(one) + '\n';
    if (!with_lines || one.location.line == 0) continue;
    const auto text = std::find_if(texts.begin(), texts.end(),
                                   [&](const Lines& lines) { return lines.name() == one.location.file; });
    if (text != texts.end()) out += line_with_caret(text->at(one.location.line), one.location.column);
  }
  return out + repetitions.summary();
}

std::string as_json(const base::Diagnostics& findings) {
  nlohmann::ordered_json all{{"findings", nlohmann::ordered_json::array()}, {"errors", 0}, {"warnings", 0}};
  int errors = 0;
  int warnings = 0;
  for (const base::Diagnostic& one : findings.all()) {
    const bool is_error = one.severity == base::Severity::kError;
    ++(is_error ? errors : warnings);
    all["findings"].push_back({{"file", one.location.file},
                               {"line", one.location.line},
                               {"column", one.location.column},
                               {"severity", is_error ? "error" : "warning"},
                               {"message", one.message}});
  }
  all["errors"] = errors;
  all["warnings"] = warnings;
  // The names of files may be any bytes.
  return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace

std::string line_with_caret(std::string_view line, int column) {
  const auto caret = static_cast<std::size_t>(std::max(column - 1, 0));
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::size_t begin = line.size() > kScreen && caret > kBeforeCaret ? caret - kBeforeCaret : 0;
  while (begin > 0 && begin < line.size() && continues_a_character(line[begin]))
    --begin;
  std::size_t end = std::min(line.size(), begin + kScreen);
  while (end < line.size() && end > begin && continues_a_character(line[end]))
    --end;
  std::string shown(begin > 0 ? "..." : "");
  std::string below(shown.size(), ' ');
  const std::string_view part = line.substr(std::min(begin, line.size()), end - begin);
  const bool is_utf8 = base::is_utf8(part);
  for (std::size_t i = 0; i < part.size(); ++i) {
    const char c = part[i];
    const bool has_eighth_bit = static_cast<unsigned char>(c) >= 0x80;
    const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    shown += c != '\t' && (is_control || (has_eighth_bit && !is_utf8)) ? '?' : c;
    if (begin + i < caret && !(is_utf8 && continues_a_character(c))) below += c == '\t' ? '\t' : ' ';
  }
  if (begin + part.size() < caret) below.append(caret - begin - part.size(), ' ');
  return "  " + shown + (end < line.size() ? "..." : "") + '\n' + (column > 0 ? "  " + below + "^\n" : "");
}

std::string findings_text(const base::Diagnostics& findings, std::span<const Source> sources,
                          FindingsFormat format) {
  switch (format) {
    case FindingsFormat::kText:
      return as_text(findings, sources, true);
    case FindingsFormat::kGcc:
      return as_text(findings, sources, false);
    case FindingsFormat::kJson:
      return as_json(findings);
  }
  return {};
}

}  // namespace tsmtp::mailertable
