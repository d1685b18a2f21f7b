#include "relayd/net/link/site_link.h"

#include <algorithm>
#include <atomic>
#include <random>

#include "relayd/base/bytes.h"
#include "relayd/link/report.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::net {
namespace {

// A stream's key: its link, the lane, and its number within the session of that.
constexpr int kNumberBits = 32;
constexpr int kLaneBits = 8;

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

std::size_t number_of(mux::StreamKey key) {
  return static_cast<std::size_t>(key >> kNumberBits & ((1U << kLaneBits) - 1));
}

mux::StreamId id_of(mux::StreamKey key) {
  return static_cast<mux::StreamId>(key);
}

link::Moment moment() {
  return {.at = now(), .wall = wall_now()};
}

}  // namespace

SiteLink::SiteLink(const SharedByLinks& shared, std::string site, link::Settings settings,
                   Callbacks callbacks)
    : shared_(shared),
      site_(std::move(site)),
      hub_(site_),
      number_(next_number()),
      settings_(settings.link),
      callbacks_(std::move(callbacks)),
      life_(std::move(settings), std::random_device{}(), moment()),
      timer_(shared.executor) {}

SiteLink::~SiteLink() {
  stop("closing");
  lifetime_.end();
}

void SiteLink::start() {
  life_.start(moment());
  carry_out();
}

void SiteLink::reconfigure(const link::Settings& settings) {
  settings_ = settings.link;
  life_.reconfigure(settings, moment());
  carry_out();
}

void SiteLink::stop(const std::string& reason) {
  life_.stop(reason, moment());
  carry_out();
}

void SiteLink::drain() {
  life_.drain();
  carry_out();
}

void SiteLink::retire() {
  life_.retire(moment());
  carry_out();
}

keys::Judgement SiteLink::judge(const keys::Shown& shown) const {
  return keys::judge(shown, life_.pins(), shared_.keys.book(), shared_.crypto);
}

void SiteLink::adopt(std::unique_ptr<TlsStream> stream) {
  const link::Peer peer = peer_of(*stream, nullptr);
  life_.accepted(keep(std::move(stream)), peer, moment());
  carry_out();
}

bool SiteLink::peer_drains() const {
  return std::any_of(lanes_.begin(), lanes_.end(),
                     [](const auto& lane) { return lane.second.session->peer_drains(); });
}

bool SiteLink::is_heard() const {
  return std::all_of(lanes_.begin(), lanes_.end(),
                     [](const auto& lane) { return lane.second.session->is_heard(); });
}

std::string SiteLink::down_text() const {
  return link::down_text(life_.standing(), wall_now());
}

const SiteLink::Lane* SiteLink::first_open() const {
  for (const auto& [number, lane] : lanes_)
    if (lane.connection) return &lane;
  return nullptr;
}

const LinkConnection* SiteLink::connection() const {
  const Lane* const lane = first_open();
  return lane == nullptr ? nullptr : lane->connection.get();
}

std::string SiteLink::peer_address() const {
  const Lane* const lane = first_open();
  if (lane == nullptr) return {};
  return lane->route.proxy ? lane->route.hub.to_string() : lane->connection->stream().peer_address();
}

std::string SiteLink::dialled_through() const {
  const Lane* const lane = first_open();
  return lane == nullptr || !lane->route.proxy ? std::string() : lane->route.proxy->to_string();
}

bool SiteLink::compresses() const {
  return std::any_of(lanes_.begin(), lanes_.end(), [](const auto& lane) {
    return lane.second.connection && lane.second.session->compresses();
  });
}

void SiteLink::on_event(LinkConnection& connection, mux::Event event) {
  for (const auto& [number, lane] : lanes_)
    if (lane.connection.get() == &connection) return stream_event(number, event);
}

