#include "sendmail/plan/mc_calls.h"

#include <algorithm>
#include <array>

namespace tsmtp::sendmail {
namespace {

constexpr std::array<std::string_view, 9> kMacros{"FEATURE",  "MAILER",       "MAILER_DEFINITIONS",
                                                  "DOMAIN",   "LOCAL_DOMAIN", "define",
                                                  "undefine", "include",      "sinclude"};
constexpr std::string_view kOwnMacros = "m4/cf.m4";
constexpr std::string_view kBlanks = " \t\n\r\f\v";

bool is_word(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (!first && c >= '0' && c <= '9');
}

/// Without leading blanks and, if quotes are around all of it, without those.
std::string unquoted(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '`') ++depth;
    if (text[i] == '\'' && depth > 0) --depth;
    if (depth == 0 && i + 1 < text.size()) return std::string(text);
  }
  if (depth != 0 || text.size() < 2 || text.front() != '`') return std::string(text);
  return std::string(text.substr(1, text.size() - 2));
}

/// The state of one reading.
struct Context {
  const Included& included;
  const std::string& directory;  ///< of the .mc, where m4 runs
  std::string cf_directory;      ///< sendmail's own, as cf.m4 was included from there; with its slash
  bool has_comments = true;      ///< # begins one
  std::vector<McCall> calls;
};

class Reader {
 public:
  Reader(std::string_view mc, Context& context, int depth) : mc_(mc), context_(context), depth_(depth) {}

  void read() {
    while (at_ < mc_.size()) {
      const char c = mc_[at_];
      if (c == '`')
        skip_quoted();
      else if (is_word(c, true))
        read_word();
      else if (c == '#' && context_.has_comments)
        skip_line();
      else
        ++at_;
    }
  }

 private:
  void skip_line() { at_ = std::min(mc_.find('\n', at_), mc_.size() - 1) + 1; }

  void skip_quoted() {
    int depth = 0;
    for (; at_ < mc_.size(); ++at_) {
      if (mc_[at_] == '`') ++depth;
      if (mc_[at_] == '\'' && --depth == 0) break;
    }
    at_ = std::min(at_ + 1, mc_.size());
  }

  void read_word() {
    const std::size_t begin = at_;
    while (at_ < mc_.size() && is_word(mc_[at_], false))
      ++at_;
    const std::string_view word = mc_.substr(begin, at_ - begin);
    if (word == "dnl") return skip_line();
    if (std::find(kMacros.begin(), kMacros.end(), word) == kMacros.end()) return;
    McCall call;
    call.macro = word;
    call.line =
        1 + static_cast<int>(std::count(mc_.begin(), mc_.begin() + static_cast<std::ptrdiff_t>(begin), '\n'));
    call.line_begin = mc_.rfind('\n', begin) + 1;  // npos + 1 is 0
    if (at_ < mc_.size() && mc_[at_] == '(') read_arguments(call);
    call.line_end = std::min(mc_.find('\n', at_ == begin ? at_ : at_ - 1), mc_.size() - 1) + 1;
    context_.calls.push_back(call);
    follow(call);
  }

  /// The path of the file that `call` reads, or nothing.
  [[nodiscard]] std::string path_of(const McCall& call) const {
    const std::string name = call.argument(0);
    if (call.macro == "DOMAIN") return context_.cf_directory + "domain/" + name + ".m4";
    if (!call.macro.ends_with("include") || name.empty()) return "";
    return name.starts_with('/') ? name : context_.directory + name;
  }

  void follow(const McCall& call) {
    const std::string path = path_of(call);
    if (path.ends_with('/' + std::string(kOwnMacros))) {
      context_.cf_directory = path.substr(0, path.size() - kOwnMacros.size());
      // sendmail's own macros end comments by a call of changecom().
      context_.has_comments = false;
      return;
    }
    constexpr int kDeepest = 10;
    if (path.empty() || !context_.included || depth_ >= kDeepest) return;
    const auto text = context_.included(path);
    if (!text) return;
    const std::size_t first = context_.calls.size();
    Reader(*text, context_, depth_ + 1).read();
    for (std::size_t i = first; i < context_.calls.size(); ++i) {
      McCall& inner = context_.calls[i];
      if (inner.file.empty()) inner.file = path;
      inner.line_begin = call.line_begin;
      inner.line_end = call.line_end;
    }
  }

  void read_arguments(McCall& call) {
    std::size_t begin = ++at_;
    int parentheses = 0;
    while (at_ < mc_.size()) {
      const char c = mc_[at_];
      if (c == '`') {
        skip_quoted();
        continue;
      }
      const bool ends = c == ')' && parentheses == 0;
      if (ends || (c == ',' && parentheses == 0)) {
        call.arguments.push_back(unquoted(mc_.substr(begin, at_ - begin)));
        begin = at_ + 1;
      }
      parentheses += c == '(' ? 1 : c == ')' ? -1 : 0;
      ++at_;
      if (ends) return;
    }
  }

  std::string_view mc_;
  Context& context_;
  int depth_;
  std::size_t at_ = 0;
};

}  // namespace

bool McCall::is(std::string_view wanted, std::string_view first) const {
  return macro == wanted && !arguments.empty() && arguments.front() == first;
}

std::string McCall::argument(std::size_t index) const {
  return index < arguments.size() ? arguments[index] : "";
}

std::vector<McCall> calls_of(std::string_view mc, const Included& included, const std::string& directory) {
  Context context{included, directory, "/usr/share/sendmail/cf/", true, {}};
  Reader(mc, context, 0).read();
  return std::move(context.calls);
}

}  // namespace tsmtp::sendmail
