#include "relayd/mail/enquiry.h"

#include <algorithm>
#include <utility>

namespace tsmtp::mail {

void Enquiry::link_up(base::TimePoint now) {
  min_age_ = {};
  last_asked_.clear();
  next_step_ = now;
}

void Enquiry::tick(base::TimePoint now) {
  std::vector<mux::StreamKey> late;
  for (const auto& [stream, question] : questions_)
    if (now - question.asked >= kTimeout) late.push_back(stream);
  for (const mux::StreamKey stream : late) {
    questions_.erase(stream);
    host_.reset_stream(stream);
  }
  if (now >= next_step_) ask(now);
}

void Enquiry::ask(base::TimePoint now) {
  next_step_ = now + kStep;
  while (questions_.size() < kAtOnce) {
    const auto next = host_.next_to_ask(last_asked_, min_age_);
    if (!next) return end_round(now);
    last_asked_ = *next;
    if (is_under_way(*next)) continue;
    const auto stream = host_.open_stream();
    if (!stream) return end_round(now);
    questions_.emplace(*stream, Question{.transaction = *next, .asked = now});
    host_.write_stream(*stream, encode(Ask{.transaction = *next, .went = host_.went(*next)}));
  }
}

bool Enquiry::is_under_way(const std::string& transaction) const {
  return std::any_of(questions_.begin(), questions_.end(),
                     [&](const auto& entry) { return entry.second.transaction == transaction; });
}

void Enquiry::end_round(base::TimePoint now) {
  min_age_ = kMinAge;
  last_asked_.clear();
  next_step_ = now + kPause;
}

void Enquiry::stream_received(mux::StreamKey stream, std::string_view bytes, base::TimePoint /*now*/) {
  const auto question = questions_.find(stream);
  if (question == questions_.end()) return;
  const auto record = question->second.reader.read(bytes);
  if (record && !*record) return;
  const std::string transaction = std::move(question->second.transaction);
  const auto* outcome = record ? std::get_if<Outcome>(&**record) : nullptr;
  if (outcome == nullptr) {  // no answer: it stays in doubt
    host_.reset_stream(stream);
  } else {
    answered(stream, transaction, *outcome);
  }
  questions_.erase(question);
}

void Enquiry::answered(mux::StreamKey stream, const std::string& transaction, const Outcome& outcome) {
  bool is_settled = false;
  switch (outcome.kind) {
    case Outcome::Kind::kUnknown:
      host_.was_not_delivered(transaction);
      break;
    case Outcome::Kind::kPending:
      break;
    case Outcome::Kind::kKnown:
      is_settled = !outcome.reply.is_positive() || host_.was_delivered(transaction, outcome.refused);
      if (!outcome.reply.is_positive()) host_.was_not_delivered(transaction);
      break;
  }
  if (is_settled) host_.write_stream(stream, encode(Settled{transaction}));
  host_.finish_stream(stream);
}

// A far side that takes no question now is not asked the next one at once.
void Enquiry::stream_lost(mux::StreamKey stream, base::TimePoint now) {
  if (questions_.erase(stream) > 0) end_round(now);
}

}  // namespace tsmtp::mail
