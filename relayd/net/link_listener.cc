#include "relayd/net/link_listener.h"

#include "relayd/net/listening.h"

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

}  // namespace

LinkListener::LinkListener(const boost::asio::any_io_executor& executor, const TlsContext& tls,
                           Strangers& strangers, Callbacks callbacks)
    : tls_(tls),
      strangers_(strangers),
      callbacks_(std::move(callbacks)),
      acceptor_(executor),
      pause_(executor) {}

base::Result<void> LinkListener::bind(const base::HostPort& address) {
  return listen_tcp(acceptor_, address);
}

void LinkListener::start() {
  accept();
}

void LinkListener::stop() {
  stopped_ = true;
  for (const auto& known : accepted_)
    if (const auto stranger = known.lock()) stranger->cancel();
  accepted_.clear();
  pause_.cancel();
  error_code ignored;
  acceptor_.close(ignored);
}

void LinkListener::accept() {
  if (stopped_) return;
  acceptor_.async_accept([self = shared_from_this()](const error_code& error, tcp::socket socket) {
    if (self->stopped_) return;
    if (!error) self->accepted(std::move(socket));
    if (!error) return self->accept();
    // Out of descriptors, mostly: give others time to close some.
    self->pause_.expires_after(kAcceptPause);
    self->pause_.async_wait([self](const error_code& cancelled) {
      if (!cancelled) self->accept();
    });
  });
}

void LinkListener::accepted(tcp::socket socket) {
  std::erase_if(accepted_, [](const auto& known) { return known.expired(); });
  const auto stranger = std::make_shared<Stranger>(std::move(socket), tls_, strangers_, callbacks_);
  accepted_.push_back(stranger);
  stranger->start();
}

}  // namespace tsmtp::net
