// etcd, as relayd reaches it: its gateway over few connections of HTTP, one member at a time, the next one
// when that fails. Every request is answered within [ledger] timeout. What can be done is decided without I/O
// (etcd/batches, etcd/endpoints, etcd/refusal); here are sockets, timers and log lines.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/lifetime.h"
#include "relayd/base/log.h"
#include "relayd/etcd/batches.h"
#include "relayd/etcd/endpoints.h"
#include "relayd/etcd/store.h"
#include "relayd/net/etcd/etcd_reply.h"
#include "relayd/net/io/resolver.h"
#include "relayd/settings/ledger.h"

namespace tsmtp::net {

class EtcdConnection;
class EtcdWatches;

class EtcdClient : public etcd::Store {
 public:
  using MakeResolver = std::function<std::unique_ptr<Resolver>()>;

  /// Begins to connect at once. `settings` names at least one endpoint; `log` is borrowed. Without
  /// `make_resolver`, names are resolved by the system.
  EtcdClient(const boost::asio::any_io_executor& executor, const settings::Ledger& settings,
             base::Logger& log, MakeResolver make_resolver = {});
  /// Nothing is called any more; what waits is not answered.
  ~EtcdClient() override;
  EtcdClient(const EtcdClient&) = delete;
  EtcdClient& operator=(const EtcdClient&) = delete;

  void submit(etcd::Transaction transaction, Done done) override;
  void grant(std::chrono::seconds time_to_live, Granted granted) override;
  void keep_alive(etcd::Lease lease, Granted kept) override;
  void revoke(etcd::Lease lease) override;
  [[nodiscard]] WatchId watch(etcd::Range range, etcd::Watcher& watcher) override;
  void unwatch(WatchId id) override;
  [[nodiscard]] const std::optional<etcd::Trouble>& trouble() const override { return trouble_; }

 private:
  /// A connection to the member that serves, or is tried.
  struct Slot {
    std::shared_ptr<EtcdConnection> connection;
    std::size_t endpoint = 0;
    bool is_busy = true;
    boost::asio::steady_timer patience;  // until another member is tried, though this one may still answer
  };
  using Slots = std::map<unsigned, Slot>;
  /// A request that is no transaction. It can be made twice.
  struct Errand {
    etcd::Request request;
    base::TimePoint expires;
    std::function<void(std::string_view body)> done;
    std::function<void(const etcd::Failure&)> failed;
  };

  void act_soon();
  void act();
  void expire(base::TimePoint now);
  void give_results();
  void set_timer();

  // A member that is tried: connect, log in, ask something harmless that needs a quorum.
  void begin_trial();
  void log_in(unsigned slot);
  void probe(unsigned slot);
  void probe_answered(unsigned slot, const etcd::Transaction& asked, const EtcdReply& reply);
  void trial_failed(unsigned slot, const std::string& cause);

  void send();
  void ask_in_silence();
  [[nodiscard]] std::optional<unsigned> idle_slot();
  unsigned add_slot();
  void drop_slot(unsigned slot);
  void send_batch(unsigned slot, const etcd::Batches::Taken& batch);
  void batch_answered(unsigned slot, etcd::Batches::Id batch, const EtcdReply& reply);
  void run_errand(unsigned slot, Errand errand);
  void errand_answered(unsigned slot, const Errand& errand, const EtcdReply& reply);
  void run_again(unsigned slot, const Errand& errand, const std::string& cause);
  void add_errand(Errand errand);
  void ask(unsigned slot, const etcd::Request& request, std::function<void(const EtcdReply&)> answered,
           std::function<void(const EtcdLost&)> lost);
  void refused(unsigned slot, const etcd::Refusal& refusal);
  void release(unsigned slot);
  void lose(unsigned slot, const std::string& cause);
  void member_failed(std::size_t endpoint, const std::string& cause);
  [[nodiscard]] const std::string& name_of(unsigned slot) const;

  /// A request waits for half of the timeout to be sent, and for half of it to be answered. So it ends in
  /// time, and what was not sent when it fails was certainly not done.
  [[nodiscard]] std::chrono::milliseconds half_timeout() const;
  /// A member that does not answer must leave time for the others.
  [[nodiscard]] std::chrono::milliseconds part_of_timeout() const;
  [[nodiscard]] etcd::Transaction harmless() const;
  [[nodiscard]] base::TimePoint next_probe() const;
  void note_failure(const std::string& cause, bool is_full = false);
  void note_success(bool was_write);

  boost::asio::any_io_executor executor_;
  settings::Ledger settings_;
  base::Logger& log_;
  MakeResolver make_resolver_;
  etcd::Endpoints endpoints_;
  etcd::Batches batches_;
  std::map<etcd::Batches::Ticket, Done> done_;
  std::deque<Errand> errands_;
  Slots slots_;
  unsigned last_slot_ = 0;
  std::optional<unsigned> trial_;  // the slot of the member that is tried
  std::string token_;
  base::TimePoint asked_last_, probed_last_;
  std::optional<etcd::Trouble> trouble_;
  bool is_full_ = false;  // trouble_ is over only when something was written
  bool will_act_ = false;
  boost::asio::steady_timer timer_;
  std::unique_ptr<EtcdWatches> watches_;
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::net
