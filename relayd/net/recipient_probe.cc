#include "relayd/net/recipient_probe.h"

#include <memory>
#include <utility>
#include <variant>

namespace tsmtp::net {

void probe_recipient(const SharedBySites& shared, SiteLink& link, const ProbeQuestion& question,
                     std::function<void(const Probed&)> done) {
  const auto probed = std::make_shared<Probed>();
  const std::string records = mail::encode(mail::Mail{.transaction = shared.digests.new_identifier(),
                                                      .helo = shared.hub_name,
                                                      .argument = "FROM:<" + question.sender + '>'}) +
                              mail::encode(mail::Rcpt{.argument = "TO:<" + question.recipient + '>'});
  LinkQuestion::ask(shared, link, records,
                    {.take =
                         [probed](mail::Record& record) {
                           if (auto* mail = std::get_if<mail::MailVerdict>(&record))
                             probed->mail = std::move(mail->reply);
                           if (auto* rcpt = std::get_if<mail::RcptVerdict>(&record))
                             probed->recipient = std::move(rcpt->reply);
                           return probed->mail && probed->recipient;
                         },
                     .done =
                         [probed, done = std::move(done)](const std::string& trouble) {
                           probed->trouble = trouble;
                           done(*probed);
                         }});
}

}  // namespace tsmtp::net
