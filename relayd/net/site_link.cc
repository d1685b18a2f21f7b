#include "relayd/net/site_link.h"

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/net/socket_options.h"
#include "relayd/net/time_of_day.h"

namespace tsmtp::net {
namespace {

constexpr std::size_t kMaxCandidates = 4;
constexpr char kWaiting[] = "waiting for it to dial us";

base::WallTime wall_now() {
  return std::chrono::system_clock::now();
}

}  // namespace

SiteLink::SiteLink(const Services& services, std::string site, std::vector<std::string> pins,
                   std::vector<base::HostPort> dial, LinkSettings settings, Callbacks callbacks)
    : services_(services),
      site_(std::move(site)),
      pins_(std::move(pins)),
      dial_(std::move(dial)),
      settings_(std::move(settings)),
      callbacks_(std::move(callbacks)),
      dialer_(make_dialer()),
      since_(wall_now()),
      cause_(dial_.empty() ? kWaiting : "not yet dialled") {}

std::shared_ptr<Dialer> SiteLink::make_dialer() {
  if (dial_.empty()) return nullptr;
  return std::make_shared<Dialer>(
      services_.executor, services_.tls,
      Dialer::Settings{.addresses = dial_, .longest_wait = settings_.dial_interval},
      Dialer::Callbacks{
          .accept_peer = [this](const std::string& pin, const std::string&) { return has_pin(pin); },
          .connected = [this](auto stream) { adopt(std::move(stream), mux::Role::kDialer); },
          .failed = [this](const Dialer::Failure& failure, bool news) { dial_failed(failure, news); }});
}

// Each address is told of once for each new cause of it, as a link that stays down must not fill the log.
void SiteLink::dial_failed(const Dialer::Failure& failure, bool news) {
  if (is_up()) return;
  cause_ = dialer_->causes();
  if (news) log(base::LogLevel::kWarning, "link: " + failure.address + ": " + failure.cause);
}

// Once for each new cause: a link that stays down must not fill the log.
void SiteLink::set_cause(const std::string& cause) {
  cause_ = cause;
  if (cause != std::exchange(logged_cause_, cause)) log(base::LogLevel::kWarning, "link: " + cause);
}

void SiteLink::reconfigure(std::vector<std::string> pins, const std::vector<base::HostPort>& dial,
                           const LinkSettings& settings) {
  pins_ = std::move(pins);
  if (current_ && !has_pin(current_->stream().peer_pin())) {
    drop_current("your key is no longer pinned here");
    go_down("its key is no longer pinned in the configuration");
  }
  if (dial != dial_ || settings != settings_) {
    dial_ = dial;
    settings_ = settings;
    if (dialer_) dialer_->stop();
    dialer_ = make_dialer();
    if (!is_up() && !dialer_) cause_ = kWaiting;
  }
  if (!is_up()) start();
}

SiteLink::~SiteLink() {
  stop("closing");
}

void SiteLink::start() {
  if (dialer_) dialer_->start();
}

void SiteLink::stop(const std::string& reason) {
  if (std::exchange(stopped_, true)) return;
  if (dialer_) dialer_->stop();
  for (const auto& candidate : candidates_)
    candidate->close(reason);
  candidates_.clear();
  if (!current_) return;
  drop_current(reason);
  go_down(reason);
}

void SiteLink::drain() {
  draining_ = true;
  if (!current_) return;
  current_->session().drain();
  current_->schedule_flush();
}

bool SiteLink::has_pin(const std::string& pin) const {
  return std::find(pins_.begin(), pins_.end(), pin) != pins_.end();
}

void SiteLink::adopt(std::unique_ptr<TlsStream> stream, mux::Role role) {
  if (stopped_) return;
  if (candidates_.size() >= kMaxCandidates) {
    candidates_.front()->close("too many connections at once");
    candidates_.erase(candidates_.begin());
  }
  mux::Settings settings;
  settings.role = role;
  settings.hub_name = services_.hub_name;
  settings.instance = services_.instance;
  settings.dead_after = settings_.peer_timeout;
  stream->set_rekey_limits(settings_.rekey);
  if (!settings_.congestion.empty()) (void)set_congestion(stream->socket(), settings_.congestion);
  auto connection = std::make_shared<LinkConnection>(std::move(stream), std::move(settings), *this);
  candidates_.push_back(connection);
  connection->start();
}

// With both sides dialling there may be two connections; both sides must keep the same one. A peer that has
// restarted, or that dials again, knows that its old connection is dead; else the one dialled by the hub with
// the smaller pin stays.
bool SiteLink::prefers(const LinkConnection& candidate) const {
  if (!current_) return true;
  if (candidate.peer_instance() != current_->peer_instance() || candidate.role() == current_->role())
    return true;
  const bool we_are_smaller = services_.own_pin < candidate.stream().peer_pin();
  return candidate.role() == (we_are_smaller ? mux::Role::kDialer : mux::Role::kListener);
}

void SiteLink::established(LinkConnection& connection) {
  const auto found = std::find_if(candidates_.begin(), candidates_.end(),
                                  [&](const auto& candidate) { return candidate.get() == &connection; });
  if (found == candidates_.end()) return;
  const std::shared_ptr<LinkConnection> adopted = *found;
  candidates_.erase(found);
  if (!prefers(*adopted)) {
    adopted->close("another connection of this link is up");
    return;
  }
  if (current_) {
    drop_current("replaced by a newer connection");
    go_down("replaced by a newer connection");
  }
  current_ = adopted;
  since_ = wall_now();
  cause_.clear();
  logged_cause_.clear();
  ++times_up_;
  if (dialer_) dialer_->rest();
  log(base::LogLevel::kInfo,
      std::string("link up: ") + (connection.role() == mux::Role::kDialer ? "to " : "from ") +
          connection.stream().peer_address() + ", " + connection.stream().description() +
          ", peer calls itself " + base::escaped(connection.peer_name()));
  if (draining_) current_->session().drain();
  callbacks_.up();
}

void SiteLink::on_connection_lost(LinkConnection& connection, const std::string& cause) {
  if (current_.get() == &connection) {
    drop_current(cause);
    log(base::LogLevel::kWarning, "link down: " + cause);
    go_down(cause);
  } else {
    std::erase_if(candidates_, [&](const auto& candidate) { return candidate.get() == &connection; });
    const std::string text = connection.stream().peer_address() + ": " + cause;
    if (is_up()) return log(base::LogLevel::kWarning, "a connection beside the link ended: " + text);
    if (dialer_ && !stopped_ && connection.role() == mux::Role::kDialer)
      return dialer_->came_to_nothing(cause);
    set_cause(text);
  }
  if (dialer_ && !is_up() && !stopped_) dialer_->start_later();
}

void SiteLink::drop_current(const std::string& reason) {
  streams_refused_before_ = streams_refused();
  std::exchange(current_, nullptr)->close(reason);  // without effect on one that is lost already
}

void SiteLink::go_down(const std::string& cause) {
  since_ = wall_now();
  cause_ = cause;
  const auto users = std::exchange(users_, {});
  const std::string text = down_text();
  for (const auto& [stream, lost] : users)
    lost->on_stream_lost(stream, text);
  callbacks_.down();
}

std::string SiteLink::down_text() const {
  return "link down since " + time_of_day(since_, wall_now()) + " (" + cause_ + ")";
}

void SiteLink::on_event(LinkConnection& connection, mux::Event event) {
  if (std::holds_alternative<mux::Established>(event)) return established(connection);
  if (current_.get() != &connection) return;  // nothing counts before it is the link
  stream_event(event);
}

void SiteLink::stream_event(mux::Event& event) {
  if (const auto* opening = std::get_if<mux::Opened>(&event)) {
    opened(opening->stream);
  } else if (const auto* received = std::get_if<mux::Received>(&event)) {
    if (StreamUser* u = user(received->stream)) return u->on_stream_bytes(received->stream, received->bytes);
    consumed(received->stream, received->bytes.size());
  } else if (const auto* finished = std::get_if<mux::PeerFinished>(&event)) {
    if (StreamUser* u = user(finished->stream)) u->on_stream_finished(finished->stream);
  } else if (const auto* writable_again = std::get_if<mux::Writable>(&event)) {
    if (StreamUser* u = user(writable_again->stream)) u->on_stream_writable(writable_again->stream);
  } else if (const auto* reset_by_peer = std::get_if<mux::PeerReset>(&event)) {
    StreamUser* u = user(reset_by_peer->stream);
    users_.erase(reset_by_peer->stream);
    if (u != nullptr)
      u->on_stream_lost(reset_by_peer->stream,
                        "refused by the far side: " + base::escaped(reset_by_peer->cause));
  } else if (const auto* noticed = std::get_if<mux::Noticed>(&event)) {
    callbacks_.noticed(noticed->bytes);
  } else if (std::holds_alternative<mux::PeerDrains>(event)) {
    log(base::LogLevel::kInfo, "the far relayd is shutting down");
  }
}

void SiteLink::opened(mux::StreamId stream) {
  StreamUser* accepted = callbacks_.accept_stream(stream);
  if (accepted == nullptr) return reset(stream, mux::ResetCode::kRefused, "shutting down");
  users_[stream] = accepted;
}

StreamUser* SiteLink::user(mux::StreamId stream) const {
  const auto found = users_.find(stream);
  return found == users_.end() ? nullptr : found->second;
}

base::Result<mux::StreamId> SiteLink::open(StreamUser& user) {
  if (!current_) return base::Error{down_text()};
  auto stream = current_->session().open(mux::Service::kTransaction);
  if (!stream) return stream.error();
  users_[*stream] = &user;
  current_->schedule_flush();
  return *stream;
}

std::size_t SiteLink::writable(mux::StreamId stream) const {
  return current_ ? current_->session().writable(stream) : 0;
}

void SiteLink::write(mux::StreamId stream, std::string_view bytes) {
  if (!current_) return;
  current_->session().write(stream, bytes);
  current_->schedule_flush();
}

void SiteLink::consumed(mux::StreamId stream, std::size_t bytes) {
  if (!current_) return;
  current_->session().consumed(stream, bytes);
  current_->schedule_flush();
}

void SiteLink::finish(mux::StreamId stream) {
  if (!current_) return;
  current_->session().finish(stream);
  current_->schedule_flush();
}

void SiteLink::reset(mux::StreamId stream, mux::ResetCode code, const std::string& cause) {
  users_.erase(stream);
  if (!current_) return;
  current_->session().reset(stream, code, cause);
  current_->schedule_flush();
}

void SiteLink::notice(const std::string& bytes) {
  if (!current_) return;
  current_->session().notice(bytes);
  current_->schedule_flush();
}

// Counters live with the session; those of earlier connections are added up when they go down.
std::uint64_t SiteLink::streams_refused() const {
  return streams_refused_before_ + (current_ ? current_->session().counters().streams_refused : 0);
}

std::optional<base::WallTime> SiteLink::next_dial() const {
  return dialer_ ? dialer_->next_try() : std::nullopt;
}

std::vector<Dialer::Failure> SiteLink::dial_failures() const {
  return dialer_ ? dialer_->failures() : std::vector<Dialer::Failure>{};
}

void SiteLink::log(base::LogLevel level, const std::string& text) const {
  services_.log.log(level, site_ + ": " + text);
}

}  // namespace tsmtp::net
