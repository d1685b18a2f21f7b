#include "relayd/net/mta/mta_pool.h"

#include <boost/asio/post.hpp>
#include <utility>
#include <variant>

#include "relayd/net/io/clocks.h"

namespace tsmtp::net {
namespace {

using boost::system::error_code;
using mail::MtaSlots;

MtaSlots::Settings slot_settings(const MtaPool::Settings& settings) {
  return {.mta = settings.target.address.to_string(), .own_helo = settings.own_helo, .use = settings.use};
}

}  // namespace

MtaPool::MtaPool(const boost::asio::any_io_executor& executor, Settings settings, Witness* witness,
                 MtaNeighbours& neighbours, Callbacks callbacks)
    : executor_(executor),
      settings_(std::move(settings)),
      witness_(witness),
      neighbours_(neighbours),
      callbacks_(std::move(callbacks)),
      slots_(slot_settings(settings_), *this),
      timer_(executor) {
  neighbours_.join(*this);
}

MtaPool::~MtaPool() {
  lifetime_.end();
  neighbours_.leave(*this);
  timer_.cancel();
  for (const auto& [number, connection] : std::exchange(connections_, {}))
    connection->owner_left();
}

MtaPool::Request MtaPool::request(const std::string& helo, bool fresh, MtaUser& user) {
  const Request request = ++last_request_;
  users_[request] = &user;
  slots_.request(request, helo, fresh, now());
  act_soon();
  return request;
}

void MtaPool::withdraw(Request request) {
  users_.erase(request);
  slots_.withdraw(request);
}

void MtaPool::retarget(Settings settings) {
  const bool afresh = settings.target != settings_.target;
  settings_ = std::move(settings);
  slots_.update(slot_settings(settings_), afresh, now());
  act_soon();
}

void MtaPool::probe() {
  slots_.probe(now());
  act_soon();
}

void MtaPool::give_way() {
  slots_.give_way(now());
  act_soon();
}

// Never at once: a delivery that asks for a connection, or gives one back, is in the middle of something.
void MtaPool::act_soon() {
  if (std::exchange(acts_soon_, true)) return;
  boost::asio::post(executor_, lifetime_.guard([this] {
    acts_soon_ = false;
    act();
  }));
}

void MtaPool::act() {
  for (const MtaSlots::Action& action : slots_.act(now()))
    std::visit([this](const auto& known) { on(known); }, action);
  const auto deadline = slots_.deadline(now());
  if (!deadline) return (void)timer_.cancel();
  timer_.expires_at(*deadline);
  timer_.async_wait(lifetime_.guard([this](const error_code& error) {
    if (!error) act_soon();
  }));
}

void MtaPool::on(const MtaSlots::Connect& action) {
  if (!neighbours_.has_room()) {
    const std::string limit = std::to_string(neighbours_.limit());
    slots_.gone(action.connection,
                MtaSlots::Failure{.stage = MtaSlots::Failure::Stage::kHere,
                                  .cause = "all sites together have " + limit +
                                           " connections to MTAs, the limit (hub.mta_connections)",
                                  .said = {}},
                neighbours_.work_beside(*this), now());
    if (neighbours_.give_way_to(*this)) slots_.way_given(now());
    return act_soon();
  }
  const auto guarded = [this](auto member) {
    return lifetime_.guard([this, member](MtaConnection& connection, const auto&... arguments) {
      (this->*member)(connection, arguments...);
    });
  };
  auto connection =
      std::make_shared<MtaConnection>(executor_, action.helo, witness_,
                                      MtaConnection::Callbacks{.ready = guarded(&MtaPool::on_ready),
                                                               .idle = guarded(&MtaPool::on_idle),
                                                               .gone = guarded(&MtaPool::on_gone)});
  connections_[action.connection] = connection;
  connection->connect(settings_.target, action.connection, action.is_probe);
}

void MtaPool::on(const MtaSlots::Lend& action) {
  MtaUser* user = take_user(action.request);
  const auto found = connections_.find(action.connection);
  if (found == connections_.end()) {  // gone since it was decided
    if (user != nullptr) user->on_mta_failed("connection lost", {});
    return;
  }
  const auto connection = found->second;  // using it may be its end
  if (user != nullptr) return connection->lend(*user);
  slots_.idle(action.connection, now());
  act_soon();
}

void MtaPool::on(const MtaSlots::Refuse& action) {
  if (MtaUser* user = take_user(action.request)) user->on_mta_failed(action.cause, action.said);
}

void MtaPool::on(const MtaSlots::Quit& action) {
  const auto found = connections_.find(action.connection);
  if (found == connections_.end()) return;
  const auto connection = found->second;  // which may be gone at once
  connection->quit();
}

void MtaPool::on(const MtaSlots::TakeBack& action) {
  const auto found = connections_.find(action.connection);
  if (found == connections_.end()) return;
  const auto connection = found->second;  // giving it back may be its end
  connection->take_back(action.silence);
}

void MtaPool::on(const MtaSlots::AskWay&) {
  if (!neighbours_.give_way_to(*this)) return;
  slots_.way_given(now());
  act_soon();
}

void MtaPool::on(const MtaSlots::Tell& action) {
  callbacks_.changed(action.mta);
}

void MtaPool::on(const MtaSlots::Note& action) {
  callbacks_.noted(action.text);
}

void MtaPool::on_ready(MtaConnection& connection) {
  slots_.ready(connection.number(), connection.extensions(), now());
  act_soon();
}

void MtaPool::on_idle(MtaConnection& connection) {
  slots_.idle(connection.number(), now());
  act_soon();
}

void MtaPool::on_gone(MtaConnection& connection, const std::string& cause) {
  const Number number = connection.number();
  std::optional<MtaSlots::Failure> failure;
  if (!connection.is_ready() && !cause.empty())
    failure = MtaSlots::Failure{.stage = connection.stage(),
                                .cause = cause,
                                .said = connection.refusal(),
                                .timed_out = connection.has_timed_out()};
  connections_.erase(number);
  slots_.gone(number, failure, neighbours_.work_beside(*this), now());
  act_soon();
}

std::optional<mail::Silence> MtaPool::silence(Number connection) const {
  const auto found = connections_.find(connection);
  return found == connections_.end() ? std::nullopt : found->second->silence();
}

MtaUser* MtaPool::take_user(Request request) {
  const auto found = users_.find(request);
  if (found == users_.end()) return nullptr;
  MtaUser* user = found->second;
  users_.erase(found);
  return user;
}

}  // namespace tsmtp::net
