#include "relayd/net/link_question.h"

#include <utility>

#include "relayd/mail/service.h"

namespace tsmtp::net {

void LinkQuestion::ask(const SharedBySites& shared, SiteLink& link, std::string_view records,
                       Callbacks callbacks) {
  std::make_shared<LinkQuestion>(shared, link, std::move(callbacks))->start(records);
}

LinkQuestion::LinkQuestion(const SharedBySites& shared, SiteLink& link, Callbacks callbacks)
    : link_(link), callbacks_(std::move(callbacks)), timer_(shared.executor) {}

void LinkQuestion::start(std::string_view records) {
  self_ = shared_from_this();
  const auto stream = link_.open(mail::kService, *this);
  if (!stream) return finish(stream.error().message);
  stream_ = *stream;
  timer_.expires_after(kTimeout);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->give_up("no answer within " + std::to_string(kTimeout.count()) + " s");
  });
  link_.write(*stream_, records);
}

void LinkQuestion::on_stream_bytes(mux::StreamKey stream, std::string_view bytes) {
  link_.consumed(stream, bytes.size());
  if (!self_) return;
  const auto is_answered = read(bytes);
  if (!is_answered) return give_up(is_answered.error().message);
  if (*is_answered) give_up("");
}

base::Result<bool> LinkQuestion::read(std::string_view bytes) {
  for (;;) {
    auto record = reader_.read(bytes);
    if (!record) return record.error();
    if (!*record) return false;
    if (callbacks_.take(**record)) return true;
  }
}

void LinkQuestion::on_stream_finished(mux::StreamKey) {
  give_up("its relayd ended the question without an answer");
}

void LinkQuestion::on_stream_lost(mux::StreamKey, const std::string& cause) {
  stream_.reset();
  finish(cause);
}

void LinkQuestion::give_up(const std::string& trouble) {
  if (stream_) link_.reset(*std::exchange(stream_, {}), mux::ResetCode::kCancelled, "it was a question only");
  finish(trouble);
}

void LinkQuestion::finish(const std::string& trouble) {
  const auto alive = std::exchange(self_, nullptr);
  if (!alive) return;
  timer_.cancel();
  callbacks_.done(trouble);
}

}  // namespace tsmtp::net
