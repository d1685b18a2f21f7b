// The book as a file: a line for each thing that is remembered, words with one blank between them, and the
// name of a site, which may hold anything but a line end, at the end of its line.
#include <charconv>

#include "relayd/base/bytes.h"
#include "relayd/keys/book.h"

namespace tsmtp::keys {
namespace {

constexpr std::string_view kTitle =
    "# tsmtp: keys that are revoked or were replaced, version 1. Written by relayd; without it revoked keys "
    "are good again.\n";
constexpr std::string_view kTitleOfVersion1 = "# tsmtp: keys that are revoked or were replaced, version 1.";
constexpr std::string_view kEnd = "end";

std::string_view take_word(std::string_view& line) {
  const std::size_t end = line.find(' ');
  const std::string_view word = line.substr(0, end);
  line = end == line.npos ? std::string_view{} : line.substr(end + 1);
  return word;
}

template <typename Number>
bool take_number(std::string_view& line, Number& number) {
  const std::string_view word = take_word(line);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return !word.empty() && error == std::errc() && end == word.data() + word.size();
}

int digit_of(char c) {
  const std::size_t digit = std::string_view("0123456789abcdef").find(c);
  return digit == std::string_view::npos ? -1 : static_cast<int>(digit);
}

bool take_pin(std::string_view& line, std::string& pin) {
  const std::string_view word = take_word(line);
  if (word.size() != 2 * kPinBytes) return false;
  pin.clear();
  for (std::size_t i = 0; i < word.size(); i += 2) {
    const int high = digit_of(word[i]);
    const int low = digit_of(word[i + 1]);
    if (high < 0 || low < 0) return false;
    pin.push_back(static_cast<char>(high << 4 | low));
  }
  return true;
}

}  // namespace

std::string Book::text() const {
  std::string out(kTitle);
  for (const Revocation& each : revoked_)
    out += "revoked " + base::hex(each.pin) + ' ' + std::to_string(each.when) + ' ' + each.site + '\n';
  for (const Learnt& each : learnt_)
    out += "learnt " + base::hex(each.from) + ' ' + base::hex(each.to) + ' ' + std::to_string(each.serial) +
           ' ' + std::to_string(each.when) + '\n';
  for (const Confirmation& each : confirmed_)
    out += "confirmed " + base::hex(each.pin) + ' ' + std::to_string(each.when) + ' ' + each.site + '\n';
  return out.append(kEnd) + '\n';
}

bool Book::take_line(std::string_view line) {
  const std::string_view what = take_word(line);
  if (what == "revoked") {
    Revocation read;
    if (!take_pin(line, read.pin) || !take_number(line, read.when)) return false;
    read.site = line;
    revoked_.push_back(std::move(read));
    return true;
  }
  if (what == "learnt") {
    Learnt read;
    if (!take_pin(line, read.from) || !take_pin(line, read.to) || !take_number(line, read.serial) ||
        !take_number(line, read.when))
      return false;
    learnt_.push_back(std::move(read));
    return line.empty();
  }
  if (what != "confirmed") return false;
  Confirmation read;
  if (!take_pin(line, read.pin) || !take_number(line, read.when) || line.empty()) return false;
  read.site = line;
  confirmed_.push_back(std::move(read));
  return true;
}

base::Result<Book> Book::parse(std::string_view text) {
  if (!text.starts_with(kTitleOfVersion1)) return base::Error{"1: is no book of keys of this version"};
  Book book;
  std::size_t number = 1;
  text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  for (;;) {
    ++number;
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (end != text.npos && line == kEnd && end + 1 == text.size())
      return base::Result<Book>(std::move(book));
    if (end == text.npos || !book.take_line(line))
      return base::Error{std::to_string(number) + ": \"" + base::escaped(line, 80) +
                         "\" is no line of a book of keys"};
    text.remove_prefix(end + 1);
  }
}

}  // namespace tsmtp::keys