mux::StreamKey SiteLink::key_of(std::size_t lane, mux::StreamId stream) const {
  return (number_ << kLaneBits | std::uint64_t{lane}) << kNumberBits | stream;
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
      u->on_stream_lost(stream, std::string(kResetByPeer) + base::escaped(reset_by_peer->cause));
  } else if (const auto* noticed = std::get_if<mux::Noticed>(&event)) {
    callbacks_.noticed(noticed->bytes);
  } else if (std::holds_alternative<mux::PeerDrains>(event)) {
    act(link::Log{base::LogLevel::kInfo, "the far relayd is shutting down"});
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

const SiteLink::Lane* SiteLink::lane_of(mux::StreamKey stream) const {
  const auto found = lanes_.find(number_of(stream));
  return found == lanes_.end() ? nullptr : &found->second;
}

// For a new stream: one that waits for a connection only if all do.
SiteLink::Lanes::const_iterator SiteLink::least_busy() const {
  return std::min_element(lanes_.begin(), lanes_.end(), [](const auto& a, const auto& b) {
    const auto rank = [](const Lane& lane) {
      return std::pair(!lane.connection, lane.session->open_streams());
    };
    return rank(a.second) < rank(b.second);
  });
}

const mux::Hello* SiteLink::peer() const {
  return lanes_.empty() ? nullptr : &lanes_.begin()->second.session->peer();
}

base::Result<mux::StreamKey> SiteLink::open(mux::Service service, StreamUser& user) {
  const auto best = least_busy();
  if (best == lanes_.end() || !takes_streams()) return base::Error{down_text()};
  const Lane& lane = best->second;
  auto stream = lane.session->open(service);
  if (!stream) {
    lane.flush();  // some causes pass with time, which a flush tells
    return stream.error();
  }
  // The peer need not hear of it before it has something to read: Open goes with what is written first.
  const mux::StreamKey key = key_of(best->first, *stream);
  users_[key] = &user;
  return key;
}

bool SiteLink::is_full() const {
  const auto best = least_busy();
  return best != lanes_.end() && best->second.session->is_full();
}

double SiteLink::resets_left() const {
  const auto best = least_busy();
  return best == lanes_.end() ? 1 : best->second.session->resets_left(now());
}

std::size_t SiteLink::writable(mux::StreamKey stream) const {
  const Lane* const lane = lane_of(stream);
  return lane == nullptr ? 0 : lane->session->writable(id_of(stream));
}

std::optional<base::TimePoint> SiteLink::carried_since(mux::StreamKey stream) const {
  const Lane* const lane = lane_of(stream);
  if (lane == nullptr || !lane->connection || lane->connection->stands_still_since()) return std::nullopt;
  return lane->carried_since;
}

bool SiteLink::compresses(mux::StreamKey stream) const {
  const Lane* const lane = lane_of(stream);
  return lane != nullptr && lane->session->compresses();
}

void SiteLink::write(mux::StreamKey stream, std::string_view bytes) {
  const Lane* const lane = lane_of(stream);
  if (lane == nullptr) return;
  lane->session->write(id_of(stream), bytes);
  lane->flush();
}

void SiteLink::consumed(mux::StreamKey stream, std::size_t bytes) {
  const Lane* const lane = lane_of(stream);
  if (lane == nullptr) return;
  lane->session->consumed(id_of(stream), bytes);
  lane->flush();
}

void SiteLink::finish(mux::StreamKey stream) {
  const Lane* const lane = lane_of(stream);
  if (lane == nullptr) return;
  lane->session->finish(id_of(stream));
  lane->flush();
}

void SiteLink::reset(mux::StreamKey stream, mux::ResetCode code, const std::string& cause) {
  users_.erase(stream);
  const Lane* const lane = lane_of(stream);
  if (lane == nullptr) return;
  lane->session->reset(id_of(stream), code, cause);
  lane->flush();
}

// On any connection: it is about the hub.
void SiteLink::notice(const std::string& bytes) {
  if (lanes_.empty()) return;
  lanes_.begin()->second.session->notice(bytes);
  lanes_.begin()->second.flush();
}

mux::Counters SiteLink::counters() const {
  mux::Counters out = counters_before_;
  for (const auto& [number, lane] : lanes_)
    out += lane.session->counters();
  return out;
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

}  // namespace tsmtp::net
