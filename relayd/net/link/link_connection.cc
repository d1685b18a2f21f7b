#include "relayd/net/link/link_connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <limits>
#include <utility>

#include "relayd/net/io/clocks.h"
#include "relayd/net/link/path.h"

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kLinkReadBytes = 96 * 1024;
constexpr std::chrono::seconds kMailMayCome{60};  // after the last one
constexpr std::chrono::milliseconds kShortestLook{1}, kLongestLook{20};
// Bytes that wait in TLS and the kernel can no longer be overtaken: some milliseconds' worth, between these.
constexpr std::size_t kLeastLateBytes = 16 * 1024;
constexpr std::size_t kMostLateBytes = 256 * 1024;
constexpr std::uint64_t kLateTimesPerSecond = 200;
constexpr std::chrono::milliseconds kMeasureEvery{100};
constexpr int kLinkReadsInARow = 16;                  // then others get their turn,
constexpr std::chrono::milliseconds kLongestTurn{2};  // or sooner: a peer decides what a frame costs

}  // namespace

LinkConnection::LinkConnection(link::ConnectionId id, std::unique_ptr<TlsStream> stream,
                               mux::ConnectionSettings settings, LinkConnectionOwner& owner)
    : id_(id),
      stream_(std::move(stream)),
      role_(settings.role),
      limits_(settings.limits),
      connection_(std::move(settings), now()),
      owner_(&owner),
      timer_(stream_->socket().get_executor()),
      room_timer_(stream_->socket().get_executor()),
      watch_(std::make_shared<LineWatch>(stream_->socket(),
                                         [this](mux::Standstill::Change change) {
                                           if (owner_ != nullptr) owner_->on_line_changed(*this, change);
                                         })),
      late_bytes_(4 * kLeastLateBytes) {
  error_code ignored;
  peer_endpoint_ = stream_->socket().remote_endpoint(ignored);
  set_late_bytes(stream_->socket().native_handle(), late_bytes_);
}

LinkConnection::~LinkConnection() {
  watch_->stop();
}

void LinkConnection::start() {
  schedule_flush();
  boost::asio::post(stream_->socket().get_executor(), [self = shared_from_this()] { self->read(); });
}

void LinkConnection::schedule_flush() {
  if (flush_scheduled_ || owner_ == nullptr || !open_) return;
  flush_scheduled_ = true;
  boost::asio::post(stream_->socket().get_executor(), [self = shared_from_this()] {
    self->flush_scheduled_ = false;
    self->flush();
  });
}

void LinkConnection::close(const std::string& reason) {
  if (owner_ == nullptr) return;
  connection_.close(reason);
  if (open_) write_frames();
  abandon();
}

void LinkConnection::abandon() {
  owner_ = nullptr;
  timer_.cancel();
  room_timer_.cancel();
  detach();
  shut_socket();
}

void LinkConnection::detach() {
  connection_.detach();
  session_ = nullptr;
}

void LinkConnection::shut_socket() {
  if (!std::exchange(open_, false)) return;
  watch_->stop();
  stream_->shut_down();
  error_code ignored;
  stream_->socket().close(ignored);
  output_ = {};
  written_ = 0;
}

void LinkConnection::wait_read() {
  if (waiting_read_ || owner_ == nullptr || !open_) return;
  waiting_read_ = true;
  stream_->socket().async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->waiting_read_ = false;
    if (!error) self->read();
  });
}

void LinkConnection::wait_write() {
  if (waiting_write_ || owner_ == nullptr || !open_) return;
  waiting_write_ = true;
  stream_->socket().async_wait(tcp::socket::wait_write, [self = shared_from_this()](const error_code& error) {
    self->waiting_write_ = false;
    if (!error) self->flush();
  });
}

void LinkConnection::read() {
  static std::array<char, kLinkReadBytes> buffer;
  const auto self = shared_from_this();
  const base::TimePoint begun = now();
  for (int i = 0; i < kLinkReadsInARow && owner_ != nullptr && open_; ++i) {
    if (now() - begun >= kLongestTurn) break;
    std::size_t bytes = 0;
    const TlsStream::Status status = stream_->read(buffer.data(), buffer.size(), bytes);
    if (status == TlsStream::Status::kWantRead) {
      wait_read();
      return flush();
    }
    if (status == TlsStream::Status::kWantWrite) return wait_write();
    if (status != TlsStream::Status::kDone) {
      if (stream_->peer_overdid()) connection_.close(stream_->error());  // it is told, and does not resume
      return lost(stream_->error());
    }
    auto ok = connection_.receive({buffer.data(), bytes}, now());
    if (ok) ok = answer();
    dispatch();
    if (owner_ != nullptr && !ok) return lost(ok.error().message);
  }
  flush();
  // More may be waiting inside OpenSSL, which the socket's readiness does not show: come back by way of the
  // loop.
  boost::asio::post(stream_->socket().get_executor(), [self] {
    if (self->owner_ != nullptr && self->open_ && !self->waiting_read_) self->read();
  });
}

