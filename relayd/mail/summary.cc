#include "relayd/mail/summary.h"

#include "relayd/base/bytes.h"

namespace tsmtp::mail {
namespace {

constexpr std::size_t kMaxListedRecipients = 5;
constexpr std::size_t kLoggedIdBytes = 6;  // enough to tell mails apart in a log

std::string recipients_text(const std::vector<std::string>& recipients) {
  if (recipients.empty()) return "-";
  std::string out;
  for (std::size_t i = 0; i < recipients.size() && i < kMaxListedRecipients; ++i)
    out += (i > 0 ? "," : "") + ("<" + base::escaped(recipients[i], 256) + ">");
  if (recipients.size() > kMaxListedRecipients)
    out += ",+" + std::to_string(recipients.size() - kMaxListedRecipients) + " more";
  return out;
}

}  // namespace

std::string to_line(const Summary& s) {
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(s.took);
  return (s.direction == Direction::kOut ? "out " : "in ") + s.site + ' ' +
         base::hex(std::string_view(s.transaction).substr(0, kLoggedIdBytes)) + ": from=<" +
         base::escaped(s.sender, 256) + "> to=" + recipients_text(s.recipients) +
         " size=" + std::to_string(s.size_bytes) + " reply=\"" + base::escaped(s.reply.summary()) +
         "\" took=" + std::to_string(took.count()) + "ms";
}

}  // namespace tsmtp::mail
