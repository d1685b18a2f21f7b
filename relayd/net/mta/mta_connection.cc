#include "relayd/net/mta/mta_connection.h"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "relayd/net/io/socket_options.h"

namespace tsmtp::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// From the connection to the reply to EHLO. RFC 5321 section 4.5.3.2.1 allows five minutes; an MTA of our own
// that takes longer than two is in trouble, and its mail can wait at the near hub.
constexpr std::chrono::minutes kReadyTimeout{2};
// From a transaction that was given up to the last reply to it. Nobody waits for it but the MTA's process,
// and other mail for the connection.
constexpr std::chrono::seconds kLeaveTimeout{30};

// Whatever the MTA does, this machine cannot make one more connection now.
bool is_want(const error_code& error) {
  switch (error.value()) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRINUSE:
    case EADDRNOTAVAIL:  // of connect(): no port is free
      return true;
    default:
      return false;
  }
}

}  // namespace

MtaConnection::MtaConnection(const asio::any_io_executor& executor, std::string helo, Witness* witness,
                             Callbacks callbacks)
    : executor_(executor),
      helo_(helo),
      witness_(witness),
      session_(std::move(helo)),
      callbacks_(std::move(callbacks)),
      resolver_(executor),
      socket_(executor),
      timer_(executor) {}

// Nobody has held it any more before it was closed: the pool is gone.
MtaConnection::~MtaConnection() {
  unwatch();
}

void MtaConnection::unwatch() {
  if (const auto unwatch = std::exchange(unwatch_, {})) unwatch();
}

void MtaConnection::connect(const MtaTarget& target, std::uint64_t number, bool is_probe) {
  target_ = target;
  number_ = number;
  is_probe_ = is_probe;
  if (target.origin == settings::Origin::kXclient)
    session_ = smtp::ClientSession(helo_, {{.name = "NAME", .value = target.origin_name},
                                           {.name = "ADDR", .value = target.source},
                                           {.name = "HELO", .value = helo_},
                                           {.name = "PROTO", .value = "ESMTP"}});
  timer_.expires_after(kReadyTimeout);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (error) return;
    self->timed_out_ = true;
    self->close("no greeting within two minutes");
  });
  const base::HostPort& where = target_.address;
  if (where.is_unix()) return connect_to(asio::local::stream_protocol::endpoint(where.unix_path));
  error_code not_numeric;
  const auto address = asio::ip::make_address(where.host, not_numeric);
  if (not_numeric) return resolve();
  connect_tcp({address, where.port});
}

void MtaConnection::resolve() {
  resolver_.resolve(target_.address,
                    [self = shared_from_this()](const base::Result<Resolver::Addresses>& found) {
                      if (self->gone_) return;
                      if (!found) return self->close(found.error().message);
                      self->connect_tcp(found->front());
                    });
}

void MtaConnection::connect_tcp(const tcp::endpoint& target) {
  // The site address is on loopback; from there only loopback can be reached.
  if (target_.origin == settings::Origin::kProxy)
    proxy_header_ =
        smtp::proxy_header(is_probe_ ? "" : target_.source, target.address().to_string(), target.port());
  if (!target_.source.empty() && target.address().is_v4() && target.address().is_loopback()) {
    error_code error;
    socket_.open(target.protocol(), error);
    if (!error) socket_.bind(tcp::endpoint(asio::ip::make_address_v4(target_.source), 0), error);
    if (error) {
      // There is no such address here: no want, but an error that stays.
      const bool is_unknown = error.value() == EADDRNOTAVAIL;
      asio::post(executor_, [self = shared_from_this(), error, is_unknown] {
        const std::string cause =
            error.message() + ": cannot bind to the site address " + self->target_.source;
        return is_unknown ? self->close(cause) : self->failed_here(error, cause);
      });
      return;
    }
  }
  connect_to(target);
}

void MtaConnection::connect_to(const ByteChannel::Socket::endpoint_type& target) {
  socket_.async_connect(target, [self = shared_from_this()](const error_code& error) {
    if (self->gone_) return;
    if (error) return self->failed_here(error, error.message());
    self->connected();
  });
}

void MtaConnection::failed_here(const error_code& error, const std::string& cause) {
  failed_here_ = is_want(error);
  close(failed_here_ ? cause + ": this hub can make no connection to it" : cause);
}

mail::MtaSlots::Failure::Stage MtaConnection::stage() const {
  using Stage = mail::MtaSlots::Failure::Stage;
  if (failed_here_) return Stage::kHere;
  if (!channel_) return Stage::kConnect;
  return session_.is_greeted() ? Stage::kHello : Stage::kGreeting;
}

