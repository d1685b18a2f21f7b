// The part of SiteLink that is about a line that stands still: a new connection is sought beside the old one,
// and the session moves to it; when the old one moves first, nothing has changed. The same search goes on
// when the connection has been given up, as long as its session waits.
#include <fmt/format.h>

#include <utility>

#include "relayd/net/io/clocks.h"
#include "relayd/net/link/site_link.h"

namespace tsmtp::net {
namespace {

std::string seconds_since(base::TimePoint then) {
  return fmt::format("{:.1f} s", std::chrono::duration<double>(now() - then).count());
}

}  // namespace

void SiteLink::on_line_changed(LinkConnection& connection, mux::Standstill::Change change) {
  const std::size_t number = connection.number();
  if (number >= lanes_.size() || lanes_[number].current.get() != &connection) return;
  Lane& lane = lanes_[number];
  if (change == mux::Standstill::Change::kMoves) {
    stop_redialer(number);
    if (const auto since = std::exchange(lane.stood_still_since, std::nullopt))
      log(base::LogLevel::kInfo,
          "link moves again after " + seconds_since(*since) + ", on the same connection" + which(connection));
    return;
  }
  lane.stood_still_since = connection.stands_still_since();
  make_redialer(number);
  if (lane.redialer) lane.redialer->start();
  log(base::LogLevel::kWarning,
      "link stands still: what was sent several times is not acknowledged, and nothing has come for " +
          seconds_since(*lane.stood_still_since) + "; " +
          (lane.redialer ? "dialling " + connection.stream().peer_address() + " beside it"
                         : "waiting until it moves or the peer dials anew") +
          which(connection));
}

// Who dialled knows where to; the other side waits for it.
void SiteLink::make_redialer(std::size_t number) {
  Lane& lane = lanes_[number];
  const LinkConnection* const current = lane.current.get();
  if (lane.redialer || !lane.dialer || stopped_ || current == nullptr) return;
  if (current->role() != mux::Role::kDialer) return;
  if (!current->session().outlives_connection()) return;
  lane.redialer = std::make_shared<Redialer>(
      services_.executor, services_.tls, current->peer_endpoint(),
      std::chrono::duration_cast<Redialer::Milliseconds>(current->path_round_trip()),
      Redialer::Callbacks{.accept_peer = lifetime_.guard(
                              [this](const std::string& pin, const std::string&) { return has_pin(pin); }),
                          .connected = lifetime_.guard([this, number](std::unique_ptr<TlsStream> stream) {
                            redialled(number, std::move(stream));
                          })});
}

void SiteLink::stop_redialer(std::size_t number) {
  if (const auto redialer = std::exchange(lanes_[number].redialer, nullptr)) redialer->stop();
}

// The line carries, and the peer's key has been seen on it. From here on the old connection must be silent:
// the new one's Hello says what has been received.
void SiteLink::redialled(std::size_t number, std::unique_ptr<TlsStream> stream) {
  Lane& lane = lanes_[number];
  if (!lane.current) return;
  if (lane.current->is_open()) {
    if (!lane.current->interrupt()) return;
    interrupted("the connection stood still");
  }
  if (lane.dialer) lane.dialer->rest();
  std::erase_if(candidates_, [&](const auto& earlier) {
    const bool overtaken = earlier->role() == mux::Role::kDialer && earlier->number() == number;
    if (overtaken) earlier->abandon();
    return overtaken;
  });
  adopt(std::move(stream), mux::Role::kDialer, number);
  // Hello or its answer may get lost too: unless it has come when a pause is over, another one is dialled.
  if (lane.redialer) lane.redialer->came_to_nothing();
}

std::string SiteLink::after_standstill(std::size_t number) {
  const auto since = std::exchange(lanes_[number].stood_still_since, std::nullopt);
  return since ? ", after it stood still for " + seconds_since(*since) : "";
}

std::optional<base::WallTime> SiteLink::stands_still_since() const {
  std::optional<base::TimePoint> earliest;
  for (const Lane& lane : lanes_) {
    const auto& since = lane.stood_still_since;
    if (lane.current && lane.current->is_open() && since && (!earliest || *since < *earliest))
      earliest = since;
  }
  if (!earliest) return std::nullopt;
  return wall_now() - std::chrono::duration_cast<base::WallTime::duration>(now() - *earliest);
}

// Which of several connections a line of the log is about.
std::string SiteLink::which(const LinkConnection& connection) const {
  if (lanes_.size() == 1) return "";
  return ", connection " + std::to_string(connection.number() + 1) + " of " + std::to_string(lanes_.size());
}

}  // namespace tsmtp::net
