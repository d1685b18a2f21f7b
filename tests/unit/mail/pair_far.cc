#include "tests/unit/mail/pair_far.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "relayd/smtp/server_session.h"
#include "tests/unit/mail/script.h"

namespace tsmtp::mail {

class PairFar::Transaction : public DeliveryHost {
 public:
  Transaction(PairFar& far, mux::Session& session, mux::StreamKey stream, base::TimePoint now)
      : far_(far),
        session_(&session),
        stream_(stream),
        mta_(mta_options()),
        delivery_({.site = "tokyo",
                   .hub = "birlinghoven",
                   .mta = "mta",
                   .rules = far_rules(),
                   .takes_compressed = session.compresses()},
                  *this, now) {}

  Delivery& delivery() { return delivery_; }
  void link_lost(base::TimePoint now) {
    session_ = nullptr;
    delivery_.stream_lost(now);
  }

  bool pump(base::TimePoint now) {
    bool moved = false;
    if (recording_) {
      recording_ = false;
      delivery_.recorded(now);
      moved = true;
    }
    if (closing_) client_.reset();
    if (!client_) return moved;
    if (!mta_.output().empty()) {
      client_->receive(std::exchange(mta_.output(), {}));
      moved = true;
    }
    if (!connected_ && moved) {
      while (const auto event = client_->next_event())
        if (std::holds_alternative<smtp::Ready>(*event)) connected_ = true;
      if (connected_) delivery_.connected(*client_, now);
    } else if (connected_ && !released_ && moved) {
      delivery_.step(now);
    }
    if (!client_->output().empty()) {
      mta_.receive(std::exchange(client_->output(), {}));
      moved = true;
    }
    return serve(now) || moved;
  }

  // DeliveryHost
  void request_connection(const std::string& helo, bool) override { client_.emplace(helo); }
  void release_connection(bool reusable) override {
    released_ = true;
    closing_ = !reusable;
  }
  void begin_commit(const std::string&, const std::vector<std::uint16_t>&) override {}
  void write_stream(std::string_view bytes) override {
    if (session_ != nullptr) session_->write(stream_, bytes);
  }
  [[nodiscard]] std::size_t stream_writable() const override { return 1 << 20; }
  void consumed(std::size_t bytes) override { session_->consumed(stream_, bytes); }
  void finish_stream() override { session_->finish(stream_); }
  void reset_stream(const std::string& cause) override {
    session_->reset(stream_, mux::ResetCode::kFailed, cause);
  }
  void record_outcome(const std::string& transaction, const Outcome& outcome) override {
    far_.outcomes_[transaction] = outcome;
    recording_ = true;
  }
  std::optional<Outcome> end_earlier(const Ask& question) override {
    const std::string& transaction = question.transaction;
    for (const auto& other : far_.transactions_)
      if (other->delivery_.is_committing() && other->delivery_.transaction() == transaction)
        return Outcome{.kind = Outcome::Kind::kPending, .reply = {}};
    const auto known = far_.outcomes_.find(transaction);
    if (known == far_.outcomes_.end()) return Outcome{};
    return known->second;
  }
  void forget_outcome(const std::string& transaction) override { far_.outcomes_.erase(transaction); }
  void ended(const Summary&) override {}

 private:
  static smtp::ServerOptions mta_options() {
    smtp::ServerOptions options{.name = "birl.example", .offered = {}};
    options.offered.pipelining = true;
    return options;
  }

  bool serve(base::TimePoint now) {
    bool moved = false;
    if (final_ticket_ && now >= final_at_) {
      const smtp::Reply reply = far_.behaviour_.end_of_content();
      if (reply.is_positive()) ++far_.delivered[content_];
      mta_.reply(*std::exchange(final_ticket_, {}), reply);
      content_.clear();
      moved = true;
    }
    while (const auto request = mta_.next()) {
      moved = true;
      if (const auto* mail = std::get_if<smtp::MailRequest>(&*request)) {
        mta_.reply(mail->ticket, smtp::make_reply(250, "2.1.0", "far sender ok"));
      } else if (const auto* rcpt = std::get_if<smtp::RcptRequest>(&*request)) {
        mta_.reply(rcpt->ticket, far_.behaviour_.recipient(rcpt->command.path.text));
      } else if (const auto* data = std::get_if<smtp::DataRequest>(&*request)) {
        mta_.reply(data->ticket, smtp::make_reply(354, "", "far go"));
      } else if (const auto* piece = std::get_if<smtp::ContentPiece>(&*request)) {
        content_ += piece->bytes;
      } else if (const auto* end = std::get_if<smtp::ContentEnd>(&*request)) {
        final_ticket_ = end->tickets[0];
        final_at_ = now + far_.behaviour_.thinking_time();
      }
    }
    return moved;
  }

  PairFar& far_;
  mux::Session* session_;
  mux::StreamKey stream_;
  std::optional<smtp::ClientSession> client_;
  bool connected_ = false;
  bool released_ = false;
  bool closing_ = false;
  bool recording_ = false;
  smtp::ServerSession mta_;
  std::string content_;
  std::optional<smtp::Ticket> final_ticket_;
  base::TimePoint final_at_;
  Delivery delivery_;
};

PairFar::PairFar(MtaBehaviour behaviour) : behaviour_(std::move(behaviour)) {}
PairFar::~PairFar() = default;

void PairFar::on_event(const mux::Event& event, mux::Session& session, base::TimePoint now) {
  const auto find = [&](mux::StreamKey stream) -> Delivery* {
    const auto found = streams_.find(stream);
    return found == streams_.end() ? nullptr : &found->second->delivery();
  };
  if (const auto* opened = std::get_if<mux::Opened>(&event)) {
    streams_[opened->stream] = std::make_shared<Transaction>(*this, session, opened->stream, now);
    transactions_.push_back(streams_[opened->stream]);
  } else if (const auto* received = std::get_if<mux::Received>(&event)) {
    if (Delivery* delivery = find(received->stream)) delivery->receive(received->bytes, now);
  } else if (const auto* finished = std::get_if<mux::PeerFinished>(&event)) {
    if (Delivery* delivery = find(finished->stream)) delivery->peer_finished(now);
  } else if (const auto* reset = std::get_if<mux::PeerReset>(&event)) {
    if (Delivery* delivery = find(reset->stream)) delivery->stream_lost(now);
  }
}

void PairFar::link_lost(base::TimePoint now) {
  for (const auto& [stream, transaction] : streams_)
    transaction->link_lost(now);
  streams_.clear();
}

bool PairFar::pump(base::TimePoint now) {
  bool moved = false;
  for (std::size_t i = 0; i < transactions_.size(); ++i)
    moved = transactions_[i]->pump(now) || moved;
  std::erase_if(streams_, [](const auto& entry) { return entry.second->delivery().is_over(); });
  std::erase_if(transactions_, [](const auto& t) { return t->delivery().is_over(); });
  return moved;
}

}  // namespace tsmtp::mail
