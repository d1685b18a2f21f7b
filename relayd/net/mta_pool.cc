#include "relayd/net/mta_pool.h"

#include <algorithm>

#include "relayd/net/clocks.h"

namespace tsmtp::net {
namespace {

using boost::system::error_code;

constexpr Backoff::Milliseconds kFirstProbe{500};
constexpr Backoff::Milliseconds kLongestProbe{10'000};

}  // namespace

MtaPool::MtaPool(const boost::asio::any_io_executor& executor, Settings settings, Witness* witness,
                 Changed changed)
    : executor_(executor),
      settings_(std::move(settings)),
      witness_(witness),
      changed_(std::move(changed)),
      idle_timer_(executor),
      probe_timer_(executor),
      probe_backoff_(kFirstProbe, kLongestProbe) {}

MtaPool::~MtaPool() {
  *alive_ = false;
  idle_timer_.cancel();
  probe_timer_.cancel();
  close_idle();
}

void MtaPool::retarget(Settings settings) {
  const bool is_same = settings.target == settings_.target;
  settings_ = std::move(settings);
  if (is_same) return;
  close_idle();
  mta_.reset();
  probe();
}

void MtaPool::close_idle() {
  // Closing a connection takes it out of the list, if we are still told.
  for (const Idle& idle : std::exchange(idle_, {}))
    idle.connection->quit();
}

std::shared_ptr<MtaConnection> MtaPool::acquire(const std::string& helo, bool fresh, MtaUser& user) {
  // The one used last is the least likely to have been closed by the MTA.
  const auto found = std::find_if(idle_.rbegin(), idle_.rend(), [&](const Idle& idle) {
    return !fresh && idle.connection->helo() == helo;
  });
  std::shared_ptr<MtaConnection> connection;
  if (found != idle_.rend()) {
    connection = found->connection;
    idle_.erase(std::next(found).base());
  } else {
    connection = connect(helo, false);
  }
  connection->lend(user);
  return connection;
}

void MtaPool::probe() {
  probe_timer_.cancel();
  (void)connect(settings_.own_helo, true);
}

std::shared_ptr<MtaConnection> MtaPool::connect(const std::string& helo, bool is_probe) {
  const auto guarded = [this, alive = alive_](auto member) {
    return [this, alive, member](MtaConnection& connection, auto&&... arguments) {
      if (*alive) (this->*member)(connection, arguments...);
    };
  };
  auto connection =
      std::make_shared<MtaConnection>(executor_, helo, witness_,
                                      MtaConnection::Callbacks{.ready = guarded(&MtaPool::on_ready),
                                                               .idle = guarded(&MtaPool::on_idle),
                                                               .gone = guarded(&MtaPool::on_gone)});
  all_.push_back(connection);
  connection->connect(settings_.target, is_probe);
  return connection;
}

void MtaPool::on_ready(MtaConnection& connection) {
  if (connection.target() != settings_.target) return;  // of before retarget()
  probe_backoff_.reset();
  probe_timer_.cancel();
  learnt({.reachable = true, .extensions = connection.extensions(), .cause = {}});
}

void MtaPool::on_idle(MtaConnection& connection) {
  const bool is_used_up = connection.mails() == 0 || connection.mails() >= settings_.mails_per_connection;
  if (connection.target() != settings_.target || is_used_up || idle_.size() >= settings_.idle_connections)
    return connection.quit();
  idle_.push_back({connection.shared_from_this(), now()});
  if (idle_.size() == 1) set_idle_timer();
}

void MtaPool::on_gone(MtaConnection& connection, const std::string& cause) {
  std::erase_if(idle_, [&](const Idle& idle) { return idle.connection.get() == &connection; });
  std::erase_if(all_, [&](const auto& known) { return known.get() == &connection; });
  if (connection.is_ready() || cause.empty() || connection.target() != settings_.target) return;
  learnt(
      {.reachable = false, .extensions = {}, .cause = settings_.target.address.to_string() + ": " + cause});
  probe_timer_.expires_after(probe_backoff_.next());
  probe_timer_.async_wait([this, alive = alive_](const error_code& error) {
    if (!error && *alive) probe();
  });
}

void MtaPool::learnt(mail::FarMta mta) {
  if (mta_ == mta) return;
  mta_ = std::move(mta);
  changed_(*mta_);
}

void MtaPool::set_idle_timer() {
  if (idle_.empty()) return;
  idle_timer_.expires_at(idle_.front().since + settings_.idle_time);
  idle_timer_.async_wait([this, alive = alive_](const error_code& error) {
    if (error || !*alive) return;
    while (!idle_.empty() && idle_.front().since + settings_.idle_time <= now()) {
      const auto connection = idle_.front().connection;
      idle_.pop_front();
      connection->quit();
    }
    set_idle_timer();
  });
}

}  // namespace tsmtp::net
