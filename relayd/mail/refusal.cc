#include "relayd/mail/refusal.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace tsmtp::mail {
namespace {

// How MTAs say that a recipient's domain is none of theirs: sendmail (and our FEATURE(`tsmtp_inbound')),
// Postfix, Exim, OpenSMTPD and qmail, Exchange.
constexpr std::array<std::string_view, 6> kForeign{"relaying denied",     "relay access denied",
                                                   "relay not permitted", "relaying not allowed",
                                                   "unable to relay",     "in my list of allowed rcpthosts"};

bool is_foreign_to_mta(const smtp::Reply& reply) {
  std::string text = reply.summary();
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::any_of(kForeign.begin(), kForeign.end(),
                     [&](std::string_view said) { return text.find(said) != std::string::npos; });
}

// relayd has let the recipient through to its MTA, so its domain is in `local` there.
std::string advice_on(const smtp::Reply& reply, const std::string& recipient, const std::string& near,
                      const std::string& far) {
  const std::size_t at = recipient.rfind('@');
  if (!is_foreign_to_mta(reply) || at == std::string::npos) return {};
  const std::string domain = recipient.substr(at + 1);
  return "the MTA of hub " + far + " does not know " + domain + " as its own, though \"local\" for site " +
         near + " there has it: add " + domain +
         " to its domains (sendmail: /etc/mail/local-host-names, class w; " +
         "/etc/mail/relay-domains if it hands the mail on), and start it anew";
}

}  // namespace

std::optional<Refusal> refusal_of(const Summary& summary, const std::string& near, const std::string& far) {
  const auto refused = std::find_if(summary.recipients.begin(), summary.recipients.end(),
                                    [](const RecipientResult& each) { return each.reply.is_permanent(); });
  const bool is_one = refused != summary.recipients.end();
  if (!is_one && !summary.reply.is_permanent()) return std::nullopt;
  Refusal out{.sender = summary.sender, .recipient = {}, .reply = summary.reply, .advice = {}};
  if (is_one) {
    out.recipient = refused->address;
    out.reply = refused->reply;
  } else if (!summary.recipients.empty()) {
    out.recipient = summary.recipients.front().address;
  }
  out.advice = advice_on(out.reply, out.recipient, near, far);
  return out;
}

}  // namespace tsmtp::mail
