#include "relayd/net/link/site_link.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <tuple>

#include "relayd/base/bytes.h"
#include "relayd/link/process_notice.h"
#include "relayd/link/report.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::net {
namespace {

// A stream's key: its link, the lane, and its number within the session of that.
constexpr int kNumberBits = 32;
constexpr int kLaneBits = 8;
static_assert(2 * link::kSlotsOfGeneration == 1U << kLaneBits);

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

void SiteLink::has_successor() {
  if (const mux::Hello* const its = peer(); its != nullptr && its->knows_beside())
    notice(link::encode_notice(link::Successor{shared_.instance.successor}));
  life_.has_successor(moment());
  carry_out();
}

void SiteLink::has_no_successor() {
  life_.has_no_successor(moment());
  carry_out();
}

void SiteLink::predecessor_gone() {
  if (const mux::Hello* const its = peer(); its != nullptr && its->knows_beside())
    notice(link::encode_notice(link::PredecessorGone{}));
}

base::Result<void> SiteLink::heard(std::string_view notice) {
  const auto said = link::decode_process_notice(notice);
  if (!said) return said.error();
  if (const auto* const successor = std::get_if<link::Successor>(&*said)) {
    life_.peer_has_successor(successor->instance, moment());
  } else {
    life_.peer_predecessor_gone(moment());
  }
  carry_out();
  return {};
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
  return std::any_of(lanes_.begin(), lanes_.end(), [](const auto& lane) {
    return !lane.second.leaves && lane.second.session->peer_drains();
  });
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
    if (lane.connection && !lane.leaves) return &lane;
  return nullptr;
}

const SiteLink::Lane* SiteLink::first_present() const {
  const auto found =
      std::find_if(lanes_.begin(), lanes_.end(), [](const auto& lane) { return !lane.second.leaves; });
  return found == lanes_.end() ? nullptr : &found->second;
}

std::optional<std::size_t> SiteLink::leaving_streams() const {
  if (!life_.is_any_leaving()) return std::nullopt;
  std::size_t streams = 0;
  for (const auto& [number, lane] : lanes_)
    if (lane.leaves) streams += lane.session->open_streams();
  return streams;
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
    return lane.second.connection && !lane.second.leaves && lane.second.session->compresses();
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
  } else if (lanes_.at(number).leaves) {
    return;  // of the hub its present process speaks
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
  const auto best = std::min_element(lanes_.begin(), lanes_.end(), [](const auto& a, const auto& b) {
    const auto rank = [](const Lane& lane) {
      return std::tuple(lane.leaves, !lane.connection, lane.session->open_streams());
    };
    return rank(a.second) < rank(b.second);
  });
  return best == lanes_.end() || best->second.leaves ? lanes_.end() : best;
}

const mux::Hello* SiteLink::peer() const {
  const Lane* const lane = first_present();
  return lane == nullptr ? nullptr : &lane->session->peer();
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
  const Lane* const lane = first_present();
  if (lane == nullptr) return;
  lane->session->notice(bytes);
  lane->flush();
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
