#include "relayd/proxy/dialogue.h"

#include "relayd/proxy/http_connect.h"
#include "relayd/proxy/socks5.h"

namespace tsmtp::proxy {

std::unique_ptr<Dialogue> begin(const settings::Proxy& proxy, const base::HostPort& hub) {
  switch (proxy.kind) {
    case settings::Proxy::Kind::kSocks5:
      return std::make_unique<Socks5>(proxy, hub);
    case settings::Proxy::Kind::kHttp:
      return std::make_unique<HttpConnect>(proxy, hub);
  }
  return nullptr;
}

}  // namespace tsmtp::proxy
