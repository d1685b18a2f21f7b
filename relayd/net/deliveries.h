// The transactions that have come from one site and are not over yet. Knows what has become of each, and what
// must not begin any more.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "relayd/base/lifetime.h"
#include "relayd/mail/disowned.h"
#include "relayd/net/delivery_stream.h"
#include "relayd/settings/site.h"

namespace tsmtp::net {

class Deliveries {
 public:
  struct Callbacks {
    /// A transaction is over.
    std::function<void(const mail::Summary&)> ended;
    /// What is remembered of one, of either direction.
    std::function<mail::Traced(const std::string& transaction)> trace;
  };

  /// All is borrowed and outlives it.
  Deliveries(const SharedBySites& shared, const settings::Site& site, MtaPool& pool, Callbacks callbacks)
      : shared_(shared), site_(site), pool_(pool), callbacks_(std::move(callbacks)) {}
  ~Deliveries() { lifetime_.end(); }
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  /// The peer has opened a stream of `link` for one, which keeps to that link and lives until it is over.
  StreamUser* begin(SiteLink& link, mux::StreamKey stream, mail::DeliverySettings settings);

  /// The end of content of that transaction is with our MTA, or its outcome is being written.
  [[nodiscard]] bool is_committing(const std::string& transaction) const;
  [[nodiscard]] bool is_committing() const;
  /// How many do anything but wait for the near side to settle.
  [[nodiscard]] std::size_t under_way() const;
  /// These; that of one transaction, if one is named.
  [[nodiscard]] std::vector<mail::TracedMail> mails_under_way(const std::string& transaction) const;
  /// When the oldest of those began; the present if there are none.
  [[nodiscard]] base::TimePoint oldest(base::TimePoint now) const;

  /// Another relayd of this hub is asked for that transaction: whether it is being committed here. If it is
  /// not, it never will be.
  [[nodiscard]] bool forbid_unless_committing(const std::string& transaction);

  void tick();
  /// Lets go of all at once.
  void abort();

 private:
  [[nodiscard]] std::optional<mail::Outcome> end_earlier(const mail::Ask& question, SiteOutcomes::Told told);
  [[nodiscard]] mail::Outcome recorded_outcome(const std::string& transaction) const;
  [[nodiscard]] mail::Outcome earlier_outcome(const std::string& transaction) const;

  const SharedBySites& shared_;
  const settings::Site& site_;
  MtaPool& pool_;
  Callbacks callbacks_;
  std::set<std::shared_ptr<DeliveryStream>> all_;
  mail::Disowned disowned_;
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::net
