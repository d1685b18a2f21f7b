#include "relayd/net/link/site_link.h"

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/base/time_of_day.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::net {
namespace {

constexpr int kNumberBits = 32;  // of a stream within its session

mux::StreamKey key_of(std::size_t number, mux::StreamId stream) {
  return std::uint64_t{number} << kNumberBits | stream;
}

std::size_t number_of(mux::StreamKey key) {
  return static_cast<std::size_t>(key >> kNumberBits);
}

mux::StreamId id_of(mux::StreamKey key) {
  return static_cast<mux::StreamId>(key);
}

}  // namespace

SiteLink::SiteLink(const LinkServices& services, std::string site, std::vector<std::string> pins,
                   std::vector<base::HostPort> dial, LinkSettings settings, Callbacks callbacks)
    : services_(services),
      site_(std::move(site)),
      pins_(std::move(pins)),
      dial_(std::move(dial)),
      settings_(std::move(settings)),
      callbacks_(std::move(callbacks)),
      since_(wall_now()),
      hope_timer_(services.executor) {
  make_lanes();
}

SiteLink::~SiteLink() {
  stop("closing");
  lifetime_.end();
}

void SiteLink::start() {
  dial_missing();
}

void SiteLink::stop(const std::string& reason) {
  if (std::exchange(stopped_, true)) return;
  for (const Lane& lane : lanes_)
    if (lane.dialer) lane.dialer->stop();
  for (const auto& candidate : candidates_)
    candidate->close(reason);
  candidates_.clear();
  hope_timer_.cancel();
  for (std::size_t number = 0; number < lanes_.size(); ++number)
    end_session(number, reason, reason);
}

void SiteLink::drain() {
  draining_ = true;
  for (const Lane& lane : lanes_) {
    if (!lane.current) continue;
    lane.current->session().drain();
    lane.current->schedule_flush();
  }
}

bool SiteLink::has_pin(const std::string& pin) const {
  return std::find(pins_.begin(), pins_.end(), pin) != pins_.end();
}

bool SiteLink::is_up() const {
  return connection() != nullptr;
}

bool SiteLink::peer_drains() const {
  return std::any_of(lanes_.begin(), lanes_.end(),
                     [](const Lane& lane) { return lane.current && lane.current->session().peer_drains(); });
}

const LinkConnection* SiteLink::connection() const {
  const auto found =
      std::find_if(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.current != nullptr; });
  return found == lanes_.end() ? nullptr : found->current.get();
}

std::size_t SiteLink::open_connections() const {
  return static_cast<std::size_t>(std::count_if(lanes_.begin(), lanes_.end(), [](const Lane& lane) {
    return lane.current && lane.current->is_open();
  }));
}

std::string SiteLink::down_text() const {
  const std::string cause = cause_.empty() ? "no cause is known" : cause_;
  return "link down since " + base::time_of_day(since_, wall_now()) + " (" + cause + ")";
}

void SiteLink::on_event(LinkConnection& connection, mux::Event event) {
  const std::size_t number = connection.number();
  if (lanes_.at(number).current.get() != &connection) return;  // nothing counts before it is the link
  stream_event(number, event);
}

void SiteLink::stream_event(std::size_t number, mux::Event& event) {
  if (const auto* opening = std::get_if<mux::Opened>(&event)) {
    opened(key_of(number, opening->stream), opening->service);
  } else if (const auto* received = std::get_if<mux::Received>(&event)) {
    const mux::StreamKey stream = key_of(number, received->stream);
    if (StreamUser* u = user(stream)) return u->on_stream_bytes(stream, received->bytes);
    consumed(stream, received->bytes.size());
  } else if (const auto* finished = std::get_if<mux::PeerFinished>(&event)) {
    const mux::StreamKey stream = key_of(number, finished->stream);
    if (StreamUser* u = user(stream)) u->on_stream_finished(stream);
  } else if (const auto* writable_again = std::get_if<mux::Writable>(&event)) {
    const mux::StreamKey stream = key_of(number, writable_again->stream);
    if (StreamUser* u = user(stream)) u->on_stream_writable(stream);
  } else if (const auto* reset_by_peer = std::get_if<mux::PeerReset>(&event)) {
    const mux::StreamKey stream = key_of(number, reset_by_peer->stream);
    StreamUser* u = user(stream);
    users_.erase(stream);
    if (u != nullptr)
      u->on_stream_lost(stream, "refused by the far side: " + base::escaped(reset_by_peer->cause));
  } else if (const auto* noticed = std::get_if<mux::Noticed>(&event)) {
    callbacks_.noticed(noticed->bytes);
  } else if (std::holds_alternative<mux::PeerDrains>(event)) {
    log(base::LogLevel::kInfo, "the far relayd is shutting down");
  }
}

void SiteLink::opened(mux::StreamKey stream, mux::Service service) {
  StreamUser* const accepted = callbacks_.accept_stream.at(service)(stream);
  if (accepted == nullptr) return reset(stream, mux::ResetCode::kRefused, "shutting down");
  users_[stream] = accepted;
}

