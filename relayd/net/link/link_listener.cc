#include "relayd/net/link/link_listener.h"

#include "relayd/net/io/listening.h"

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;

}  // namespace

LinkListener::LinkListener(const boost::asio::any_io_executor& executor, const TlsContext& tls,
                           Strangers& strangers, Callbacks callbacks, Shortages* shortages)
    : tls_(tls),
      strangers_(strangers),
      callbacks_(std::move(callbacks)),
      shortages_(shortages),
      loop_(executor) {}

base::Result<void> LinkListener::bind(const base::HostPort& address) {
  name_ = address.to_string();
  return listen_tcp(loop_.acceptor(), address);
}

// On the last descriptor too: a link is what a hub is for, and a stranger is soon gone.
void LinkListener::start() {
  loop_.start(shared_from_this(), name_, [this](tcp::socket socket, bool) { accepted(std::move(socket)); });
}

void LinkListener::stop() {
  stopped_ = true;
  for (const auto& known : accepted_)
    if (const auto stranger = known.lock()) stranger->cancel();
  accepted_.clear();
  loop_.stop();
}

void LinkListener::accepted(tcp::socket socket) {
  std::erase_if(accepted_, [](const auto& known) { return known.expired(); });
  const auto stranger = std::make_shared<Stranger>(std::move(socket), tls_, strangers_, callbacks_);
  accepted_.push_back(stranger);
  stranger->start();
}

}  // namespace tsmtp::net
