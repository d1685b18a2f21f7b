// What becomes of one request to a member of etcd, as EtcdConnection tells it.
#pragma once

#include <string>

namespace tsmtp::net {

struct EtcdReply {
  unsigned status = 0;  ///< of HTTP
  std::string body;
};

/// No answer. `cause` goes on behind the endpoint's name: "closed the connection".
struct EtcdLost {
  std::string cause;
  bool was_sent = true;  ///< false: certainly not whole
};

}  // namespace tsmtp::net
