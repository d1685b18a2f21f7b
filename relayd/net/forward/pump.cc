#include "relayd/net/forward/pump.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "relayd/net/io/clocks.h"
#include "relayd/net/io/socket_options.h"

namespace tsmtp::net {
namespace {

constexpr std::size_t kWorthASend = 64 * 1024;

}  // namespace

void break_off(ByteChannel::Socket socket) {
  boost::system::error_code ignored;
  socket.set_option(boost::asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

Pump::Pump(ByteChannel::Socket socket, Means means)
    : means_(std::move(means)), timer_(socket.get_executor()), last_active_(now()) {
  set_forward_options(socket);
  channel_ = OwnedChannel(std::move(socket), *this);
  output_ = std::move(means_.preface);
}

Pump::~Pump() {
  lifetime_.end();
}

void Pump::start() {
  channel_->break_off_unless_in_order();
  channel_->watch_for_reset();
  move();
}

void Pump::Held::release(std::size_t count) {
  released += count;
  if (released < bytes.size() / 2) return;  // to move what stays would cost more than it frees
  bytes.erase(0, std::exchange(released, 0));
}

void Pump::on_bytes(std::string_view bytes) {
  if (is_over_ || is_leaving()) return;
  last_active_ = now();
  bytes_from_host_ += bytes.size();
  if (means_.protocol) {
    forward::ProtocolOutput out;
    if (const auto ok = means_.protocol->from_host(bytes, out); !ok) return leave(out, ok.error().message);
    return take(out);
  }
  const bool has_pace = means_.paces.from_host != nullptr && means_.paces.from_host->is_limited();
  if (!has_pace && to_link_.rest().empty()) {
    means_.link.write(means_.stream, bytes);
    return read_if_there_is_room();
  }
  to_link_.add(bytes);
  move();
}

void Pump::from_link(std::string_view bytes) {
  if (is_over_) return;
  if (is_leaving()) return means_.link.consumed(means_.stream, bytes.size());
  last_active_ = now();
  unconsumed_ += bytes.size();
  if (means_.protocol) {
    forward::ProtocolOutput out;
    if (const auto ok = means_.protocol->from_link(bytes, out); !ok) return leave(out, ok.error().message);
    return take(out);
  }
  const bool has_pace = means_.paces.to_host != nullptr && means_.paces.to_host->is_limited();
  if (has_pace || !to_host_.rest().empty()) {
    to_host_.add(bytes);
    return move();
  }
  bytes_to_host_ += bytes.size();
  output_ += bytes;
  output_.size() < kWorthASend ? move_soon() : move();
}

// A record of the link is a quarter of what the kernel takes at once, and others may follow it.
void Pump::move_soon() {
  if (std::exchange(moves_soon_, true)) return;
  boost::asio::post(timer_.get_executor(), lifetime_.guard([this] {
    moves_soon_ = false;
    move();
  }));
}

void Pump::take(const forward::ProtocolOutput& out) {
  to_link_.add(out.to_link);
  to_host_.add(out.to_host);
  move();
}

// A host that is told nothing is broken off at once. Nobody waits for the peer's half: what still comes of it
// is thrown away by the link.
void Pump::leave(const forward::ProtocolOutput& words, const std::string& cause) {
  if (words.to_link.empty() && words.to_host.empty()) return end(cause);
  leaving_ = cause;
  if (from_host_ != Half::kEnded) to_link_.add(words.to_link);
  to_host_.add(words.to_host);
  if (from_host_ == Half::kOpen) from_host_ = Half::kEnding;
  if (from_link_ == Half::kOpen) from_link_ = Half::kEnding;
  if (words.to_host.empty()) channel_ = OwnedChannel();
  move();
}

bool Pump::has_left() const {
  if (from_host_ != Half::kEnded || from_link_ != Half::kEnded) return false;
  return !is_leaving() || !channel_;
}

// Everything that can go on does, and then what follows from that.
void Pump::move() {
  if (is_over_) return;
  const bool link_has_all = release(to_link_, means_.paces.from_host, [this](std::string_view bytes) {
    means_.link.write(means_.stream, bytes);
  });
  const bool channel_has_all = release(to_host_, means_.paces.to_host, [this](std::string_view bytes) {
    bytes_to_host_ += bytes.size();
    output_ += bytes;
  });
  flush_to_host();
  if (from_host_ == Half::kEnding && link_has_all) {
    means_.link.finish(means_.stream);
    from_host_ = Half::kEnded;
  }
  if (from_link_ == Half::kEnding && channel_has_all && output_.empty()) {
    if (channel_) is_leaving() ? channel_->close_gently() : channel_->finish();
    from_link_ = Half::kEnded;
  }
  if (has_left()) return over(leaving_);
  read_if_there_is_room();
}

bool Pump::release(Held& held, forward::Pace* pace, const std::function<void(std::string_view)>& pass) {
  const std::string_view rest = held.rest();
  if (rest.empty()) return true;
  const std::size_t allowed = pace == nullptr ? rest.size() : pace->allowed(rest.size(), now());
  if (allowed > 0) {
    pass(rest.substr(0, allowed));
    if (pace != nullptr) pace->take(allowed, now());
    held.release(allowed);
  }
  if (held.rest().empty()) return true;
  wake_later(pace->wait(now()));
  return false;
}

// The peer may send as much again as the host has taken. What a protocol adds or leaves out does not count.
void Pump::flush_to_host() {
  const std::size_t before = output_.size();
  channel_ ? channel_->flush(output_) : output_.clear();
  const bool all_gone = output_.empty() && to_host_.rest().empty();
  const std::size_t taken = all_gone ? unconsumed_ : std::min(unconsumed_, before - output_.size());
  if (taken == 0) return;
  unconsumed_ -= taken;
  means_.link.consumed(means_.stream, taken);
}

void Pump::read_if_there_is_room() {
  if (from_host_ != Half::kOpen) return;
  const bool has_room = means_.link.writable(means_.stream) > 0 && to_link_.rest().empty();
  // A host that does not read what its protocol answers is not read from either.
  const bool answers_pile_up = means_.protocol && !output_.empty();
  channel_->set_reading(has_room && !answers_pile_up);
}

void Pump::wake_later(base::Duration wait) {
  timer_.expires_after(std::max<base::Duration>(wait, std::chrono::milliseconds(1)));
  timer_.async_wait(lifetime_.guard([this](const boost::system::error_code& error) {
    if (!error) move();
  }));
}

void Pump::on_writable() {
  move();
}

bool Pump::on_end() {
  if (from_host_ != Half::kOpen) return !is_over_;
  from_host_ = Half::kEnding;
  closed_first_ = closed_first_.empty() ? host_name() : closed_first_;
  move();
  return !is_over_;
}

void Pump::link_finished() {
  if (is_over_) return;
  if (from_link_ == Half::kOpen) from_link_ = Half::kEnding;
  closed_first_ = closed_first_.empty() ? other_name() : closed_first_;
  move();
}

void Pump::link_writable() {
  if (!is_over_) read_if_there_is_room();
}

void Pump::on_closed(bool /*clean*/, const std::string& cause) {
  if (is_over_) return;
  if (is_leaving()) {
    channel_ = OwnedChannel();
    return move();
  }
  means_.link.reset(means_.stream, mux::ResetCode::kCancelled, cause);
  over("broken off by the " + host_name() + " (" + cause + ")");
}

void Pump::link_lost(const std::string& cause) {
  if (is_over_) return;
  if (channel_) channel_->abort();
  if (is_leaving()) return over(leaving_);
  const bool is_reset = cause.starts_with(kResetByPeer);
  over(is_reset ? "broken off at the other hub (" + cause.substr(kResetByPeer.size()) + ")" : cause);
}

void Pump::end(const std::string& cause) {
  if (is_over_) return;
  means_.link.reset(means_.stream, mux::ResetCode::kCancelled, cause);
  if (channel_) channel_->abort();
  over(is_leaving() ? leaving_ : cause);
}

void Pump::refuse(const std::string& cause) {
  if (is_over_) return;
  means_.link.finish(means_.stream);
  from_host_ = Half::kEnded;
  const std::string words = means_.protocol ? means_.protocol->refusal(cause) : std::string();
  if (words.empty()) {
    channel_->abort();
    return over(cause);
  }
  leaving_ = cause;
  from_link_ = Half::kEnding;
  output_ += words;
  move();
}

void Pump::over(const std::string& end) {
  is_over_ = true;
  timer_.cancel();
  means_.link.forget(means_.stream);
  if (end.empty()) channel_->close_in_order();
  means_.over(end.empty() ? "closed by the " + closed_first_ : end);
}

std::string Pump::host_name() const {
  return means_.host == forward::Side::kProgram ? "program" : "service";
}

std::string Pump::other_name() const {
  return means_.host == forward::Side::kProgram ? "service" : "program";
}

}  // namespace tsmtp::net
