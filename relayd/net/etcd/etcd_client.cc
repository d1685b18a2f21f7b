#include "relayd/net/etcd/etcd_client.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <fstream>
#include <utility>

#include "relayd/base/time_of_day.h"
#include "relayd/net/etcd/etcd_connection.h"
#include "relayd/net/etcd/etcd_watches.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::net {
namespace {

using std::chrono::milliseconds;
using Kind = etcd::Refusal::Kind;

constexpr unsigned kOk = 200;
/// How long nothing is asked before the member is asked whether it still serves.
constexpr std::chrono::seconds kQuiet{5};
/// The same while it is full, and has to be asked for a place.
constexpr std::chrono::seconds kQuietWhileFull{1};

std::vector<std::string> names_of(const settings::Ledger& settings) {
  std::vector<std::string> names;
  for (const settings::EngineEndpoint& endpoint : settings.endpoints)
    names.push_back(endpoint.to_string());
  return names;
}

// The first line of the file. Nothing: it cannot be read.
std::optional<std::string> password_in(const std::string& path) {
  std::string line;
  std::ifstream file(path);
  if (!std::getline(file, line)) return {};
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace

EtcdClient::EtcdClient(const boost::asio::any_io_executor& executor, const settings::Ledger& settings,
                       base::Logger& log, MakeResolver make_resolver)
    : executor_(executor),
      settings_(settings),
      log_(log),
      make_resolver_(std::move(make_resolver)),
      endpoints_(names_of(settings)),
      timer_(executor) {
  if (!make_resolver_)
    make_resolver_ = [executor]() -> std::unique_ptr<Resolver> {
      return std::make_unique<SystemResolver>(executor);
    };
  watches_ = std::make_unique<EtcdWatches>(
      executor_,
      [this](std::size_t endpoint) {
        return std::make_shared<EtcdConnection>(executor_, make_resolver_(), settings_.endpoints[endpoint],
                                                settings_.files);
      },
      [this](std::size_t endpoint, const std::string& cause) {
        log_.log_provoked(base::Provoked::kTrouble, "etcd watch", base::LogLevel::kDebug,
                          "etcd: the watch at " + endpoints_.name(endpoint) + " ended: it " + cause);
        act_soon();
      },
      half_timeout());
  act_soon();
}

EtcdClient::~EtcdClient() {
  lifetime_.end();
  watches_.reset();
  for (auto& one : slots_)
    one.second.connection->close();
}

milliseconds EtcdClient::half_timeout() const {
  return milliseconds(settings_.timeout) / 2;
}

// Less than half of it for the only one, too: so the cause is known before anything expires.
milliseconds EtcdClient::part_of_timeout() const {
  constexpr milliseconds kLeast{300};
  const int parts = std::max(3, 2 * static_cast<int>(settings_.endpoints.size()));
  return std::max(kLeast, 2 * half_timeout() / parts);
}

// One key of ours: any member that a quorum listens to can say whether it is there. A full one is asked for
// room, since that is what is missing.
etcd::Transaction EtcdClient::harmless() const {
  const std::string key = settings_.prefix + "/asked";
  if (is_full_) return {.then = {etcd::Put{.key = key, .value = "whether there is room"}}};
  return {.then = {etcd::Get{.range = {.key = key}, .limit = 1}}};
}

base::TimePoint EtcdClient::next_probe() const {
  return is_full_ ? probed_last_ + kQuietWhileFull : asked_last_ + kQuiet;
}

void EtcdClient::submit(etcd::Transaction transaction, Done done) {
  done_.emplace(batches_.submit(std::move(transaction), net::now() + half_timeout()), std::move(done));
  act_soon();
}

void EtcdClient::grant(std::chrono::seconds time_to_live, Granted granted) {
  add_errand({.request = etcd::grant(time_to_live),
              .expires = {},
              .done =
                  [granted](std::string_view body) {
                    const auto lease = etcd::granted(body);
                    if (lease) return granted(*lease);
                    granted(etcd::Failure{.cause = "etcd is not understood: " + lease.error().message});
                  },
              .failed = [granted](const etcd::Failure& failure) { granted(failure); }});
}

void EtcdClient::keep_alive(etcd::Lease lease, Granted kept) {
  add_errand({.request = etcd::keep_alive(lease),
              .expires = {},
              .done =
                  [lease, kept](std::string_view body) {
                    const auto still = etcd::kept(lease, body);
                    if (still) return kept(*still);
                    kept(etcd::Failure{.cause = "etcd is not understood: " + still.error().message});
                  },
              .failed = [kept](const etcd::Failure& failure) { kept(failure); }});
}

void EtcdClient::revoke(etcd::Lease lease) {
  add_errand({.request = etcd::revoke(lease),
              .expires = {},
              .done = [](std::string_view) {},
              .failed = [](const etcd::Failure&) {}});
}

EtcdClient::WatchId EtcdClient::watch(etcd::Range range, etcd::Watcher& watcher) {
  act_soon();
  return watches_->add(std::move(range), watcher);
}

void EtcdClient::unwatch(WatchId id) {
  watches_->remove(id);
  act_soon();
}

// What is asked within one turn of the loop goes together.
void EtcdClient::act_soon() {
  if (std::exchange(will_act_, true)) return;
  boost::asio::post(executor_, lifetime_.guard([this] {
    will_act_ = false;
    act();
  }));
}

void EtcdClient::act() {
  const auto now = net::now();
  endpoints_.tick(now);
  expire(now);
  if (endpoints_.phase() == etcd::Endpoints::Phase::kTrying && !trial_) begin_trial();
  const bool serves = endpoints_.phase() == etcd::Endpoints::Phase::kServing;
  if (serves) send();
  watches_->follow(serves ? std::optional(endpoints_.current()) : std::nullopt, token_);
  set_timer();
  give_results();
}

void EtcdClient::expire(base::TimePoint now) {
  const std::size_t waiting = batches_.waiting();
  const std::string cause = endpoints_.phase() == etcd::Endpoints::Phase::kServing
                                ? "etcd at " + endpoints_.name(endpoints_.current()) + " is too slow"
                                : endpoints_.cause();
  // Nobody waits for what is known to be down; it is tried all the same.
  const auto down_since = endpoints_.down_since();
  const bool is_down = down_since && now - *down_since >= half_timeout();
  if (is_down) {
    batches_.fail_waiting(cause);
  } else {
    batches_.expire(now, cause);
  }
  bool has_expired = batches_.waiting() < waiting;
  while (!errands_.empty() && (is_down || errands_.front().expires <= now)) {
    has_expired = true;
    const Errand late = std::move(errands_.front());
    errands_.pop_front();
    boost::asio::post(executor_, lifetime_.guard([failed = late.failed, cause] {
      failed({.cause = cause, .may_be_done = false});
    }));
  }
  if (has_expired || down_since) note_failure(cause);
}

// Callbacks come last: they may ask for more, or end all this.
void EtcdClient::give_results() {
  auto is_alive = lifetime_.guard([] { return true; });
  while (is_alive()) {
    const auto finished = batches_.next_result();
    if (!finished) return;
    if (finished->result) note_success(finished->was_write);
    const auto found = done_.find(finished->ticket);
    if (found == done_.end()) continue;
    const Done done = std::move(found->second);
    done_.erase(found);
    done(finished->result);
  }
}

void EtcdClient::set_timer() {
  const bool serves = endpoints_.phase() == etcd::Endpoints::Phase::kServing;
  auto next = serves ? next_probe() : net::now() + kQuiet;
  if (const auto rest = endpoints_.deadline()) next = std::min(next, *rest);
  if (const auto deadline = batches_.deadline()) next = std::min(next, *deadline);
  if (!errands_.empty()) next = std::min(next, errands_.front().expires);
  timer_.expires_at(std::max(next, net::now()));
  timer_.async_wait(lifetime_.guard([this](const boost::system::error_code& error) {
    if (!error) act_soon();
  }));
}

unsigned EtcdClient::add_slot() {
  const std::size_t endpoint = endpoints_.current();
  slots_.emplace(++last_slot_,
                 Slot{.connection = std::make_shared<EtcdConnection>(
                          executor_, make_resolver_(), settings_.endpoints[endpoint], settings_.files),
                      .endpoint = endpoint,
                      .patience = boost::asio::steady_timer(executor_)});
  return last_slot_;
}

void EtcdClient::drop_slot(unsigned slot) {
  const auto found = slots_.find(slot);
  if (found == slots_.end()) return;
  found->second.connection->close();
  slots_.erase(found);
}

const std::string& EtcdClient::name_of(unsigned slot) const {
  return endpoints_.name(slots_.at(slot).endpoint);
}

void EtcdClient::begin_trial() {
  const unsigned slot = add_slot();
  trial_ = slot;
  slots_.at(slot).connection->open(part_of_timeout(), lifetime_.guard([this, slot](const std::string& error) {
    if (!error.empty()) return trial_failed(slot, error);
    if (!settings_.user.empty() && token_.empty()) return log_in(slot);
    probe(slot);
  }));
}

void EtcdClient::trial_failed(unsigned slot, const std::string& cause) {
  trial_.reset();
  const std::size_t endpoint = slots_.at(slot).endpoint;
  drop_slot(slot);
  endpoints_.failed(endpoint, cause, net::now());
  act_soon();
}

// The password is read each time: a new one needs no restart.
void EtcdClient::log_in(unsigned slot) {
  const auto password = password_in(settings_.files.password);
  if (!password)
    return trial_failed(
        slot, "cannot be asked: ledger.password_file (" + settings_.files.password + ") cannot be read");
  slots_.at(slot).connection->ask(
      etcd::log_in(settings_.user, *password), {}, part_of_timeout(),
      lifetime_.guard([this, slot](const auto& replied) {
        if (!replied) return trial_failed(slot, replied.error().cause);
        if (replied->status != kOk) {
          if (!etcd::needs_no_login(replied->body))
            return trial_failed(slot, etcd::refusal_of(replied->status, replied->body).text);
        } else {
          auto token = etcd::token(replied->body);
          if (!token) return trial_failed(slot, "is not understood: " + token.error().message);
          token_ = std::move(*token);
        }
        probe(slot);
      }));
}

void EtcdClient::probe(unsigned slot) {
  probed_last_ = net::now();
  const auto asked = std::make_shared<const etcd::Transaction>(harmless());
  slots_.at(slot).connection->ask(etcd::transact({asked.get()}), token_, part_of_timeout(),
                                  lifetime_.guard([this, slot, asked](const auto& replied) {
                                    if (!replied) return trial_failed(slot, replied.error().cause);
                                    probe_answered(slot, *asked, *replied);
                                  }));
}

void EtcdClient::probe_answered(unsigned slot, const etcd::Transaction& asked, const EtcdReply& reply) {
  if (reply.status != kOk) {
    const auto refusal = etcd::refusal_of(reply.status, reply.body);
    if (refusal.kind == Kind::kLogin && !token_.empty()) {
      token_.clear();
      return log_in(slot);
    }
    // What is full can still say what it knows.
    if (refusal.kind != Kind::kFull) return trial_failed(slot, refusal.text);
    note_failure("etcd at " + name_of(slot) + ' ' + refusal.text, true);
  } else {
    const auto answers = etcd::answers_to({&asked}, reply.body);
    if (!answers) return trial_failed(slot, "is not understood: " + answers.error().message);
    note_success(is_full_);
  }
  trial_.reset();
  asked_last_ = net::now();
  endpoints_.served(slots_.at(slot).endpoint);
  release(slot);
}

}  // namespace tsmtp::net
