#include "relayd/smtp/reply.h"

#include <algorithm>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/base/utf8.h"

namespace tsmtp::smtp {
namespace {

constexpr std::size_t kMaxLineBytes = 2048;
constexpr std::size_t kMaxLines = 128;
constexpr std::size_t kLineOverheadBytes = 6;  // code, separator, CRLF
// What others read (kMaxLineBytes, and sendmail the same) of a line of ours.
constexpr std::size_t kMaxOwnBytes = kMaxLineBytes - kLineOverheadBytes;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// What the text of a line is for others: a tab belongs to it (RFC 5321 section 4.2).
std::string text_of_line(std::string_view text) {
  std::string out = base::shown(text);
  for (std::size_t at = text.find('\t'); at != std::string_view::npos; at = text.find('\t', at + 1))
    out[at] = '\t';
  return out;
}

// A reply may have come over the link: nothing in it may end the line it stands in, or be obeyed by the
// terminal of one who reads it in mailq.
void append_line(std::string& out, int code, char separator, std::string_view text) {
  out += std::to_string(code);
  out.push_back(separator);
  out += text_of_line(text);
  out += "\r\n";
}

base::Error not_smtp(std::string_view line) {
  return base::Error{"not an SMTP reply: \"" + base::escaped(line, 80) + '"'};
}

}  // namespace

std::string Reply::wire() const {
  std::string out;
  for (std::size_t i = 0; i + 1 < lines.size(); ++i)
    append_line(out, code, '-', lines[i]);
  append_line(out, code, ' ', lines.empty() ? std::string_view() : std::string_view(lines.back()));
  return out;
}

std::string Reply::summary() const {
  std::string out = std::to_string(code);
  const char* separator = " ";
  for (const std::string& line : lines) {
    out += separator + line;
    separator = " / ";
  }
  return out;
}

Reply make_reply(int code, std::string_view enhanced, std::string_view text) {
  std::string line(enhanced);
  if (!line.empty() && !text.empty()) line.push_back(' ');
  line += text;
  return Reply{code, {base::shown(line.substr(0, kMaxOwnBytes))}};
}

Reply shortened(Reply reply, std::size_t max_bytes) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < reply.lines.size(); ++i) {
    std::string& line = reply.lines[i];
    bytes += line.size() + kLineOverheadBytes;
    if (bytes <= max_bytes) continue;
    if (i > 0) {
      reply.lines.resize(i);
      break;
    }
    line = base::shown(line.substr(0, std::min(max_bytes, line.size())));
    reply.lines.resize(1);
    break;
  }
  return reply;
}

std::size_t kept_bytes(const Reply& reply) {
  std::size_t bytes = sizeof(Reply);
  for (const std::string& line : reply.lines)
    bytes += sizeof(std::string) + line.size() + kLineOverheadBytes;
  return bytes;
}

base::Result<std::optional<Reply>> ReplyReader::read(std::string_view& input) {
  while (!input.empty()) {
    const std::size_t end = input.find('\n');
    const std::size_t taken = end == std::string_view::npos ? input.size() : end + 1;
    if (line_.size() + taken > kMaxLineBytes)
      return base::Error{"reply line longer than " + std::to_string(kMaxLineBytes) + " bytes"};
    line_ += input.substr(0, taken);
    input.remove_prefix(taken);
    if (end == std::string_view::npos) break;

    std::string line = std::exchange(line_, {});
    line.pop_back();
    if (line.ends_with('\r')) line.pop_back();
    auto reply = add_line(line);
    if (!reply || *reply) return reply;
  }
  return std::optional<Reply>();
}

base::Result<std::optional<Reply>> ReplyReader::add_line(std::string_view line) {
  if (line.size() < 3 || !std::all_of(line.begin(), line.begin() + 3, is_digit) || line[0] < '2' ||
      line[0] > '5')
    return not_smtp(line);
  const bool is_last = line.size() == 3 || line[3] == ' ';
  if (!is_last && line[3] != '-') return not_smtp(line);
  if (line.find('\0') != std::string_view::npos) return base::Error{"NUL in a reply"};

  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  if (!reply_.lines.empty() && code != reply_.code)
    return base::Error{"reply with lines of different codes, " + std::to_string(reply_.code) + " and " +
                       std::to_string(code)};
  if (reply_.lines.size() == kMaxLines)
    return base::Error{"reply of more than " + std::to_string(kMaxLines) + " lines"};
  reply_.code = code;
  // Here and not only towards our MTA: a CR alone would be no reply at all on the link and in the ledger.
  reply_.lines.push_back(text_of_line(line.size() > 4 ? line.substr(4) : std::string_view()));
  if (!is_last) return std::optional<Reply>();
  return std::optional<Reply>(std::exchange(reply_, {}));
}

}  // namespace tsmtp::smtp
