#include "relayd/net/forward/data_connections.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/forward/ftp/far_end.h"
#include "relayd/forward/ftp/near_end.h"
#include "relayd/forward/ftp/transfer_line.h"
#include "relayd/net/forward/ftp_control.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::net {
namespace {

constexpr char kNoData[] = "no such data connection";

bool ended_in_order(const forward::Summary& summary) {
  return !summary.was_refused && summary.end.starts_with("closed by");
}

}  // namespace

DataConnections::~DataConnections() {
  stop("relayd is shutting down");
  lifetime_.end();
}

FtpSession::Means DataConnections::means_of(const Control& of, forward::Side host) {
  const std::string name = of.service;
  return {
      .executor = shared_.executor,
      .link = of.link,
      .id = of.id,
      .service = of.service,
      .host = host,
      .hosts = {},
      .accepted =
          lifetime_.guard([this](FtpSession& session, FtpSession::Token token, ByteChannel::Socket socket) {
            accepted(session, token, std::move(socket));
          }),
      .refused = lifetime_.guard([this, id = of.id, name](const std::string& what) { log(id, name, what); }),
      .transferred = lifetime_.guard([this, id = of.id, name](const forward::ftp::Transfer& transfer) {
        transferred({.site = site_.name, .service = name, .id = id, .transfer = transfer});
      }),
      .counted = of.counted};
}

std::unique_ptr<forward::Protocol> DataConnections::of_program(const Control& of,
                                                               ByteChannel::Socket& socket) {
  auto means = means_of(of, forward::Side::kProgram);
  means.hosts = hosts_of(socket);
  if (const auto user = user_of_peer(socket)) means.user = *user;
  auto session = std::make_shared<FtpSession>(std::move(means));
  sessions_.push_back(session);
  auto end = std::make_unique<forward::ftp::NearEnd>(session->sides(), *session);
  return std::make_unique<FtpControl>(std::move(session), std::move(end));
}

std::unique_ptr<forward::Protocol> DataConnections::of_service(const Control& of,
                                                               const settings::Service& service, Paces paces,
                                                               ByteChannel::Socket& socket) {
  auto means = means_of(of, forward::Side::kService);
  means.hosts = hosts_of(socket);
  means.paces = paces;
  means.idle_limit = service.idle_limit();
  auto session = std::make_shared<FtpSession>(std::move(means));
  sessions_.push_back(session);
  auto end = std::make_unique<forward::ftp::FarEnd>(
      session->sides(),
      forward::ftp::FarPolicy{.refuse = service.ftp_refuse, .blind_tls = service.ftp_blind_tls}, *session,
      session->transfers());
  return std::make_unique<FtpControl>(std::move(session), std::move(end));
}

// Tokens of an identifier are looked for in all its control connections: a peer that gives two of its own the
// same gains nothing by it.
base::Result<FarConnection::Admission> DataConnections::judge(const forward::Request& request) {
  const Key key{request.id, request.token};
  if (admitted_.contains(key)) return base::Error{kNoData};
  for (const auto& session : sessions_) {
    if (session->means().id != request.id) continue;
    const auto where = session->take_expected(request.token);
    if (!where) continue;
    admitted_[key] = session;
    session->opened(request.token, false);
    const FtpSession::Means& means = session->means();
    FarConnection::Admission admission{.target = {.address = *where,
                                                  .source = means.hosts->own.to_string(),
                                                  .origin = settings::Origin::kNone,
                                                  .origin_name = {},
                                                  .is_bound = true}};
    admission.paces = means.paces;
    admission.host = means.host;
    if (means.host == forward::Side::kService) admission.service = means.service;
    return admission;
  }
  return base::Error{kNoData};
}

void DataConnections::used(const FarConnection& connection) {
  const auto found = admitted_.find({connection.id(), connection.token()});
  if (found != admitted_.end()) found->second->used(connection.last_active());
}

void DataConnections::ended(const forward::Summary& summary) {
  const auto found = admitted_.find({summary.id, summary.data_token});
  if (found == admitted_.end()) return;
  const auto session = found->second;
  admitted_.erase(found);
  finish(*session, summary, false);
}

void DataConnections::accepted(FtpSession& session, FtpSession::Token token, ByteChannel::Socket socket) {
  const FtpSession::Means& means = session.means();
  auto connection = std::make_shared<NearConnection>(
      means.link,
      NearConnection::Data{.id = means.id, .token = token, .host = means.host, .paces = means.paces},
      NearConnection::Callbacks{
          .ended = lifetime_.guard([this, self = session.shared_from_this()](
                                       const forward::Summary& summary) { finish(*self, summary, true); }),
          .gone = lifetime_.guard([this](NearConnection& gone) {
            boost::asio::post(shared_.executor, lifetime_.guard([this, self = gone.shared_from_this()] {
              std::erase_if(opened_, [&](const Opened& one) { return one.connection == self; });
            }));
          })});
  session.opened(token, true);
  if (const auto ok = connection->start(std::move(socket), {}); !ok) {
    log(means.id, means.service, ok.error().message);
    return session.closed(token, true, 0, false);
  }
  opened_.push_back({.connection = connection, .session = session.shared_from_this()});
}

void DataConnections::finish(FtpSession& session, const forward::Summary& summary, bool by_host) {
  if (summary.was_refused)
    log(summary.id, session.means().service, "a data connection was refused: " + summary.end);
  session.means().counted(summary);
  session.closed(summary.data_token, by_host, summary.to_service + summary.from_service,
                 ended_in_order(summary));
}

void DataConnections::tick() {
  std::erase_if(sessions_, [](const auto& session) { return session->is_over(); });
  for (const Opened& one : std::vector(opened_)) {  // a call may end what it is made on
    one.session->used(one.connection->last_active());
    const auto limit = one.session->means().idle_limit;
    if (limit.count() == 0 || now() - one.connection->last_active() < limit) continue;
    one.connection->end("silent for " + std::to_string(limit.count()) + " s (idle_timeout)");
  }
}

void DataConnections::end_all(const std::string& service, const std::string& cause) {
  const auto is_of_it = [&](const FtpSession& session) {
    return session.means().host == forward::Side::kService && session.means().service == service;
  };
  for (const auto& session : std::vector(sessions_))
    if (is_of_it(*session)) session->control_gone();  // what it borrows of the service goes now
  for (const Opened& one : std::vector(opened_))      // a call may end what it is made on
    if (is_of_it(*one.session)) one.connection->end(cause);
}

void DataConnections::stop(const std::string& cause) {
  for (const Opened& one : std::vector(opened_))
    one.connection->end(cause);
}

void DataConnections::log(std::uint64_t id, const std::string& service, const std::string& what) {
  shared_.log.log_provoked(
      base::Provoked::kRefusal, site_.name, base::LogLevel::kWarning,
      site_.name + ": " + base::escaped(service) + ", connection " + forward::id_text(id) + ": " + what);
}

void DataConnections::transferred(const forward::ftp::TransferRecord& record) {
  shared_.log.log_provoked(base::Provoked::kForward, site_.name, base::LogLevel::kInfo, to_line(record));
  if (shared_.transferred) shared_.transferred(record);
}

}  // namespace tsmtp::net
