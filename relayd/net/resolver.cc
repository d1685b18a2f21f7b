#include "relayd/net/resolver.h"

namespace tsmtp::net {

void SystemResolver::resolve(const base::HostPort& name, Done done) {
  cancel();
  wanted_ = std::make_shared<bool>(true);
  resolver_.async_resolve(
      name.host, std::to_string(name.port),
      [wanted = wanted_, done = std::move(done)](const boost::system::error_code& error, const auto& found) {
        if (!*wanted) return;
        if (error) return done(base::Error{"name not resolved: " + error.message()});
        done(base::Result<Addresses>(Addresses(found.begin(), found.end())));
      });
}

void SystemResolver::cancel() {
  if (wanted_) *wanted_ = false;
  resolver_.cancel();
}

}  // namespace tsmtp::net
