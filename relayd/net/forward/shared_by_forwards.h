// What the forwards and services of all sites share. Borrowed by everything in this room, outlives it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>

#include "relayd/base/log.h"
#include "relayd/forward/ftp/transfer_line.h"
#include "relayd/forward/summary.h"
#include "relayd/net/forward/consent.h"
#include "relayd/net/io/shortage.h"

namespace tsmtp::net {

struct SharedByForwards {
  boost::asio::any_io_executor executor;
  base::Logger& log;
  Consent* consent = nullptr;      ///< null: nobody can be asked, which is a no
  Shortages* shortages = nullptr;  ///< null: nobody wants to know
  /// Told of every connection that is over; may be empty.
  std::function<void(const forward::Summary&)> ended{};
  /// Told of every file or list that FTP has transferred from or to a service here; may be empty.
  std::function<void(const forward::ftp::TransferRecord&)> transferred{};
};

}  // namespace tsmtp::net