base::Result<void> LinkConnection::answer() {
  const mux::Hello* const hello = connection_.unanswered_hello();
  if (hello == nullptr) return {};
  peer_name_ = hello->name;
  return owner_->on_hello(*this, *hello);
}

std::unique_ptr<mux::Session> LinkConnection::new_session() const {
  return std::make_unique<mux::Session>(role_, limits_);
}

base::Result<void> LinkConnection::begin(mux::Session& session) {
  session_ = &session;
  schedule_flush();
  return connection_.begin(session, now());
}

base::Result<void> LinkConnection::resume(mux::Session& session) {
  session_ = &session;
  schedule_flush();
  return connection_.resume(session, now());
}

void LinkConnection::dispatch() {
  while (owner_ != nullptr && session_ != nullptr) {
    auto event = session_->next_event();
    if (!event) break;
    owner_->on_event(*this, std::move(*event));
  }
}

void LinkConnection::flush() {
  if (owner_ == nullptr || !open_) return;
  measure_path();
  write_frames();
  dispatch();
  if (owner_ != nullptr) set_timer();
}

// What the kernel knows of the path tells the session how far to open windows, and us how late to decide.
void LinkConnection::measure_path() {
  const base::TimePoint at = now();
  if (at < path_measured_ + kMeasureEvery) return;
  path_measured_ = at;
  const mux::PathMetrics path = path_of(stream_->socket().native_handle());
  connection_.set_path(path);
  path_round_trip_ = path.round_trip;
  if (path.bytes_per_second == 0) return;
  const auto late = static_cast<std::size_t>(std::clamp<std::uint64_t>(
      path.bytes_per_second / kLateTimesPerSecond, kLeastLateBytes, kMostLateBytes));
  if (late == late_bytes_) return;
  late_bytes_ = late;
  set_late_bytes(stream_->socket().native_handle(), late);
}

// Other services must not fill the queue of a slow line, where mail would wait behind them. Where there was
// no mail for long they may: then they share the line with its other users as any TCP connection does.
void LinkConnection::measure_queue() {
  if (session_ == nullptr || !session_->carries_others()) return;
  const auto without_mail = session_->without_first_since();
  const bool may_fill = without_mail && now() - *without_mail > kMailMayCome;
  session_->set_room_for_others(
      may_fill ? std::numeric_limits<std::size_t>::max()
               : other_window_.room(queue_sample(stream_->socket().native_handle()), now()));
}

// Nothing tells of an acknowledgement: it is looked for, several times in a round trip.
void LinkConnection::wait_for_room() {
  if (waiting_room_ || session_ == nullptr || !session_->holds_others_back()) return;
  waiting_room_ = true;
  room_timer_.expires_after(std::clamp<base::Duration>(path_round_trip_ / 8, kShortestLook, kLongestLook));
  room_timer_.async_wait([self = shared_from_this()](const error_code& error) {
    self->waiting_room_ = false;
    if (!error) self->flush();
  });
}

// Frames are made late, when TLS can take them, so that the session's choice of stream is the latest
// possible.
void LinkConnection::write_frames() {
  while (!waiting_write_) {
    if (written_ == output_.size()) {
      const TlsStream::Status status = stream_->flush();
      if (status == TlsStream::Status::kWantWrite) return wait_write();
      if (status != TlsStream::Status::kDone) return wait_read();  // reading will find out what happened
      output_.clear();
      written_ = 0;
      measure_queue();
      connection_.produce(output_, late_bytes_, now());
    }
    if (output_.empty()) return wait_for_room();
    watch_->sent();
    std::size_t bytes = 0;
    const TlsStream::Status status = stream_->write(std::string_view(output_).substr(written_), bytes);
    if (status == TlsStream::Status::kWantWrite) return wait_write();
    if (status != TlsStream::Status::kDone) return wait_read();
    written_ += bytes;
  }
}

void LinkConnection::set_timer() {
  const base::TimePoint deadline = connection_.deadline();
  if (deadline == timer_set_for_) return;
  timer_set_for_ = deadline;
  timer_.expires_at(deadline);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error && self->owner_ != nullptr) self->on_timer();
  });
}

void LinkConnection::on_timer() {
  timer_set_for_ = {};
  if (const auto alive = connection_.tick(now()); !alive) return lost(alive.error().message);
  flush();
}

void LinkConnection::lost(const std::string& cause) {
  if (owner_ == nullptr) return;
  const auto self = shared_from_this();
  write_frames();  // a Close frame, if there is one to say
  LinkConnectionOwner* const owner = owner_;
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): it may be the stream's, which goes
  const std::string why = cause;
  abandon();
  owner->on_connection_lost(*this, why);
}

}  // namespace tsmtp::net
