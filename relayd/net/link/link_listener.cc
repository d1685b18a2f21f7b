#include "relayd/net/link/link_listener.h"

#include "relayd/net/io/listening.h"

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;

}  // namespace

LinkListener::LinkListener(const boost::asio::any_io_executor& executor, const TlsContext& tls,
                           AdmissionControl& admission, Callbacks callbacks, Shortages* shortages)
    : tls_(tls),
      admission_(admission),
      callbacks_(std::move(callbacks)),
      shortages_(shortages),
      loop_(executor) {}

base::Result<void> LinkListener::bind(const base::HostPort& address) {
  name_ = address.to_string();
  return listen_tcp(loop_.acceptor(), address);
}

base::Result<void> LinkListener::take_over(const base::HostPort& address, base::Descriptor socket) {
  name_ = address.to_string();
  return adopt(loop_.acceptor(), std::move(socket));
}

// On the last descriptor too: a link is what a hub is for, and an unauthenticated connection is soon gone.
void LinkListener::start() {
  loop_.start(shared_from_this(), name_, [this](tcp::socket socket, bool) { accepted(std::move(socket)); });
}

void LinkListener::stop() {
  stopped_ = true;
  for (const auto& known : accepted_)
    if (const auto connection = known.lock()) connection->cancel();
  accepted_.clear();
  loop_.stop();
}

void LinkListener::accepted(tcp::socket socket) {
  std::erase_if(accepted_, [](const auto& known) { return known.expired(); });
  const auto connection =
      std::make_shared<UnauthenticatedConnection>(std::move(socket), tls_, admission_, callbacks_);
  accepted_.push_back(connection);
  connection->start();
}

}  // namespace tsmtp::net
