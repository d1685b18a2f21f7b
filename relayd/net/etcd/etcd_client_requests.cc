// The half of EtcdClient that asks the member that serves: transactions, leases, and in silence whether it is
// still there.
#include <boost/asio/post.hpp>
#include <utility>

#include "relayd/base/time_of_day.h"
#include "relayd/net/etcd/etcd_client.h"
#include "relayd/net/etcd/etcd_connection.h"
#include "relayd/net/etcd/etcd_watches.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::net {
namespace {

using Kind = etcd::Refusal::Kind;

constexpr unsigned kHttpOk = 200;
constexpr std::size_t kMaxConnections = 2;
constexpr std::size_t kMaxErrands = 1000;

}  // namespace

void EtcdClient::add_errand(Errand errand) {
  errand.expires = net::now() + half_timeout();
  if (errands_.size() < kMaxErrands) {
    errands_.push_back(std::move(errand));
  } else {
    boost::asio::post(executor_, lifetime_.guard([failed = errand.failed] {
      failed({.cause = "etcd is too slow for what is asked of it", .may_be_done = false});
    }));
  }
  act_soon();
}

// Leases go first: they end if they wait too long.
void EtcdClient::send() {
  while (!errands_.empty() || batches_.has_something_to_send()) {
    const auto slot = idle_slot();
    if (!slot) return;
    if (!errands_.empty()) {
      Errand errand = std::move(errands_.front());
      errands_.pop_front();
      run_errand(*slot, std::move(errand));
    } else if (auto batch = batches_.take()) {
      send_batch(*slot, *batch);
    }
  }
  ask_in_silence();
}

// Another connection is made while all are busy; what waits is sent when it stands.
std::optional<unsigned> EtcdClient::idle_slot() {
  std::size_t usable = 0;
  for (const auto& [number, slot] : slots_) {
    if (slot.endpoint != endpoints_.current()) continue;
    if (!slot.is_busy) return number;
    ++usable;
  }
  if (usable >= kMaxConnections) return {};
  const unsigned made = add_slot();
  slots_.at(made).connection->open(part_of_timeout(), lifetime_.guard([this, made](const std::string& error) {
    if (!error.empty()) return lose(made, error);
    release(made);
  }));
  return {};
}

void EtcdClient::ask_in_silence() {
  if (net::now() < next_probe()) return;
  const auto slot = idle_slot();
  if (!slot) return;
  probed_last_ = net::now();
  const auto transaction = std::make_shared<const etcd::Transaction>(harmless());
  ask(
      *slot, etcd::transact({transaction.get()}),
      [this, slot = *slot, transaction](const EtcdReply& reply) {
        if (reply.status != kHttpOk) return refused(slot, etcd::refusal_of(reply.status, reply.body));
        const auto answers = etcd::answers_to({transaction.get()}, reply.body);
        if (!answers) return lose(slot, "is not understood: " + answers.error().message);
        note_success(is_full_);
        release(slot);
      },
      [](const EtcdLost&) {});
}

// Whatever it is, `lost` or `answered` is called, and must leave the slot released or dropped.
void EtcdClient::ask(unsigned slot, const etcd::Request& request,
                     std::function<void(const EtcdReply&)> answered,
                     std::function<void(const EtcdLost&)> lost) {
  Slot& ours = slots_.at(slot);
  ours.is_busy = true;
  asked_last_ = net::now();
  if (endpoints_.size() > 1) {
    ours.patience.expires_after(part_of_timeout());
    ours.patience.async_wait(
        lifetime_.guard([this, endpoint = ours.endpoint](const boost::system::error_code& error) {
          if (!error) member_failed(endpoint, "is slow to answer");
        }));
  }
  ours.connection->ask(request, token_, half_timeout(),
                       lifetime_.guard([this, slot, answered = std::move(answered),
                                        lost = std::move(lost)](const auto& replied) {
                         slots_.at(slot).patience.cancel();
                         if (replied) return answered(*replied);
                         lost(replied.error());
                         lose(slot, replied.error().cause);
                       }));
}

void EtcdClient::send_batch(unsigned slot, const etcd::Batches::Taken& batch) {
  ask(
      slot, batch.request,
      [this, slot, id = batch.id](const EtcdReply& reply) { batch_answered(slot, id, reply); },
      [this, slot, id = batch.id](const EtcdLost& lost) {
        const std::string cause = "etcd at " + name_of(slot) + ' ' + lost.cause;
        note_failure(cause);
        batches_.lost(id, lost.was_sent, cause);
      });
}

void EtcdClient::batch_answered(unsigned slot, etcd::Batches::Id batch, const EtcdReply& reply) {
  if (reply.status != kHttpOk) {
    const auto refusal = etcd::refusal_of(reply.status, reply.body);
    batches_.refused(batch, refusal, name_of(slot));
    return refused(slot, refusal);
  }
  if (const auto answered = batches_.answered(batch, reply.body, name_of(slot)); !answered)
    return lose(slot, "is not understood: " + answered.error().message);
  release(slot);
}

