#include "relayd/net/mta/mta_connection.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "relayd/net/io/socket_options.h"

namespace tsmtp::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// From the connection to the reply to EHLO. RFC 5321 section 4.5.3.2.1 allows five minutes; an MTA of our own
// that takes longer than two is in trouble, and its mail can wait at the near hub.
constexpr std::chrono::minutes kReadyTimeout{2};
// From a transaction that was given up to the last reply to it. Nobody waits for it but the MTA's process,
// and other mail for the connection.
constexpr std::chrono::seconds kLeaveTimeout{30};

}  // namespace

MtaConnection::MtaConnection(const asio::any_io_executor& executor, std::string helo, Witness* witness,
                             Callbacks callbacks)
    : executor_(executor),
      helo_(helo),
      witness_(witness),
      session_(std::move(helo)),
      callbacks_(std::move(callbacks)),
      timer_(executor) {}

// Nobody has held it any more before it was closed: the pool is gone.
MtaConnection::~MtaConnection() {
  unwatch();
}

void MtaConnection::unwatch() {
  if (const auto unwatch = std::exchange(unwatch_, {})) unwatch();
}

void MtaConnection::connect(const MtaTarget& target, std::uint64_t number, bool is_probe) {
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
  const auto dialer = std::make_shared<MtaDialer>(executor_);
  dialer_ = dialer;
  dialer->dial(target, is_probe,
               {.connected = [self = shared_from_this()](
                                 ByteChannel::Socket socket,
                                 const std::string& proxy) { self->connected(std::move(socket), proxy); },
                .failed =
                    [self = shared_from_this()](const std::string& cause, bool is_want_here) {
                      self->failed_here_ = is_want_here;
                      self->close(cause);
                    }});
}

mail::MtaSlots::Failure::Stage MtaConnection::stage() const {
  using Stage = mail::MtaSlots::Failure::Stage;
  if (failed_here_) return Stage::kHere;
  if (!channel_) return Stage::kConnect;
  return session_.is_greeted() ? Stage::kHello : Stage::kGreeting;
}

void MtaConnection::connected(ByteChannel::Socket connected, std::string proxy_header) {
  ByteChannel::Socket socket = watched_anew(std::move(connected));
  if (!socket.is_open()) return close("connection lost");
  if (witness_ != nullptr && !is_probe_) {
    witness_number_ = witness_->watch(socket.native_handle());
    unwatch_ = witness_->unwatching(witness_number_);
  }
  channel_ = OwnedChannel(std::move(socket), *this);
  channel_->flush(proxy_header);  // the first bytes of a connection, so the kernel takes them all
  channel_->set_reading(true);
}

void MtaConnection::lend(MtaUser& user) {
  user_ = &user;
  idle_told_ = false;
  timer_.cancel();
  user.on_mta_ready(shared_from_this(), session_);
}

void MtaConnection::take_back(base::Duration silence) {
  if (user_ != nullptr) user_->on_mta_wanted(silence);
}

std::optional<mail::Silence> MtaConnection::silence() const {
  return user_ == nullptr ? std::nullopt : user_->silence();
}

std::unique_ptr<WitnessedCommit> MtaConnection::begin_commit(const ledger::CommitSlot::Origin& site,
                                                             const std::string& transaction,
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
  if (const auto dialer = dialer_.lock()) dialer->cancel();
  if (channel_) channel_->detach();
  unwatch();
  MtaUser* user = user_;
  user_ = nullptr;
  commit_ = nullptr;
  if (user != nullptr) user->on_mta_lost(cause);
  callbacks_.gone(*this, cause);
}

}  // namespace tsmtp::net
