// Two hubs tell each other of their MTAs: ours to the peer, not more often than it permits, and the peer's to
// us.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/base/lifetime.h"
#include "relayd/mail/far_mta.h"
#include "relayd/net/link/site_link.h"

namespace tsmtp::net {

class MtaNotices {
 public:
  /// `link` is borrowed and outlives it.
  MtaNotices(const boost::asio::any_io_executor& executor, SiteLink& link) : link_(link), timer_(executor) {}
  ~MtaNotices() { lifetime_.end(); }
  MtaNotices(const MtaNotices&) = delete;
  MtaNotices& operator=(const MtaNotices&) = delete;

  /// Our MTA is like that: the peer hears it now, or as soon as it permits; of several changes the last.
  void own_changed(const mail::FarMta& mta);
  /// The peer knows nothing of ours; null: neither do we.
  void link_up(const std::optional<mail::FarMta>& own);
  void link_down() { far_.reset(); }
  /// The peer has said something of its MTA. An error: it cannot be understood, and changes nothing.
  [[nodiscard]] base::Result<void> heard(std::string_view notice);

  /// The other hub's MTA as it told us; nothing while the link is down, or before it has.
  [[nodiscard]] const std::optional<mail::FarMta>& far() const { return far_; }
  /// Since when it can be reached, or cannot.
  [[nodiscard]] base::WallTime far_since() const { return far_since_; }

 private:
  void tell();

  SiteLink& link_;
  std::optional<mail::FarMta> own_;
  std::optional<mail::FarMta> far_;
  base::WallTime far_since_;
  boost::asio::steady_timer timer_;
  base::TimePoint told_;
  bool tells_soon_ = false;
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::net