void EtcdClient::run_errand(unsigned slot, Errand errand) {
  const auto shared = std::make_shared<Errand>(std::move(errand));
  ask(
      slot, shared->request,
      [this, slot, shared](const EtcdReply& reply) { errand_answered(slot, *shared, reply); },
      [this, slot, shared](const EtcdLost& lost) { run_again(slot, *shared, lost.cause); });
}

// Anew at another member, as long as there is time.
void EtcdClient::run_again(unsigned slot, const Errand& errand, const std::string& cause) {
  if (net::now() < errand.expires) {
    errands_.push_front(errand);
    return;
  }
  const etcd::Failure failure{.cause = "etcd at " + name_of(slot) + ' ' + cause};
  note_failure(failure.cause);
  boost::asio::post(executor_, lifetime_.guard([failed = errand.failed, failure] { failed(failure); }));
}

void EtcdClient::errand_answered(unsigned slot, const Errand& errand, const EtcdReply& reply) {
  if (reply.status == kHttpOk) {
    release(slot);
    boost::asio::post(executor_, lifetime_.guard([done = errand.done, body = reply.body] { done(body); }));
    return;
  }
  const auto refusal = etcd::refusal_of(reply.status, reply.body);
  if (refusal.kind == Kind::kMember || refusal.kind == Kind::kLogin) {
    run_again(slot, errand, refusal.text);
  } else {
    const etcd::Failure failure{.cause = "etcd at " + name_of(slot) + ' ' + refusal.text,
                                .may_be_done = refusal.may_be_done};
    boost::asio::post(executor_, lifetime_.guard([failed = errand.failed, failure] { failed(failure); }));
  }
  refused(slot, refusal);
}

// The connection stands, but what was asked was not done.
void EtcdClient::refused(unsigned slot, const etcd::Refusal& refusal) {
  const std::string cause = "etcd at " + name_of(slot) + ' ' + refusal.text;
  switch (refusal.kind) {
    case Kind::kMember:
      return lose(slot, refusal.text);
    case Kind::kEngine:
      note_failure(cause);
      [[fallthrough]];
    // The next trial logs in, wherever this was said.
    case Kind::kLogin:
      token_.clear();
      drop_slot(slot);
      return member_failed(endpoints_.current(), refusal.text);
    case Kind::kFull:
      note_failure(cause, true);
      break;
    case Kind::kRequest:
      break;
  }
  release(slot);
}

void EtcdClient::release(unsigned slot) {
  Slot& ours = slots_.at(slot);
  ours.is_busy = false;
  if (!ours.connection->is_open() || ours.endpoint != endpoints_.current()) {
    drop_slot(slot);
  } else {
    ours.connection->on_idle_end(
        lifetime_.guard([this, slot](const std::string& cause) { lose(slot, cause); }));
  }
  act_soon();
}

void EtcdClient::lose(unsigned slot, const std::string& cause) {
  const std::size_t endpoint = slots_.at(slot).endpoint;
  drop_slot(slot);
  member_failed(endpoint, cause);
}

// Its other connections may still have an answer to come; those without go.
void EtcdClient::member_failed(std::size_t endpoint, const std::string& cause) {
  endpoints_.failed(endpoint, cause, net::now());
  for (auto slot = slots_.begin(); slot != slots_.end();) {
    const auto next = std::next(slot);
    if (!slot->second.is_busy && slot->second.endpoint == endpoint) drop_slot(slot->first);
    slot = next;
  }
  act_soon();
}

void EtcdClient::note_failure(const std::string& cause, bool is_full) {
  is_full_ = is_full_ || is_full;
  if (trouble_) {
    trouble_->cause = cause;
    return;
  }
  trouble_ = etcd::Trouble{.cause = cause, .since = wall_now()};
  log_.log_provoked(base::Provoked::kTrouble, "etcd", base::LogLevel::kError,
                    "ledger: " + cause +
                        (settings_.on_engine_loss == settings::OnEngineLoss::kDefer
                             ? "; mail is put off"
                             : "; mail goes on with this hub's own ledger"));
}

void EtcdClient::note_success(bool was_write) {
  if (!trouble_ || (is_full_ && !was_write)) return;
  log_.log_provoked(base::Provoked::kTrouble, "etcd", base::LogLevel::kInfo,
                    "ledger: etcd at " + endpoints_.name(endpoints_.current()) +
                        " answers again; it could not be asked since " +
                        base::time_of_day(trouble_->since, wall_now()));
  trouble_.reset();
  is_full_ = false;
}

}  // namespace tsmtp::net
