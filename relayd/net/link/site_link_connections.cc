// The half of SiteLink that is about connections: which are made, which carries a session, what becomes of a
// session whose connection breaks.
#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/base/time_of_day.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/io/socket_options.h"
#include "relayd/net/link/site_link.h"

namespace tsmtp::net {
namespace {

constexpr std::size_t kMaxCandidates = 4;  // for each of the link's connections
constexpr char kWaiting[] = "waiting for it to dial us";
constexpr char kUnpinned[] = "your key is no longer pinned here";
constexpr char kUnpinnedCause[] = "its key is no longer pinned in the configuration";

}  // namespace

void SiteLink::make_lanes() {
  lanes_.resize(std::max<std::size_t>(settings_.connections, 1));
  for (std::size_t number = 0; number < lanes_.size(); ++number) {
    if (lanes_[number].dialer) lanes_[number].dialer->stop();
    lanes_[number].dialer = make_dialer(number);
  }
  if (!is_up()) cause_ = dial_.empty() ? kWaiting : "not yet dialled";
}

std::shared_ptr<Dialer> SiteLink::make_dialer(std::size_t number) {
  if (dial_.empty()) return nullptr;
  return std::make_shared<Dialer>(
      services_.executor, services_.tls,
      Dialer::Settings{.addresses = dial_, .longest_wait = settings_.dial_interval},
      Dialer::Callbacks{.accept_peer = lifetime_.guard(
                            [this](const std::string& pin, const std::string&) { return has_pin(pin); }),
                        .connected = lifetime_.guard([this, number](std::unique_ptr<TlsStream> stream) {
                          stop_redialer(number);
                          adopt(std::move(stream), mux::Role::kDialer, number);
                        }),
                        .failed = lifetime_.guard([this, number](const Dialer::Failure& failure, bool news) {
                          dial_failed(*lanes_[number].dialer, failure, news);
                        })});
}

// Each address is told of once for each new cause of it, as a link that stays down must not fill the log.
void SiteLink::dial_failed(const Dialer& dialer, const Dialer::Failure& failure, bool news) {
  if (open_connections() > 0) return;
  cause_ = dialer.cause();
  if (news) log(base::LogLevel::kWarning, "link: " + failure.address + ": " + failure.cause);
  // What broke the connection may have broken the first try too.
  constexpr std::chrono::seconds kWhateverComes{1};
  if (std::chrono::steady_clock::now() - interrupted_ >= kWhateverComes) lose_hope();
}

// The first goes ahead: only then it is known how many the peer is willing to keep.
void SiteLink::dial_missing() {
  for (std::size_t number = 0; number < lanes_.size(); ++number) {
    const Lane& lane = lanes_[number];
    if (!lane.dialer || stopped_ || !is_missing(number) || is_dialled(number)) continue;
    if (number > 0) {
      const LinkConnection* const first = lanes_.front().current.get();
      if (first == nullptr || first->session().peer().resumption.connections <= number) continue;
    }
    lane.dialer->start();
  }
}

// Once for each new cause: a link that stays down must not fill the log.
void SiteLink::set_cause(const std::string& cause) {
  cause_ = cause;
  if (cause != std::exchange(logged_cause_, cause)) log(base::LogLevel::kWarning, "link: " + cause);
}

void SiteLink::reconfigure(std::vector<std::string> pins, const std::vector<base::HostPort>& dial,
                           const LinkSettings& settings) {
  pins_ = std::move(pins);
  for (std::size_t number = 0; number < lanes_.size(); ++number) {
    const auto& current = lanes_[number].current;
    const bool is_surplus = number >= std::max<std::size_t>(settings.connections, 1);
    if (current && !has_pin(current->stream().peer_pin())) {
      end_session(number, kUnpinned, kUnpinnedCause);
    } else if (is_surplus) {
      end_session(number, "fewer connections are configured here", "fewer connections are configured");
    }
    if (is_surplus && lanes_[number].dialer) lanes_[number].dialer->stop();
  }
  close_unpinned_candidates();
  if (dial != dial_ || settings != settings_) {
    dial_ = dial;
    settings_ = settings;
    make_lanes();
  }
  dial_missing();
}

// What is not yet a link is judged anew: it showed its key, and was let in, under other pins.
void SiteLink::close_unpinned_candidates() {
  const auto unpinned =
      std::stable_partition(candidates_.begin(), candidates_.end(),
                            [&](const auto& candidate) { return has_pin(candidate->stream().peer_pin()); });
  const std::vector<std::shared_ptr<LinkConnection>> closed(unpinned, candidates_.end());
  candidates_.erase(unpinned, candidates_.end());
  for (const auto& candidate : closed) {
    log(base::LogLevel::kWarning, "a connection from " + candidate->stream().peer_address() +
                                      " that was not yet the link was closed: " + kUnpinnedCause);
    candidate->close(kUnpinned);
  }
}

void SiteLink::retire() {
  retired_ = true;
  pins_.clear();
  close_unpinned_candidates();
  for (std::size_t number = 0; number < lanes_.size(); ++number) {
    stop_redialer(number);
    if (lanes_[number].dialer) lanes_[number].dialer->stop();
    end_session(number, kUnpinned, "the site is no longer in the configuration");
  }
}

void SiteLink::adopt(std::unique_ptr<TlsStream> stream) {
  if (const auto ok = connections_.use(now()); !ok)
    return log(base::LogLevel::kWarning,
               "refused a connection from " + stream->peer_address() + ": " + ok.error().message);
  adopt(std::move(stream), mux::Role::kListener, 0);
}

void SiteLink::adopt(std::unique_ptr<TlsStream> stream, mux::Role role, std::size_t number) {
  if (stopped_) return;
  // Its handshake may have begun before a reload.
  if (!has_pin(stream->peer_pin())) {
    const std::string cause = stream->peer_address() + ": " + kUnpinnedCause;
    if (role == mux::Role::kDialer && lanes_[number].dialer)
      return lanes_[number].dialer->came_to_nothing(cause);
    return log(base::LogLevel::kWarning, "refused a connection from " + cause);
  }
  if (candidates_.size() >= kMaxCandidates * lanes_.size()) {
    candidates_.front()->close("too many connections at once");
    candidates_.erase(candidates_.begin());
  }
  stream->set_rekey_limits(settings_.rekey);
  if (!settings_.congestion.empty()) (void)set_congestion(stream->socket(), settings_.congestion);
  const auto candidate =
      std::make_shared<LinkConnection>(std::move(stream), connection_settings(role, number), *this);
  candidate->set_number(number);
  candidates_.push_back(candidate);
  candidate->start();
}

mux::ConnectionSettings SiteLink::connection_settings(mux::Role role, std::size_t number) {
  mux::ConnectionSettings settings;
  settings.role = role;
  settings.hub_name = services_.hub_name;
  settings.instance = services_.instance;
  settings.dead_after = settings_.peer_timeout;
  // One budget for the link, whatever it is made of.
  settings.limits.window_budget_bytes /= lanes_.size();
  settings.limits.max_unacknowledged_bytes /= lanes_.size();
  settings.can_resume = settings_.resume_window > std::chrono::seconds::zero();
  settings.limits.services.clear();
  for (const auto& [service, accept] : callbacks_.accept_stream)
    settings.limits.services.push_back(service);
  settings.limits.grace_period = settings_.resume_window;
  settings.can_compress = settings_.compress;
  LinkConnection* const current = lanes_[number].current.get();
  if (role == mux::Role::kDialer && current != nullptr && !current->is_open())
    settings.resumption = current->session().ask_to_resume();
  settings.resumption.connection = static_cast<std::uint8_t>(number);
  settings.resumption.connections = static_cast<std::uint8_t>(lanes_.size());
  settings.resumption.number = ++session_numbers_;
  return settings;
}

base::Result<void> SiteLink::on_hello(LinkConnection& connection, const mux::Hello& hello) {
  const Answer answer = answer_to(connection, hello);
  if (!answer.refusal.empty()) return connection.refuse(answer.refusal);
  const auto ok =
      answer.resumes != nullptr ? connection.resume_session_of(*answer.resumes) : connection.begin();
  established(connection, answer.resumes != nullptr);
  return ok;
}

// What becomes of a new connection is decided when its Hello has come, and so that both sides decide alike:
// a session that the peer names goes on under the higher epoch; a peer that names none has begun anew.
SiteLink::Answer SiteLink::answer_to(LinkConnection& candidate, const mux::Hello& hello) {
  if (!has_pin(candidate.stream().peer_pin())) return {.refusal = kUnpinned};
  if (candidate.role() == mux::Role::kListener && hello.can_resume())
    candidate.set_number(hello.resumption.connection);
  if (candidate.number() >= lanes_.size())
    return {.refusal = "this side keeps " + std::to_string(lanes_.size()) + " connections of the link"};
  const bool has_rival = candidate.role() == mux::Role::kListener && is_dialled(candidate.number());
  if (has_rival && !is_preferred(candidate))
    return {.refusal = "another connection of this link is being made"};
  LinkConnection* const current = lanes_[candidate.number()].current.get();
  if (current == nullptr) return {};
  if (current->session().is_named_by(hello) &&
      current->stream().peer_pin() == candidate.stream().peer_pin()) {
    if (current->session().can_resume_with(hello)) return {.resumes = current};
    return {.refusal = "the session cannot go on from there"};
  }
  const bool rivals =
      current->is_open() && current->peer_instance() == hello.instance && current->role() != candidate.role();
  if (rivals && !is_preferred(candidate)) return {.refusal = "another connection of this link is up"};
  return {};
}

// With both sides dialling there may be two connections; both sides must keep the same one: that dialled by
// the hub with the smaller pin.
bool SiteLink::is_preferred(const LinkConnection& candidate) const {
  const bool we_are_smaller = services_.own_pin < candidate.stream().peer_pin();
  return candidate.role() == (we_are_smaller ? mux::Role::kDialer : mux::Role::kListener);
}

// Connected, and the peer has not yet said its Hello.
bool SiteLink::is_dialled(std::size_t number) const {
  return std::any_of(candidates_.begin(), candidates_.end(), [&](const auto& candidate) {
    return candidate->role() == mux::Role::kDialer && candidate->number() == number;
  });
}

void SiteLink::established(LinkConnection& connection, bool resumed) {
  const auto found = std::find_if(candidates_.begin(), candidates_.end(),
                                  [&](const auto& candidate) { return candidate.get() == &connection; });
  if (found == candidates_.end()) return;
  const std::shared_ptr<LinkConnection> adopted = *found;
  candidates_.erase(found);
  const std::size_t number = connection.number();
  if (lanes_[number].dialer) lanes_[number].dialer->rest();
  stop_redialer(number);
  if (resumed) {
    std::exchange(lanes_[number].current, adopted)->close("goes on on another connection");
    cause_.clear();
    logged_cause_.clear();
    if (open_connections() == 1) since_ = wall_now();
    log_up(connection, "link resumed: ", after_standstill(number));
  } else {
    begin_session(adopted);
  }
  hope_timer_.cancel();
  callbacks_.standing_changed();
  dial_missing();
  adopted->schedule_flush();
}

void SiteLink::begin_session(const std::shared_ptr<LinkConnection>& connection) {
  const std::size_t number = connection->number();
  end_session(number, "replaced by a newer connection", "replaced by a newer connection");
  end_sessions_of_other_instances(connection->peer_instance());
  const bool was_down = !is_up();
  lanes_[number].current = connection;
  cause_.clear();
  logged_cause_.clear();
  log_up(*connection, "link up: ", "");
  if (draining_) connection->session().drain();
  if (!was_down) return;
  since_ = wall_now();
  ++times_up_;
  callbacks_.up();
}

// A peer that has been restarted knows nothing of them.
void SiteLink::end_sessions_of_other_instances(const std::string& instance) {
  for (std::size_t number = 0; number < lanes_.size(); ++number)
    if (lanes_[number].current && lanes_[number].current->peer_instance() != instance)
      end_session(number, "you have been restarted", "the far relayd has been restarted");
}

void SiteLink::end_session(std::size_t number, const std::string& reason_for_peer, const std::string& cause) {
  stop_redialer(number);
  lanes_[number].stood_still_since.reset();
  const auto ended = std::exchange(lanes_[number].current, nullptr);
  if (!ended) return;
  const bool ended_was_open = cause_.empty();  // else it is down since it was interrupted
  counters_before_ += ended->session().counters();
  ended->close(reason_for_peer);  // without effect on one that is lost already
  if (is_up()) {
    lose_users(number, "a connection of the link lost at " + base::time_of_day(wall_now(), wall_now()) +
                           " (" + cause + ")");
    return;
  }
  if (ended_was_open) since_ = wall_now();
  cause_ = cause;
  lose_users(number, down_text());
  callbacks_.down();
  callbacks_.standing_changed();
}

void SiteLink::on_connection_suspended(LinkConnection& connection, const std::string& cause) {
  log(base::LogLevel::kWarning, "link interrupted: " + cause + "; what is under way waits for " +
                                    std::to_string(settings_.resume_window.count()) +
                                    " s to go on with a new connection");
  interrupted(cause);
  if (retired_) return end_session(connection.number(), kUnpinned, cause);
  if (stopped_) return;
  if (const auto& dialer = lanes_[connection.number()].dialer) dialer->start();
  make_redialer(connection.number());
  if (const auto& redialer = lanes_[connection.number()].redialer) redialer->start_later();
}

void SiteLink::interrupted(const std::string& cause) {
  if (open_connections() > 0) return;
  since_ = wall_now();
  cause_ = cause;
  hope();
}

void SiteLink::on_connection_lost(LinkConnection& connection, const std::string& cause) {
  const bool is_candidate =
      std::erase_if(candidates_, [&](const auto& candidate) { return candidate.get() == &connection; }) > 0;
  Dialer* const dialer =
      connection.number() < lanes_.size() ? lanes_[connection.number()].dialer.get() : nullptr;
  if (is_candidate) {
    const std::string text = connection.stream().peer_address() + ": " + cause;
    if (is_up()) {
      log(base::LogLevel::kWarning, "a connection beside the link ended: " + text);
    } else if (dialer == nullptr || connection.role() != mux::Role::kDialer) {
      set_cause(text);
    }
    if (stopped_ || connection.role() != mux::Role::kDialer || connection.number() >= lanes_.size() ||
        !is_missing(connection.number()))
      return;
    if (dialer != nullptr) dialer->came_to_nothing(cause);  // it goes on with the next address
    make_redialer(connection.number());
    if (const auto& redialer = lanes_[connection.number()].redialer) redialer->came_to_nothing();
    return;
  }
  const bool was_open = cause_.empty();
  const std::string why = was_open ? cause : cause_ + ", " + cause;
  log(base::LogLevel::kWarning, "link down: " + why);
  end_session(connection.number(), why, why);
  if (dialer != nullptr && !stopped_) dialer->start_later();
}

bool SiteLink::is_missing(std::size_t number) const {
  return !lanes_[number].current || !lanes_[number].current->is_open();
}

// For so long an interruption is a pause to everybody.
void SiteLink::hope() {
  constexpr std::chrono::seconds kHope{5};
  hopeful_ = true;
  interrupted_ = std::chrono::steady_clock::now();
  hope_timer_.expires_after(kHope);
  hope_timer_.async_wait(lifetime_.guard([this](const boost::system::error_code& error) {
    if (!error) lose_hope();
  }));
}

void SiteLink::lose_hope() {
  if (!std::exchange(hopeful_, false)) return;
  hope_timer_.cancel();
  callbacks_.standing_changed();
}

// One side alone cannot, and its administrator should know.
std::string SiteLink::compression_text(const LinkConnection& connection) const {
  if (connection.session().compresses()) return ", content is compressed";
  return settings_.compress ? ", content is not compressed: compress is not set there" : "";
}

void SiteLink::log_up(const LinkConnection& connection, const char* what, const std::string& more) const {
  log(base::LogLevel::kInfo, what + std::string(connection.role() == mux::Role::kDialer ? "to " : "from ") +
                                 connection.stream().peer_address() + ", " +
                                 connection.stream().description() + ", peer calls itself " +
                                 base::escaped(connection.peer_name()) + which(connection) +
                                 compression_text(connection) + more);
}

}  // namespace tsmtp::net
