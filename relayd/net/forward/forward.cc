#include "relayd/net/forward/forward.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/forward/x11/near_end.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/io/socket_peer.h"

namespace tsmtp::net {

Forward::Forward(const SharedByForwards& shared, settings::Forward settings, Means means)
    : shared_(shared), settings_(std::move(settings)), means_(std::move(means)), since_(wall_now()) {}

Forward::~Forward() {
  for (const auto& port : ports_)
    port->close();
  end_all("relayd is shutting down");
  lifetime_.end();
}

void Forward::update(settings::Forward settings, const Ports& fresh) {
  settings_ = std::move(settings);
  std::erase_if(ports_, [&](const auto& port) {
    if (std::count(settings_.listen.begin(), settings_.listen.end(), port->address()) > 0) return false;
    port->close();
    return true;
  });
  for (const auto& port : fresh)
    if (std::count(settings_.listen.begin(), settings_.listen.end(), port->address()) > 0)
      ports_.push_back(port);
  const SocketAccess access{.mode = settings_.access.socket_mode, .group = settings_.access.socket_group};
  for (const auto& port : ports_)
    if (const auto ok = port->change(access); !ok)
      shared_.log.log(base::LogLevel::kWarning, name() + ": " + ok.error().message);
  keep_authority_file();
  if (!why_closed_) open_ports();
}

void Forward::set_parameter(const std::string& parameter) {
  parameter_ = parameter;
  keep_authority_file();
}

void Forward::keep_authority_file() {
  if (const auto ok = authority_file_.keep(settings_, parameter_); !ok)
    shared_.log.log_provoked(base::Provoked::kTrouble, means_.link().site(), base::LogLevel::kError,
                             name() + ": programs find no cookie: " + ok.error().message);
}

std::shared_ptr<ForwardPort> Forward::give_up(const base::HostPort& address) {
  const auto found = std::find_if(ports_.begin(), ports_.end(),
                                  [&](const auto& port) { return port->address() == address; });
  if (found == ports_.end()) return nullptr;
  auto given = *found;
  ports_.erase(found);
  given->close();
  return given;
}

void Forward::set_standing(std::optional<std::string> why_not, News news) {
  if (why_not == why_closed_) return;
  const bool has_turned = why_not.has_value() != why_closed_.has_value();
  if (has_turned) since_ = wall_now();
  why_closed_ = std::move(why_not);
  if (!why_closed_) return open_ports();
  for (const auto& port : ports_)
    port->close();
  is_told_ = news == News::kNone && !has_turned;
  if (news == News::kNow || has_turned) tell();
}

void Forward::resume() {
  for (const auto& port : ports_)
    port->resume();
  if (!why_closed_) open_ports();
}

void Forward::tick() {
  tell();
  if (!why_closed_ && cannot_listen_) open_ports();
}

void Forward::tell() {
  if (!why_closed_ || std::exchange(is_told_, true)) return;
  shared_.log.log_provoked(base::Provoked::kMta, means_.link().site(), base::LogLevel::kWarning,
                           name() + ": closed to programs here: " + *why_closed_);
}

void Forward::open_ports() {
  const auto trouble = std::exchange(cannot_listen_, std::nullopt);
  for (const auto& port : ports_) {
    const bool was_open = port->is_open();
    const auto ok = port->open(lifetime_.guard([this](ByteChannel::Socket socket, bool is_last) {
      if (!is_last) return accept(std::move(socket));
      break_off(std::move(socket));
      turned_away("this hub is out of file descriptors");
    }));
    if (!ok) cannot_listen_ = ok.error().message;
    if (ok && !was_open)
      shared_.log.log_provoked(base::Provoked::kMta, means_.link().site(), base::LogLevel::kInfo,
                               name() + ": open to programs here at " + port->address().to_string());
  }
  if (cannot_listen_ && cannot_listen_ != trouble)
    shared_.log.log_provoked(base::Provoked::kTrouble, means_.link().site(), base::LogLevel::kError,
                             name() + ": " + *cannot_listen_);
}

void Forward::accept(ByteChannel::Socket socket) {
  const Client client = client_of(socket);
  if (!client.refusal.empty()) {
    break_off(std::move(socket));
    return turned_away(client.refusal);
  }
  auto connection = std::make_shared<NearConnection>(
      means_.link(), settings_.service,
      NearConnection::Callbacks{
          .ended = lifetime_.guard([this](const forward::Summary& summary) { ended(summary); }),
          .gone = lifetime_.guard([this](NearConnection& gone) {
            boost::asio::post(shared_.executor, lifetime_.guard([this, self = gone.shared_from_this()] {
              connections_.erase(self);
            }));
          })});
  auto protocol = protocol_for(*connection, socket);
  if (const auto ok = connection->start(std::move(socket), client.user, std::move(protocol)); !ok)
    return turned_away(ok.error().message);
  connections_.insert(connection);
  ++counts_.total;
}

std::unique_ptr<forward::Protocol> Forward::protocol_for(const NearConnection& connection,
                                                         ByteChannel::Socket& socket) {
  if (!settings_.xauthority.empty()) return std::make_unique<forward::x11::NearEnd>();
  if (means_.parameter() != forward::ftp::kOfferParameter) return {};
  return means_.data.of_program(
      {.link = means_.link(),
       .id = connection.id(),
       .service = settings_.service,
       .counted = lifetime_.guard([this](const forward::Summary& summary) { count(summary); })},
      socket);
}

Forward::Client Forward::client_of(ByteChannel::Socket& socket) const {
  const auto& allowed = settings_.access.allow_users;
  const auto uid = user_of_peer(socket);
  if (!uid && allowed.empty()) return {};
  if (!uid)
    return {.refusal =
                "the user of a connection is not known (" + uid.error().message + "); allow_users needs it"};
  const auto found = std::find_if(allowed.begin(), allowed.end(),
                                  [&](const settings::User& user) { return user.uid == *uid; });
  if (found != allowed.end()) return {.user = found->name};
  std::string number = std::to_string(*uid);
  if (!allowed.empty()) return {.refusal = "user " + number + " is not in allow_users"};
  return {.user = std::move(number)};
}

void Forward::turned_away(const std::string& cause) {
  ++counts_.refused;
  shared_.log.log_provoked(base::Provoked::kRefusal, means_.link().site(), base::LogLevel::kWarning,
                           name() + ": a connection was reset: " + cause);
}

void Forward::count(const forward::Summary& summary) {
  counts_.refused += summary.was_refused ? 1 : 0;
  counts_.to_service += summary.to_service;
  counts_.from_service += summary.from_service;
}

void Forward::ended(const forward::Summary& summary) {
  count(summary);
  shared_.log.log_provoked(
      summary.was_refused ? base::Provoked::kRefusal : base::Provoked::kForward, summary.site,
      summary.was_refused ? base::LogLevel::kWarning : base::LogLevel::kInfo, to_line(summary));
  if (shared_.ended) shared_.ended(summary);
}

Forward::Counts Forward::counts() const {
  Counts counts = counts_;
  for (const auto& connection : connections_) {
    if (connection->is_over()) continue;
    const forward::Summary summary = connection->so_far();
    counts.to_service += summary.to_service;
    counts.from_service += summary.from_service;
  }
  return counts;
}

std::size_t Forward::waiting() const {
  return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(),
                                                [](const auto& one) { return one->is_waiting(); }));
}

std::size_t Forward::open() const {
  return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(),
                                                [](const auto& one) { return !one->is_over(); }));
}

void Forward::add_open(std::vector<forward::Summary>& to) const {
  for (const auto& connection : connections_)
    if (!connection->is_over()) to.push_back(connection->so_far());
}

void Forward::end_all(const std::string& cause) {
  for (const auto& connection : std::set(connections_))
    connection->end(cause);
}

std::string Forward::name() const {
  return means_.link().site() + ": forward to " + settings_.service;
}

}  // namespace tsmtp::net
