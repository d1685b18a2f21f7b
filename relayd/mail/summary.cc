#include "relayd/mail/summary.h"

#include "relayd/base/bytes.h"

namespace tsmtp::mail {
namespace {

constexpr std::size_t kMaxListedRecipients = 5;
constexpr std::size_t kShownPathBytes = 256;
constexpr std::size_t kShownReplyBytes = 512;
constexpr std::size_t kLoggedIdBytes = 6;  // enough to tell mails apart in a log

// Characters that would end an address or a reply in the line, or look like the beginning of another field.
constexpr std::string_view kEndsAddress = "\"<>";
constexpr std::string_view kEndsReply = "\"";

// Escaped, and without the characters that end its field in the line.
std::string field(std::string_view text, std::size_t max_bytes, std::string_view ends) {
  std::string escaped = base::escaped(text, max_bytes);
  if (escaped.find_first_of(ends) == std::string::npos) return escaped;
  std::string out;
  for (const char c : escaped) {
    if (ends.find(c) != std::string_view::npos) {
      out += "\\x" + base::hex(std::string_view(&c, 1));
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string recipients_text(const std::vector<RecipientResult>& recipients) {
  if (recipients.empty()) return "-";
  std::string out;
  for (std::size_t i = 0; i < recipients.size() && i < kMaxListedRecipients; ++i)
    out += (i > 0 ? "," : "") + ("<" + field(recipients[i].address, kShownPathBytes, kEndsAddress) + ">");
  if (recipients.size() > kMaxListedRecipients)
    out += ",+" + std::to_string(recipients.size() - kMaxListedRecipients) + " more";
  return out;
}

}  // namespace

std::string to_line(const Summary& s) {
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(s.took.total);
  return (s.direction == Direction::kOut ? "out " : "in ") + s.site + (s.hub.empty() ? "" : '/' + s.hub) +
         ' ' + base::hex(std::string_view(s.transaction).substr(0, kLoggedIdBytes)) + ": from=<" +
         field(s.sender, kShownPathBytes, kEndsAddress) + "> to=" + recipients_text(s.recipients) +
         " size=" + std::to_string(s.size_bytes) + " reply=\"" +
         field(s.reply.summary(), kShownReplyBytes, kEndsReply) + "\" took=" + std::to_string(took.count()) +
         "ms";
}

}  // namespace tsmtp::mail