void MtaConnection::connected() {
  socket_ = watched_anew(std::move(socket_));
  if (!socket_.is_open()) return close("connection lost");
  if (witness_ != nullptr && !is_probe_) {
    witness_number_ = witness_->watch(socket_.native_handle());
    unwatch_ = witness_->unwatching(witness_number_);
  }
  channel_ = OwnedChannel(std::move(socket_), *this);
  channel_->flush(proxy_header_);  // the first bytes of a connection, so the kernel takes them all
  channel_->set_reading(true);
}

void MtaConnection::lend(MtaUser& user) {
  user_ = &user;
  idle_told_ = false;
  timer_.cancel();
  user.on_mta_ready(shared_from_this(), session_);
}

std::unique_ptr<Commit> MtaConnection::begin_commit(const std::string& site, const std::string& transaction,
                                                    const std::vector<std::uint16_t>& refused) {
  if (witness_ == nullptr) return nullptr;
  auto commit = witness_->begin_commit(
      {.connection = witness_number_, .site = site, .transaction = transaction, .refused = refused});
  commit_ = commit.get();
  return commit;
}

std::span<char> MtaConnection::room() {
  return commit_ == nullptr ? std::span<char>{} : commit_->reply_room();
}

void MtaConnection::release(bool reusable) {
  user_ = nullptr;
  commit_ = nullptr;
  if (!reusable || leaves_after_) leave();
  if (session_.awaits_reply()) limit_leaving();
  asio::post(executor_, [self = shared_from_this()] {
    if (self->user_ == nullptr) self->draw_events_without_user();
  });
}

void MtaConnection::leave() {
  leaving_ = true;
  session_.stop();
  limit_leaving();
}

void MtaConnection::limit_leaving() {
  timer_.expires_after(kLeaveTimeout);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->close("");
  });
}

void MtaConnection::flush() {
  if (commit_ != nullptr && session_.awaits_last_reply()) commit_->open();
  if (channel_) channel_->flush(session_.output());
  if (commit_ != nullptr && commit_->is_open() && session_.unsent_bytes() == 0) commit_->set_sent();
}

void MtaConnection::flush_soon() {
  if (std::exchange(flushes_soon_, true)) return;
  asio::post(executor_, [self = shared_from_this()] {
    self->flushes_soon_ = false;
    self->on_writable();
  });
}

void MtaConnection::quit() {
  if (gone_ || !channel_) return close("");
  session_.send("QUIT", 0);
  flush();
  limit_leaving();  // and lives until it is over, whatever becomes of the owner
  channel_->close_gently();
}

void MtaConnection::owner_left() {
  if (user_ != nullptr) return (void)(leaves_after_ = true);
  if (ready_ && session_.is_idle()) return quit();
  if (!ready_) return close("");
  leave();
}

void MtaConnection::on_bytes(std::string_view bytes) {
  session_.receive(bytes);
  if (user_ != nullptr && ready_) return user_->on_mta_step();
  draw_events_without_user();
}

void MtaConnection::on_writable() {
  flush();
  if (user_ != nullptr && ready_) user_->on_mta_step();
}

void MtaConnection::draw_events_without_user() {
  while (const auto event = session_.next_event()) {
    if (std::holds_alternative<smtp::Ready>(*event)) {
      ready_ = true;
      timer_.cancel();
      idle_told_ = true;
      callbacks_.ready(*this);
    } else if (const auto* failed = std::get_if<smtp::Failed>(&*event)) {
      refusal_ = failed->reply;
      return close(failed->cause);
    }
  }
  flush();
  if (leaving_ && !session_.awaits_reply()) return close("");
  if (user_ != nullptr || !ready_ || idle_told_ || !session_.is_idle()) return;
  idle_told_ = true;
  timer_.cancel();
  callbacks_.idle(*this);
}

void MtaConnection::on_closed(bool, const std::string& cause) {
  close(cause);
}

void MtaConnection::close(const std::string& cause) {
  if (gone_) return;
  const auto self = shared_from_this();
  gone_ = true;
  timer_.cancel();
  resolver_.cancel();
  error_code ignored;
  socket_.close(ignored);
  if (channel_) channel_->detach();
  unwatch();
  MtaUser* user = user_;
  user_ = nullptr;
  commit_ = nullptr;
  if (user != nullptr) user->on_mta_lost(cause);
  callbacks_.gone(*this, cause);
}

}  // namespace tsmtp::net
