// The far hub of a pair: a Delivery for each stream, each with a connection of its own to an MTA that is an
// smtp::ServerSession: it counts what was delivered, and thinks as long as it is told to.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "relayd/mail/delivery.h"
#include "tests/unit/mail/pair_link.h"

namespace tsmtp::mail {

/// What the MTA makes of things.
struct MtaBehaviour {
  std::function<smtp::Reply(const std::string& recipient)> recipient;
  std::function<smtp::Reply()> end_of_content;
  std::function<base::Duration()> thinking_time;  ///< at the end of content
};

class PairFar {
 public:
  explicit PairFar(MtaBehaviour behaviour);
  ~PairFar();

  void on_event(const mux::Event& event, mux::Session& session, base::TimePoint now);
  void link_lost(base::TimePoint now);
  bool pump(base::TimePoint now);

  /// How often the MTA said 250 to which content.
  std::map<std::string, int> delivered;
  [[nodiscard]] std::size_t outcomes_kept() const { return outcomes_.size(); }
  [[nodiscard]] std::size_t deliveries() const { return transactions_.size(); }

 private:
  class Transaction;

  MtaBehaviour behaviour_;
  std::map<std::string, Outcome> outcomes_;
  std::map<mux::StreamKey, std::shared_ptr<Transaction>> streams_;
  std::vector<std::shared_ptr<Transaction>> transactions_;
};

}  // namespace tsmtp::mail
