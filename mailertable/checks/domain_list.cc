#include "mailertable/checks/domain_list.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <unordered_set>

#include "relayd/base/bytes.h"
#include "relayd/base/domain.h"

namespace tsmtp::mailertable {
namespace {

constexpr std::string_view kDomainBlanks = " \t\v\f";
constexpr std::size_t kLongestLine = 1000;

bool all_of(std::string_view text, bool (*good)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), good);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

/// Whether `text` is `count` parts between `separator`, each of them good.
bool consists_of(std::string_view text, char separator, int count, bool (*good)(std::string_view)) {
  int parts = 0;
  while (true) {
    const std::size_t end = text.find(separator);
    ++parts;
    if (!good(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return parts == count;
    text.remove_prefix(end + 1);
  }
}

bool is_octet(std::string_view text) {
  return all_of(text, is_digit) && text.size() <= 3 && (text.size() == 1 || text.front() != '0') &&
         (text.size() < 3 || text <= "255");
}

bool is_group(std::string_view text) {
  return all_of(text, is_hex) && text.size() <= 4 && (text.size() == 1 || text.front() != '0');
}

std::string literal_fault(std::string_view word) {
  if (word.back() != ']') return "its bracket does not end";
  const std::string_view inner = word.substr(1, word.size() - 2);
  if (constexpr std::string_view kTag = "ipv6:"; inner.starts_with(kTag)) {
    return consists_of(inner.substr(kTag.size()), ':', 8, is_group)
               ? ""
               : "write it in full, as [IPv6:2001:db8:0:0:0:0:0:1]";
  }
  return consists_of(inner, '.', 4, is_octet)
             ? ""
             : "brackets are for addresses: [192.0.2.1], or [IPv6:2001:db8:0:0:0:0:0:1]";
}

/// What is wrong with a word in lower case, or nothing.
std::string fault(std::string_view word) {
  if (word.starts_with("\xEF\xBB\xBF")) return "there is a byte order mark before it: save the file without";
  if (std::any_of(word.begin(), word.end(), [](char c) { return c < '!' || c > '~'; }))
    return "it has characters that no domain has: write it in its ASCII form (xn--...)";
  constexpr std::string_view kQuotes = "\"'`";
  if (kQuotes.find(word.front()) != std::string_view::npos ||
      kQuotes.find(word.back()) != std::string_view::npos)
    return "write it without quotes";
  if (word.front() == '[') return literal_fault(word);
  if (word.find('@') != std::string_view::npos) return "write the domain alone, without @";
  if (word.front() == '*') return "write it without *. before it: all domains below it are meant too";
  if (word.front() == '.') return "write it without the leading dot: all domains below it are meant too";
  if (word.back() == '.') return "write it without the trailing dot";
  if (word.find_first_of(",;") != std::string_view::npos) return "write one domain a line, without commas";
  if (word.find(':') != std::string_view::npos) return "a domain has no colon";
  const std::string_view last = word.substr(word.rfind('.') + 1);
  if (all_of(last, is_digit) || last.starts_with("0x")) return "write an address in brackets, [192.0.2.1]";
  const auto checked = base::check_domain(word);
  return checked ? "" : checked.error().message;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) {
    return c < 0x80 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c);
  });
  return result;
}

}  // namespace

DomainList read_domain_list(std::string_view text, const std::string& name, base::Diagnostics& findings) {
  DomainList list;
  std::unordered_set<std::string> seen;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto complain = [&](const std::string& what) {
      findings.error({name, number, 0}, base::escaped(line, 60) + ": " + what);
    };
    // sendmail passes over lines that begin with #, and takes the first word of any other.
    if (line.starts_with('#')) continue;
    if (line.size() > kLongestLine) {
      complain("the line is too long");
      continue;
    }
    const std::size_t begin = line.find_first_not_of(kDomainBlanks);
    if (begin == std::string_view::npos) continue;
    const std::size_t stop = std::min(line.find_first_of(kDomainBlanks, begin), line.size());
    if (line.find('\r') != std::string_view::npos) {
      complain("it ends with a carriage return: save it with UNIX line ends");
    } else if (line.find('\0') != std::string_view::npos) {
      complain("it has a NUL");
    } else if (line[begin] == '#') {
      complain("a comment begins in the first column");
    } else if (line.find_first_not_of(kDomainBlanks, stop) != std::string_view::npos) {
      complain("write one domain a line, and nothing behind it");
    } else {
      std::string word = lower(line.substr(begin, stop - begin));
      if (const std::string wrong = fault(word); !wrong.empty()) {
        complain(wrong);
      } else if (seen.insert(word).second) {
        (word.front() == '[' ? list.literals : list.domains).push_back(std::move(word));
      }
    }
  }
  if (list.domains.empty() && list.literals.empty())
    findings.error({name, 0, 0}, "no domain of a site in it: all mail could leave in clear");
  return list;
}

}  // namespace tsmtp::mailertable
