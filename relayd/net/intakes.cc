#include "relayd/net/intakes.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <numeric>
#include <utility>

#include "relayd/net/io/clocks.h"
#include "relayd/net/io/socket_peer.h"
#include "relayd/net/session_crowd.h"

namespace tsmtp::net {
namespace {

// A client that was told why it is refused has two seconds to read it and close; beyond max_sessions and
// these, those that linger have less.
constexpr std::size_t kMaxLingering = 64;
constexpr char kGaveWay[] = "given up in favour of another client's";

}  // namespace

Intakes::Intakes(const SharedBySites& shared, const settings::Site& settings, SiteHubs& hubs, Ended ended)
    : shared_(shared), settings_(settings), hubs_(hubs), ended_(std::move(ended)), rate_(settings.rates) {}

// In an interruption of the link the greeting waits, as a transaction under way does.
void Intakes::accept(ByteChannel::Socket socket) {
  if (!draining_ && hubs_.is_interrupted() &&
      held_.size() + sessions_served() < settings_.sessions.max_sessions) {
    held_.push_back(std::move(socket));
    return;
  }
  if (sessions_.size() >= settings_.sessions.max_sessions) make_room_for(socket);
  auto refused = refusal();
  if (!refused) refused = refusal_of_user(socket);
  if (refused) {
    ++refused_;
    shared_.log.log_provoked(base::Provoked::kRefusal, settings_.name, base::LogLevel::kWarning,
                             settings_.name + ": session refused: " + refused->summary());
  }
  (void)begin(std::move(socket), intake_settings(),
              refused ? mail::Intake::Beginning(*std::move(refused)) : mail::Intake::Beginning());
}

std::shared_ptr<IntakeConnection> Intakes::begin(ByteChannel::Socket socket, mail::IntakeSettings settings,
                                                 const mail::Intake::Beginning& beginning) {
  const bool refused = std::holds_alternative<smtp::Reply>(beginning);
  auto session = std::make_shared<IntakeConnection>(
      std::move(socket),
      IntakeConnection::Surroundings{
          .shared = shared_, .site = settings_, .hubs = hubs_, .turns = turns_, .taker = taker_},
      std::move(settings), beginning,
      IntakeConnection::Callbacks{
          .ended = ended_,
          .link_full = lifetime_.guard([this](IntakeConnection& newcomer) { make_room_on_link(newcomer); }),
          .gone = lifetime_.guard([this](IntakeConnection& gone) {
            boost::asio::post(shared_.executor, lifetime_.guard([this, self = gone.shared_from_this()] {
              sessions_.erase(self);
              refused_sessions_.remove(self);
            }));
          })});
  sessions_.insert(session);
  if (refused) refused_sessions_.push_back(session);
  if (refused_sessions_.size() > kMaxLingering) {
    const auto oldest = refused_sessions_.front();
    refused_sessions_.pop_front();
    oldest->abort();  // its 421 is in the kernel's hands
  }
  session->start();
  return session;
}

std::size_t Intakes::sessions_served() const {
  return served_of(sessions_);
}

// It is told, and an MTA that kept it for the next mail makes another.
void Intakes::make_room_for(ByteChannel::Socket& newcomer) {
  if (sessions_.size() >= settings_.sessions.max_sessions + kMaxLingering) {
    if (const auto lingers = one_that_lingers(sessions_)) {
      lingers->abort();
      sessions_.erase(lingers);
    }
  }
  if (sessions_served() < settings_.sessions.max_sessions) return;
  const auto leaves = one_to_leave(sessions_, source_of(newcomer), now());
  if (!leaves) return;
  if (leaves->is_idle()) {
    leaves->shut_down(reply_421("4.3.2", "too many sessions at once, and this one was idle longest"));
  } else {
    leaves->dismiss(reply_421("4.3.2", "too many sessions at once, most of them of this user"), kGaveWay);
  }
  refused_sessions_.push_back(leaves);
}

void Intakes::make_room_on_link(IntakeConnection& newcomer) {
  const auto leaves = one_to_give_up(sessions_, newcomer.source(), now());
  if (!leaves) return;
  leaves->dismiss(reply_421("4.3.2", "too many mails at once, and this one stood still"), kGaveWay);
}

// There is no descriptor left but this one: the reply goes into the kernel's buffer, and the client reads it
// there.
void Intakes::turn_away(ByteChannel::Socket socket) {
  ++refused_;
  const std::string greeting = reply_421("4.3.2", "this hub is out of file descriptors").wire();
  (void)!::send(socket.native_handle(), greeting.data(), greeting.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Intakes::accept_held() {
  if (hubs_.is_interrupted() && !draining_) return;
  for (ByteChannel::Socket& socket : std::exchange(held_, {}))
    accept(std::move(socket));
}

// Why a session cannot be served now, as the greeting that says so. Always 421: a 5yz greeting would bounce
// mail.
std::optional<smtp::Reply> Intakes::refusal() const {
  if (draining_) return reply_421("4.3.2", "this relayd is shutting down");
  if (sessions_served() >= settings_.sessions.max_sessions)
    return reply_421("4.3.2", "too many sessions at once, the limit is " +
                                  std::to_string(settings_.sessions.max_sessions));
  return hubs_.refusal();
}

// Not for everybody on this machine (allow_users). Told with a 421, for mail in another's hands must not
// bounce.
std::optional<smtp::Reply> Intakes::refusal_of_user(ByteChannel::Socket& socket) const {
  const auto& allowed = settings_.access.allow_users;
  if (allowed.empty()) return {};
  const auto uid = user_of_peer(socket);
  if (!uid)
    return reply_421("4.7.1", "the user of this connection is not known (" + uid.error().message +
                                  "); allow_users needs it");
  std::string names;
  for (const auto& user : allowed) {
    if (user.uid == *uid) return {};
    names += (names.empty() ? "" : ", ") + user.name;
  }
  return reply_421("4.7.1",
                   "user " + std::to_string(*uid) + " may not use this endpoint; allow_users are " + names);
}

mail::IntakeSettings Intakes::intake_settings() {
  mail::IntakeSettings settings;
  settings.site = settings_.name;
  settings.rules = settings_.rules;
  settings.sessions = settings_.sessions;
  settings.rate = &rate_;
  if (shared_.shortages != nullptr) settings.is_short_of_memory = &shared_.shortages->is_short_of_memory();
  settings.memory = memory_;
  settings.refused = &refused_recipients_;
  if (settings_.link.compress) settings.compression = &compression_;
  settings.offered = hubs_.offered();
  settings.offered.pipelining = true;  // between our MTA and us, whatever the far one does
  const std::uint64_t far_size = settings.offered.size.value_or(0);
  const std::uint64_t own_size = settings_.rules.max_message_bytes;
  settings.offered.size = far_size == 0 || own_size == 0 ? far_size + own_size : std::min(far_size, own_size);
  return settings;
}

void Intakes::go_on_without(const SiteHub& hub) {
  for (const auto& session : std::set(sessions_))  // one that cannot go on may end
    session->go_on_without(hub);
}

void Intakes::drain() {
  draining_ = true;
  accept_held();
  for (const auto& session : sessions_)
    session->shut_down(reply_421("4.3.2", "this relayd is shutting down"));
}

// It was let in already, and knows what it was offered.
void Intakes::go_on_with(base::Descriptor socket, const RestingSession& session) {
  mail::IntakeSettings settings = intake_settings();
  settings.offered = session.announced;
  const auto ours =
      begin(connected_socket(shared_.executor, std::move(socket)), std::move(settings), session.dialogue);
  if (draining_) ours->shut_down(reply_421("4.3.2", "this relayd is shutting down"));
}

void Intakes::let_go_of_idle(base::Duration at_least) {
  for (const auto& session : std::set(sessions_))
    session->give_away();
  for (const auto& session : std::set(sessions_))
    if (session->is_idle() && !session->is_leaving() && now() - session->idle_since() >= at_least)
      session->shut_down(reply_421("4.3.2", "this relayd has been upgraded, connect to the new one"));
}

void Intakes::abort() {
  drop_held();
  for (const auto& session : sessions_)
    session->abort();
}

void Intakes::tick() {
  for (const auto& session : std::set(sessions_))  // a tick may end what it is called on
    session->tick();
}

std::size_t Intakes::under_way() const {
  return static_cast<std::size_t>(std::count_if(
      sessions_.begin(), sessions_.end(), [](const auto& session) { return session->in_transaction(); }));
}

std::vector<mail::TracedMail> Intakes::mails_under_way(const std::string& transaction) const {
  std::vector<mail::TracedMail> mails;
  for (const auto& session : sessions_) {
    if (!transaction.empty() && !session->is_about(transaction)) continue;
    if (auto summary = session->so_far(now()))
      mails.push_back({.summary = *std::move(summary),
                       .state = mail::Traced::State::kUnderWay,
                       .at = now(),
                       .wall = wall_now()});
  }
  return mails;
}

base::TimePoint Intakes::oldest(base::TimePoint now) const {
  return std::accumulate(
      sessions_.begin(), sessions_.end(), now, [](base::TimePoint oldest, const auto& session) {
        return session->in_transaction() ? std::min(oldest, session->transaction_started()) : oldest;
      });
}

smtp::Reply Intakes::reply_421(std::string_view enhanced, const std::string& text) const {
  return smtp::make_reply(421, enhanced, settings_.name + ": " + text);
}

}  // namespace tsmtp::net
