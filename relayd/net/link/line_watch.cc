#include "relayd/net/link/line_watch.h"

#include <utility>

#include "relayd/net/io/clocks.h"
#include "relayd/net/link/path.h"

namespace tsmtp::net {
namespace {

constexpr std::chrono::milliseconds kLookEvery{250};

}  // namespace

LineWatch::LineWatch(boost::asio::ip::tcp::socket& socket, Changed changed)
    : socket_(socket), timer_(socket.get_executor()), changed_(std::move(changed)) {}

void LineWatch::sent() {
  if (!changed_ || standstill_.is_watching()) return;
  standstill_.sent(now());
  look_later();
}

void LineWatch::stop() {
  changed_ = nullptr;
  timer_.cancel();
}

void LineWatch::look_later() {
  timer_.expires_after(kLookEvery);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && self->changed_) self->look();
  });
}

void LineWatch::look() {
  const auto change = standstill_.sample(standstill_sample(socket_.native_handle()), now());
  if (change == mux::Standstill::Change::kStandsStill)
    longest_retry_ = retry_often(socket_.native_handle());
  else if (change == mux::Standstill::Change::kMoves)
    retry_as_before(socket_.native_handle(), longest_retry_);
  if (change != mux::Standstill::Change::kNone) {
    const Changed changed = changed_;  // may stop us
    changed(change);
  }
  if (changed_ && standstill_.is_watching()) look_later();
}

}  // namespace tsmtp::net
