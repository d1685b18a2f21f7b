#include "mailertable/hub/sendmail_cf.h"

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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

/// The class that a C or F line is of, which is cut off: "w" of `w localhost` and of `{w}localhost`.
std::string_view class_of(std::string_view& line) {
  const std::size_t brace = line.starts_with('{') ? line.find('}') : std::string_view::npos;
  const bool is_long = brace != std::string_view::npos;
  const std::string_view name = is_long ? line.substr(1, brace - 1) : line.substr(0, 1);
  line.remove_prefix(is_long ? brace + 1 : std::min<std::size_t>(1, line.size()));
  return name;
}

/// The names that class `name` is for, or null for one that is of no interest here.
std::set<std::string, std::less<>>* names_of(SendmailCf& cf, std::string_view name) {
  if (name == "w") return &cf.local_names;
  return name == "R" || name == "VirtHost" ? &cf.relayed_names : nullptr;
}

void add_words(std::set<std::string, std::less<>>& names, std::string_view text) {
  for (const std::string_view word : words_of(text))
    names.insert(base::ascii_lower(word));
}

/// The first of `words` that is a whole path.
std::string path_in(const std::vector<std::string_view>& words) {
  const auto named =
      std::find_if(words.begin(), words.end(), [](auto word) { return word.starts_with('/'); });
  return named == words.end() ? std::string() : std::string(*named);
}

// What cannot be read is passed over: sendmail says so itself, and may be allowed to read what we may not.
void read_classes(SendmailCf& cf, std::string_view text) {
  for_lines(text, "F", [&](std::string_view line, int) {
    const std::string_view name = class_of(line);
    auto* const names = names_of(cf, name);
    const std::string path = path_in(words_of(line));  // "-o", the file, a scanf(3) pattern
    if (names == nullptr || path.empty()) return;
    if (name == "w") cf.local_names_file = path;
    const auto content = read_input(path);
    if (!content) return;
    for_lines(*content, "", [&](std::string_view one, int) {
      if (!one.starts_with('#')) add_words(*names, one);
    });
  });
}

void read_access(SendmailCf& cf, std::string_view text) {
  for_lines(text, "Kaccess ", [&](std::string_view line, int) {
    if (const auto access = read_input(path_in(words_of(line)))) add_access(cf, *access);
  });
}

void read_host_names(SendmailCf& cf) {
  std::array<char, HOST_NAME_MAX + 1> name{};
  const auto hosts = read_input("/etc/hosts");
  if (::gethostname(name.data(), name.size() - 1) == 0) add_host_names(cf, name.data(), hosts ? *hosts : "");
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
  for_lines(text, "C", [&](std::string_view line, int) {
    if (auto* const names = names_of(cf, class_of(line))) add_words(*names, line);
  });
  return cf;
}

void add_access(SendmailCf& cf, std::string_view text) {
  for_lines(text, "", [&](std::string_view line, int) {
    const auto words = words_of(line);
    if (words.size() < 2 || (words[1] != "RELAY" && words[1] != "OK")) return;
    std::string key = base::ascii_lower(words[0]);
    const bool is_ours = key.starts_with("tsmtpto:");  // FEATURE(`tsmtp_inbound') takes OK as well
    if (!is_ours && words[1] != "RELAY") return;
    for (const std::string_view tag : {"tsmtpto:", "to:"})
      if (key.starts_with(tag)) key.erase(0, tag.size());
    if (key.find_first_of(":@") == std::string::npos) cf.relayed_names.insert(std::move(key));
  });
}

void add_host_names(SendmailCf& cf, std::string_view host_name, std::string_view hosts) {
  cf.local_names.insert(base::ascii_lower(host_name));
  const std::string own = base::ascii_lower(host_name);
  for_lines(hosts, "", [&](std::string_view line, int) {
    auto words = words_of(line.substr(0, line.find('#')));
    const bool is_own = std::any_of(words.begin(), words.end(),
                                    [&](std::string_view word) { return base::ascii_lower(word) == own; });
    if (!is_own) return;
    for (auto word = words.begin() + 1; word != words.end(); ++word)
      cf.local_names.insert(base::ascii_lower(*word));
  });
}

Outcome<SendmailCf> read_sendmail_cf(const std::string& path) {
  const auto text = read_input(path);
  if (!text) return text.error();
  SendmailCf cf = parse_sendmail_cf(*text, display_name(path));
  read_classes(cf, *text);
  read_access(cf, *text);
  read_host_names(cf);
  return cf;
}

}  // namespace tsmtp::mailertable
