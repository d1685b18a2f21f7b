#include "tests/unit/mail/pair_client.h"

#include <algorithm>

#include "relayd/mail/service.h"

namespace tsmtp::mail {
namespace {

constexpr char kSite[] = "birlinghoven";

}  // namespace

void PairClient::start(base::TimePoint now) {
  at_ = At::kGreeting;
  codes.clear();
  streams_.clear();
  recording_.clear();
  smtp::Extensions offered;
  offered.pipelining = true;
  intake_ = std::make_unique<Intake>(IntakeSettings{.site = kSite,
                                                    .rules = near_rules(),
                                                    .sessions = {.early_reply = near_.early_reply},
                                                    .offered = offered,
                                                    .compression = near_.compression},
                                     *this, near_.digests, now);
}

void PairClient::vanish(base::TimePoint now) {
  if (!intake_) return;
  intake_->client_closed(false, now);
  intake_.reset();
  recording_.clear();
}

bool PairClient::pump(base::TimePoint now) {
  bool moved = false;
  while (!recording_.empty()) {
    const std::string transaction = std::exchange(recording_.front(), {});
    recording_.pop_front();
    intake_->recorded(transaction, {}, now);
    moved = true;
  }
  smtp::ReplyReader reader;
  while (intake_ && now >= reads_at && !intake_->output().empty()) {
    std::string_view output = intake_->output();
    const std::size_t before = output.size();
    const int code = (**reader.read(output)).code;
    intake_->output().erase(0, before - output.size());
    on_reply(code, now);
    moved = true;
  }
  if (intake_ && intake_->finished() && intake_->output().empty()) {
    intake_->client_closed(true, now);
    intake_.reset();
  }
  return moved;
}

void PairClient::on_reply(int code, base::TimePoint now) {
  codes.push_back(code);
  was_refused |= code >= 500;
  const bool good = code < 400;
  switch (at_) {
    case At::kGreeting:
      at_ = At::kEhlo;
      return good ? send("EHLO tokyo.example", now) : void();
    case At::kEhlo:
      at_ = At::kMail;
      began = now;
      return send("MAIL FROM:<a@tokyo.example>", now);
    case At::kMail: {
      if (!good) return send_quit(now);
      at_ = At::kEnvelope;
      std::string lines;
      for (const std::string& recipient : recipients_)
        lines += "RCPT TO:<" + recipient + ">|";
      replies_owed_ = recipients_.size() + 1;
      return send(lines + "DATA", now);
    }
    case At::kEnvelope:
      if (--replies_owed_ > 0) return;
      if (code != 354) return send_quit(now);
      at_ = At::kContent;
      return send(content_ + "|.", now);
    case At::kContent:
      ended_at = now;
      done_ = good;
      return send_quit(now);
    case At::kQuit:
      return;
  }
}

void PairClient::send(std::string_view lines, base::TimePoint now) {
  intake_->receive(wire_lines(lines), now);
}

void PairClient::send_quit(base::TimePoint now) {
  at_ = At::kQuit;
  send("QUIT", now);
}

void PairClient::link_lost(base::TimePoint now) {
  for (const mux::StreamKey stream : std::exchange(streams_, {}))
    if (intake_) intake_->stream_lost(stream, "link cut", now);
}

void PairClient::on_event(const mux::Event& event, base::TimePoint now) {
  const auto ours = [&](mux::StreamKey stream) {
    return intake_ && std::find(streams_.begin(), streams_.end(), stream) != streams_.end();
  };
  if (const auto* received = std::get_if<mux::Received>(&event)) {
    if (ours(received->stream)) intake_->stream_received(received->stream, received->bytes, now);
  } else if (const auto* reset = std::get_if<mux::PeerReset>(&event)) {
    if (ours(reset->stream)) intake_->stream_lost(reset->stream, reset->cause, now);
  }
}

base::Result<mux::StreamKey> PairClient::open_stream() {
  if (!near_.link.is_up()) return base::Error{"link down"};
  auto stream = near_.link.near_session().open(kService);
  if (stream) streams_.push_back(*stream);
  return stream;
}

std::size_t PairClient::stream_writable(mux::StreamKey stream) const {
  return near_.link.near_session().writable(stream);
}

void PairClient::write_stream(mux::StreamKey stream, std::string_view bytes) {
  near_.link.near_session().write(stream, bytes);
}

void PairClient::consumed(mux::StreamKey stream, std::size_t bytes) {
  near_.link.near_session().consumed(stream, bytes);
}

bool PairClient::stream_takes_compressed(mux::StreamKey) const {
  return near_.link.near_session().compresses();
}

void PairClient::finish_stream(mux::StreamKey stream) {
  near_.link.near_session().finish(stream);
}

void PairClient::reset_stream(mux::StreamKey stream) {
  near_.link.near_session().reset(stream, mux::ResetCode::kCancelled, "given up");
}

void PairClient::record_doubt(const std::string& transaction,
                              const std::vector<ledger::DoubtfulRecipient>& recipients) {
  (void)near_.doubts.record(transaction, kSite, recipients, {});
  recording_.push_back(transaction);
}

std::optional<ledger::DoubtKey> PairClient::claim_doubt(const std::string& mail) {
  return near_.doubts.claim(kSite, mail);
}

bool PairClient::is_in_doubt(const std::string& address) const {
  return near_.doubts.is_in_doubt(kSite, address);
}

bool PairClient::is_anybody_in_doubt() const {
  return near_.doubts.is_anybody_in_doubt(kSite);
}

std::set<std::string> PairClient::transactions_to_split(const std::string& address) const {
  return near_.doubts.transactions_to_split(kSite, address);
}

bool PairClient::settle_doubt(const ledger::DoubtKey& key) {
  (void)near_.doubts.settle(key);
  return !near_.doubts.contains(key.transaction);
}

}  // namespace tsmtp::mail
