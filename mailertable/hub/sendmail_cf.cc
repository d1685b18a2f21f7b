#include "mailertable/hub/sendmail_cf.h"

#include <algorithm>
#include <utility>

#include "mailertable/files/input.h"
#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

constexpr std::string_view kSpace = " \t\v\f\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(kSpace), text.size());
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!(text = trimmed(text)).empty()) {
    const std::size_t end = std::min(text.find_first_of(kSpace), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

/// The field `X=` of an M line: fields are separated by commas.
std::string_view field(std::string_view line, char name) {
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(','), line.size());
    const std::string_view one = trimmed(line.substr(0, end));
    if (one.size() >= 2 && one[0] == name && trimmed(one.substr(1)).starts_with('='))
      return trimmed(trimmed(one.substr(1)).substr(1));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return {};
}

Mailer mailer_of(std::string_view line) {
  const std::size_t end = std::min(line.find_first_of(", \t"), line.size());
  Mailer mailer{base::ascii_lower(line.substr(0, end)), MailerKind::kOther, std::nullopt};
  const std::string_view rest = line.substr(std::min(line.find(','), line.size()));
  const std::string_view program = field(rest, 'P');
  if (mailer.name == "local") {
    mailer.kind = MailerKind::kLocal;
  } else if (program == "[IPC]" || program == "[TCP]") {
    mailer.kind = MailerKind::kNetwork;
    mailer.looks_up_mx = field(rest, 'F').find('0') == std::string_view::npos;
  }
  return mailer;
}

MapLine map_of(const std::vector<std::string_view>& words, int line) {
  MapLine map{line, std::string(words[1]), "", ""};
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (words[i].starts_with('-'))
      map.options += (map.options.empty() ? "" : " ") + std::string(words[i]);
    else
      map.path = words[i];
  }
  return map;
}

/// Lines with those that continue them joined on: a continuation begins with a blank.
class LogicalLines {
 public:
  explicit LogicalLines(std::string_view text) : text_(text) {}

  bool next(std::string& line) {
    if (text_.empty()) return false;
    line = physical();
    number_ = read_;
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\t'))
      line += physical();
    return true;
  }

  [[nodiscard]] int number() const { return number_; }

 private:
  std::string_view physical() {
    const std::size_t end = std::min(text_.find('\n'), text_.size());
    const std::string_view line = text_.substr(0, end);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    ++read_;
    return line;
  }

  std::string_view text_;
  int read_ = 0;
  int number_ = 0;
};

/// Calls `take` with each line that begins with `kind`, and its number.
template <typename Take>
void for_lines(std::string_view text, std::string_view kind, const Take& take) {
  LogicalLines lines(text);
  for (std::string line; lines.next(line);) {
    if (line.starts_with(kind)) take(std::string_view(line).substr(kind.size()), lines.number());
  }
}

void add_names(SendmailCf& cf, std::string_view text) {
  for (const std::string_view word : words_of(text))
    cf.local_names.insert(base::ascii_lower(word));
}

}  // namespace

SendmailCf parse_sendmail_cf(std::string_view text, std::string file) {
  SendmailCf cf;
  cf.file = std::move(file);
  for_lines(text, "M", [&](std::string_view line, int) { cf.mailers.push_back(mailer_of(line)); });
  for_lines(text, "K", [&](std::string_view line, int number) {
    const auto words = words_of(line);
    if (words.size() >= 2 && words[0] == "mailertable") cf.mailertable = map_of(words, number);
  });
  for_lines(text, "Cw", [&](std::string_view line, int) { add_names(cf, line); });
  return cf;
}

Outcome<SendmailCf> read_sendmail_cf(const std::string& path) {
  const auto text = read_input(path);
  if (!text) return text.error();
  SendmailCf cf = parse_sendmail_cf(*text, display_name(path));
  for_lines(*text, "Fw", [&](std::string_view line, int) {
    const auto words = words_of(line);  // "-o", the file, a scanf(3) pattern
    const auto named =
        std::find_if(words.begin(), words.end(), [](auto word) { return word.starts_with('/'); });
    if (named == words.end()) return;
    const auto names = read_input(std::string(*named));
    if (!names) return;  // sendmail says so itself, and may be allowed to read what we may not
    for_lines(*names, "", [&](std::string_view name, int) {
      if (!name.starts_with('#')) add_names(cf, name);
    });
  });
  return cf;
}

}  // namespace tsmtp::mailertable
