// Transactions on their way to etcd: those that wait go together in one request, as long as none of them
// writes what another touches; for one key they go in order. What fails is sent again only if it certainly
// was not done, or only reads: whether it may be done twice is its owner's to say.
//
// Sans I/O: submit(), take(), then answered(), refused() or lost() for each batch that was taken; results
// come out of next_result().
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/etcd/footprint.h"
#include "relayd/etcd/gateway.h"
#include "relayd/etcd/refusal.h"

namespace tsmtp::etcd {

class Batches {
 public:
  struct Limits {
    std::size_t waiting = 10000;           ///< transactions
    std::size_t waiting_bytes = 32 << 20;  ///< of keys and values
    std::size_t in_flight = 2;             ///< requests
    std::size_t operations = 128;          ///< in a request and in what is inside it (etcd's --max-txn-ops)
    std::size_t request_bytes = 1 << 20;   ///< of keys and values; etcd takes 1.5 MiB of its own encoding
  };
  using Ticket = std::uint64_t;
  using Id = std::uint64_t;
  struct Taken {
    Id id;
    Request request;
  };
  struct Finished {
    Ticket ticket;
    Result result;
    bool was_write = false;  ///< it was answered, and took room
  };

  explicit Batches(Limits limits) : limits_(limits) {}
  Batches() : Batches(Limits()) {}

  /// Its result comes by next_result(). If it was not sent at `expires`, it fails.
  Ticket submit(Transaction transaction, base::TimePoint expires);
  /// Another request, if there is something to send and not enough under way.
  [[nodiscard]] std::optional<Taken> take();

  /// The error: this was not the answer. Nobody knows then what was done. `endpoint` names it in texts.
  [[nodiscard]] base::Result<void> answered(Id batch, std::string_view body, std::string_view endpoint);
  void refused(Id batch, const Refusal& refusal, std::string_view endpoint);
  /// No answer came. `was_sent`: whole, or nobody knows. `cause` names the endpoint.
  void lost(Id batch, bool was_sent, const std::string& cause);
  /// What waited too long fails for this cause.
  void expire(base::TimePoint now, const std::string& cause);
  /// All that waits.
  void fail_waiting(const std::string& cause);

  [[nodiscard]] std::optional<Finished> next_result();

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::size_t in_flight() const { return flying_.size(); }
  [[nodiscard]] bool has_something_to_send() const;
  /// When the first of them expires.
  [[nodiscard]] std::optional<base::TimePoint> deadline() const;

 private:
  struct Waiting {
    Ticket ticket = 0;
    Transaction transaction;
    base::TimePoint expires;
    std::size_t bytes = 0;
    unsigned logins = 0;    // for which it was refused
    bool is_alone = false;  // it, or one beside it, was refused
  };
  struct Flying {
    std::vector<Waiting> transactions;
    Footprint footprint;
  };

  [[nodiscard]] bool is_held_back(const Footprint& footprint) const;
  [[nodiscard]] Flying gather();
  [[nodiscard]] Flying land(Id batch);
  void put_back(Flying batch);
  void finish(const Waiting& one, Result result);

  Limits limits_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::map<Id, Flying> flying_;
  std::deque<Finished> results_;
  Ticket last_ticket_ = 0;
  Id last_id_ = 0;
};

}  // namespace tsmtp::etcd
