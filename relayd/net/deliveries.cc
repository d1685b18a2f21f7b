#include "relayd/net/deliveries.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <iterator>
#include <numeric>
#include <utility>
#include <vector>

#include "relayd/net/io/clocks.h"

namespace tsmtp::net {

StreamUser* Deliveries::begin(SiteLink& link, mux::StreamKey stream, mail::DeliverySettings settings) {
  auto delivery = std::make_shared<DeliveryStream>(
      stream, shared_, link, pool_, std::move(settings),
      DeliveryStream::Callbacks{
          .ended = callbacks_.ended,
          .end_earlier = lifetime_.guard([this](const mail::Ask& question, SiteOutcomes::Told told) {
            return end_earlier(question, std::move(told));
          }),
          .is_disowned = lifetime_.guard([this](const std::string& id) { return disowned_.contains(id); }),
          .trace = callbacks_.trace,
          .gone = lifetime_.guard([this](DeliveryStream& gone) {
            boost::asio::post(shared_.executor,
                              lifetime_.guard([this, self = gone.shared_from_this()] { all_.erase(self); }));
          })});
  all_.insert(delivery);
  return delivery.get();
}

bool Deliveries::is_committing(const std::string& transaction) const {
  return std::any_of(all_.begin(), all_.end(),
                     [&](const auto& delivery) { return delivery->is_committing(transaction); });
}

bool Deliveries::is_committing() const {
  return std::any_of(all_.begin(), all_.end(),
                     [](const auto& delivery) { return delivery->is_committing(); });
}

std::size_t Deliveries::under_way() const {
  return static_cast<std::size_t>(std::count_if(
      all_.begin(), all_.end(), [](const auto& delivery) { return delivery->in_transaction(); }));
}

std::vector<mail::TracedMail> Deliveries::mails_under_way(const std::string& transaction) const {
  std::vector<mail::TracedMail> mails;
  for (const auto& delivery : all_)
    if (delivery->in_transaction() && (transaction.empty() || delivery->is_about(transaction)))
      mails.push_back({.summary = delivery->so_far(now()),
                       .state = mail::Traced::State::kUnderWay,
                       .at = now(),
                       .wall = wall_now()});
  return mails;
}

base::TimePoint Deliveries::oldest(base::TimePoint now) const {
  return std::accumulate(all_.begin(), all_.end(), now, [](base::TimePoint oldest, const auto& delivery) {
    return delivery->in_transaction() ? std::min(oldest, delivery->transaction_started()) : oldest;
  });
}

void Deliveries::tick() {
  for (const auto& delivery : std::set(all_))  // a tick may end what it is called on
    delivery->tick();
}

void Deliveries::abort() {
  for (const auto& delivery : all_)
    delivery->abort();
}

// A hub that asks for a transaction has given it up. If that has not committed, it must not do so after the
// answer, with the bytes that its stream still holds: it is ended first. If it has not even begun, because
// its session lags behind another one, it must not begin. Of what our other process has we know only the end.
std::optional<mail::Outcome> Deliveries::end_earlier(const mail::Ask& question, SiteOutcomes::Told told) {
  const std::string& transaction = question.transaction;
  mail::Outcome pending{.kind = mail::Outcome::Kind::kPending, .reply = {}};
  if (shared_.is_committing && shared_.is_committing(transaction)) return pending;
  std::vector<std::shared_ptr<DeliveryStream>> begun;  // giving one up may end others
  std::copy_if(all_.begin(), all_.end(), std::back_inserter(begun),
               [&](const auto& delivery) { return delivery->is_about(transaction); });
  for (const auto& delivery : begun)
    delivery->give_up(transaction);
  mail::Outcome outcome = recorded_outcome(transaction);
  if (outcome.kind != mail::Outcome::Kind::kUnknown) return outcome;
  if (shared_.instance.is_one_of_two()) {
    pending.reason = "another process of this hub, which is being replaced, may have it";
    if (!shared_.may_other_commit || shared_.may_other_commit(transaction)) return pending;
    outcome = recorded_outcome(transaction);  // it may have ended there a moment ago
    if (outcome.kind != mail::Outcome::Kind::kUnknown) return outcome;
  }
  if (!disowned_.add(transaction, now())) return pending;
  if (shared_.outcomes == nullptr) return outcome;
  shared_.outcomes->ask({.site = site_.name, .transaction = transaction}, question.went, std::move(told));
  return std::nullopt;
}

bool Deliveries::forbid_unless_committing(const std::string& transaction) {
  if (is_committing(transaction)) return true;
  std::vector<std::shared_ptr<DeliveryStream>> begun;  // as above
  std::copy_if(all_.begin(), all_.end(), std::back_inserter(begun),
               [&](const auto& delivery) { return delivery->is_about(transaction); });
  for (const auto& delivery : begun)
    delivery->give_up(transaction);
  return !disowned_.add(transaction, now());
}

mail::Outcome Deliveries::recorded_outcome(const std::string& transaction) const {
  const auto known = shared_.ledger.find_outcome(site_.name, transaction);
  if (!known) return earlier_outcome(transaction);
  auto outcome = mail::decode_known(*known);
  return outcome ? std::move(*outcome) : mail::Outcome{};
}

// Of before this relayd was started.
mail::Outcome Deliveries::earlier_outcome(const std::string& transaction) const {
  if (shared_.earlier == nullptr) return {};
  return shared_.earlier->find(site_.name, transaction).value_or(mail::Outcome{});
}

}  // namespace tsmtp::net
