// What the links of all sites share: who this hub is, and what they run on. Borrowed by each, outlives them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <string>

#include "relayd/base/log.h"
#include "relayd/keys/crypto.h"
#include "relayd/net/keys/key_book.h"
#include "relayd/net/keys/key_keeper.h"
#include "relayd/net/link/instance.h"
#include "relayd/net/tls/tls_context.h"

namespace tsmtp::net {

struct SharedByLinks {
  boost::asio::any_io_executor executor;
  std::string hub_name;
  Instance instance;
  const TlsContext& tls;
  const KeyBook& keys;
  const keys::Crypto& crypto;
  KeyKeeper* keeper;  ///< null: nobody wants to know
  base::Logger& log;
  bool shares_outcomes = false;  ///< with the other hubs of our site
};

}  // namespace tsmtp::net