StreamUser* SiteLink::user(mux::StreamKey stream) const {
  const auto found = users_.find(stream);
  return found == users_.end() ? nullptr : found->second;
}

LinkConnection* SiteLink::connection_of(mux::StreamKey stream) const {
  return number_of(stream) < lanes_.size() ? lanes_[number_of(stream)].current.get() : nullptr;
}

// For a new stream: one that waits for a connection only if all do.
LinkConnection* SiteLink::least_busy() const {
  LinkConnection* best = nullptr;
  for (const Lane& lane : lanes_) {
    LinkConnection* const candidate = lane.current.get();
    if (candidate == nullptr) continue;
    const auto rank = [](const LinkConnection& c) {
      return std::pair(!c.is_open(), c.session().open_streams());
    };
    if (best == nullptr || rank(*candidate) < rank(*best)) best = candidate;
  }
  return best;
}

bool SiteLink::answers_enquiries() const {
  const LinkConnection* const up = connection();
  return up != nullptr && up->session().peer().answers_enquiries();
}

base::Result<mux::StreamKey> SiteLink::open(mux::Service service, StreamUser& user) {
  LinkConnection* const connection = least_busy();
  if (connection == nullptr || !takes_streams()) return base::Error{down_text()};
  auto stream = connection->session().open(service);
  if (!stream) {
    connection->schedule_flush();  // some causes pass with time, which a flush tells
    return stream.error();
  }
  // The peer need not hear of it before it has something to read: Open goes with what is written first.
  const mux::StreamKey key = key_of(connection->number(), *stream);
  users_[key] = &user;
  return key;
}

bool SiteLink::is_full() const {
  const LinkConnection* const connection = least_busy();
  return connection != nullptr && connection->session().is_full();
}

double SiteLink::resets_left() const {
  const LinkConnection* const connection = least_busy();
  return connection == nullptr ? 1 : connection->session().resets_left(now());
}

std::size_t SiteLink::writable(mux::StreamKey stream) const {
  const LinkConnection* const connection = connection_of(stream);
  return connection == nullptr ? 0 : connection->session().writable(id_of(stream));
}

bool SiteLink::compresses(mux::StreamKey stream) const {
  const LinkConnection* const connection = connection_of(stream);
  return connection != nullptr && connection->session().compresses();
}

void SiteLink::write(mux::StreamKey stream, std::string_view bytes) {
  LinkConnection* const connection = connection_of(stream);
  if (connection == nullptr) return;
  connection->session().write(id_of(stream), bytes);
  connection->schedule_flush();
}

void SiteLink::consumed(mux::StreamKey stream, std::size_t bytes) {
  LinkConnection* const connection = connection_of(stream);
  if (connection == nullptr) return;
  connection->session().consumed(id_of(stream), bytes);
  connection->schedule_flush();
}

void SiteLink::finish(mux::StreamKey stream) {
  LinkConnection* const connection = connection_of(stream);
  if (connection == nullptr) return;
  connection->session().finish(id_of(stream));
  connection->schedule_flush();
}

void SiteLink::reset(mux::StreamKey stream, mux::ResetCode code, const std::string& cause) {
  users_.erase(stream);
  LinkConnection* const connection = connection_of(stream);
  if (connection == nullptr) return;
  connection->session().reset(id_of(stream), code, cause);
  connection->schedule_flush();
}

// On any connection: it is about the hub.
void SiteLink::notice(const std::string& bytes) {
  for (const Lane& lane : lanes_) {
    if (!lane.current) continue;
    lane.current->session().notice(bytes);
    return lane.current->schedule_flush();
  }
}

mux::Counters SiteLink::counters() const {
  mux::Counters out = counters_before_;
  for (const Lane& lane : lanes_)
    if (lane.current) out += lane.current->session().counters();
  return out;
}

// The earliest of them: a link of several connections is dialled by each on its own.
std::optional<base::WallTime> SiteLink::next_dial() const {
  std::optional<base::WallTime> earliest;
  for (const Lane& lane : lanes_) {
    const auto next = lane.dialer ? lane.dialer->next_try() : std::nullopt;
    if (next && (!earliest || *next < *earliest)) earliest = next;
  }
  return earliest;
}

std::vector<Dialer::Failure> SiteLink::dial_failures() const {
  const auto& dialer = lanes_.front().dialer;
  return dialer ? dialer->failures() : std::vector<Dialer::Failure>{};
}

// Users of the streams of a session that is over.
void SiteLink::lose_users(std::size_t number, const std::string& text) {
  const auto begin = users_.lower_bound(key_of(number, 0));
  const auto end = users_.lower_bound(key_of(number + 1, 0));
  const std::map<mux::StreamKey, StreamUser*> lost(begin, end);
  users_.erase(begin, end);
  for (const auto& [stream, user] : lost)
    user->on_stream_lost(stream, text);
}

// Whoever can cut the line, or has the key, decides how often there is something to say.
void SiteLink::log(base::LogLevel level, const std::string& text) const {
  services_.log.log_provoked(base::Provoked::kLink, site_, level, site_ + ": " + text);
}

}  // namespace tsmtp::net
