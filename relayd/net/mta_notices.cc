#include "relayd/net/mta_notices.h"

#include <utility>

#include "relayd/net/io/clocks.h"

namespace tsmtp::net {
namespace {

constexpr std::chrono::milliseconds kNoticeInterval{100};

}  // namespace

void MtaNotices::own_changed(const mail::FarMta& mta) {
  own_ = mta;
  tell();
}

void MtaNotices::link_up(const std::optional<mail::FarMta>& own) {
  if (own) link_.notice(mail::encode_notice(*own));
}

// An MTA may come and go many times a second; the peer permits few notices.
void MtaNotices::tell() {
  if (tells_soon_) return;
  const base::TimePoint earliest = told_ + kNoticeInterval;
  if (now() >= earliest) {
    told_ = now();
    return link_.notice(mail::encode_notice(*own_));
  }
  tells_soon_ = true;
  timer_.expires_at(earliest);
  timer_.async_wait(lifetime_.guard([this](const boost::system::error_code& error) {
    tells_soon_ = false;
    if (!error) tell();
  }));
}

base::Result<void> MtaNotices::heard(std::string_view notice) {
  auto mta = mail::decode_notice(notice);
  if (!mta) return mta.error();
  if (!far_ || far_->reachable != mta->reachable) far_since_ = wall_now();
  far_ = std::move(*mta);
  return {};
}

}  // namespace tsmtp::net
