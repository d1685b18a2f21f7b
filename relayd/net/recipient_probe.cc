#include "relayd/net/recipient_probe.h"

#include <utility>
#include <variant>

#include "relayd/mail/service.h"

namespace tsmtp::net {

void RecipientProbe::ask(const SharedBySites& shared, SiteLink& link, const Question& question, Done done) {
  std::make_shared<RecipientProbe>(shared, link, std::move(done))->start(question);
}

RecipientProbe::RecipientProbe(const SharedBySites& shared, SiteLink& link, Done done)
    : shared_(shared), link_(link), done_(std::move(done)), timer_(shared.executor) {}

void RecipientProbe::start(const Question& question) {
  self_ = shared_from_this();
  const auto stream = link_.open(mail::kService, *this);
  if (!stream) return finish(stream.error().message);
  stream_ = *stream;
  timer_.expires_after(kTimeout);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->give_up("no answer within " + std::to_string(kTimeout.count()) + " s");
  });
  link_.write(*stream_, mail::encode(mail::Mail{.transaction = shared_.digests.new_identifier(),
                                                .helo = shared_.hub_name,
                                                .argument = "FROM:<" + question.sender + '>'}));
  link_.write(*stream_, mail::encode(mail::Rcpt{.argument = "TO:<" + question.recipient + '>'}));
}

void RecipientProbe::on_stream_bytes(mux::StreamKey stream, std::string_view bytes) {
  link_.consumed(stream, bytes.size());
  if (!self_) return;
  if (const auto ok = read(bytes); !ok) return give_up(ok.error().message);
  if (answer_.mail && answer_.recipient) give_up("");
}

base::Result<void> RecipientProbe::read(std::string_view bytes) {
  for (;;) {
    auto record = reader_.read(bytes);
    if (!record) return record.error();
    if (!*record) return {};
    if (auto* mail = std::get_if<mail::MailVerdict>(&**record)) answer_.mail = std::move(mail->reply);
    if (auto* rcpt = std::get_if<mail::RcptVerdict>(&**record)) answer_.recipient = std::move(rcpt->reply);
  }
}

void RecipientProbe::on_stream_finished(mux::StreamKey) {
  give_up("its relayd ended the question without an answer");
}

void RecipientProbe::on_stream_lost(mux::StreamKey, const std::string& cause) {
  stream_.reset();
  finish(cause);
}

void RecipientProbe::give_up(const std::string& trouble) {
  if (stream_) link_.reset(*std::exchange(stream_, {}), mux::ResetCode::kCancelled, "it was a question only");
  finish(trouble);
}

void RecipientProbe::finish(const std::string& trouble) {
  const auto alive = std::exchange(self_, nullptr);
  if (!alive) return;
  timer_.cancel();
  answer_.trouble = trouble;
  done_(answer_);
}

}  // namespace tsmtp::net
