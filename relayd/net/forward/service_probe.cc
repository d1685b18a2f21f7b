#include "relayd/net/forward/service_probe.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "relayd/net/io/clocks.h"
#include "relayd/net/io/socket_peer.h"

namespace tsmtp::net {
namespace {

constexpr std::chrono::milliseconds kInterval{500};
constexpr std::chrono::seconds kConnectPatience{5};

// The kernel is asked for numeric addresses; whether it is one of ours, its answer shows.
bool is_local(const base::HostPort& address) {
  return !address.is_unix() && (base::is_ipv4(address.host) || address.host.find(':') != std::string::npos);
}

}  // namespace

ServiceProbe::ServiceProbe(const boost::asio::any_io_executor& executor, MtaTarget target,
                           std::function<void()> changed)
    : target_(std::move(target)),
      changed_(std::move(changed)),
      executor_(executor),
      timer_(executor),
      probing_(is_local(target_.address)) {}

ServiceProbe::~ServiceProbe() {
  lifetime_.end();
  if (dialer_) dialer_->cancel();
}

void ServiceProbe::start() {
  boost::asio::post(executor_, lifetime_.guard([this] { look(); }));
}

void ServiceProbe::look() {
  if (dialer_ && now() - dialled_ > kConnectPatience) {
    std::exchange(dialer_, nullptr)->cancel();
    probing_.failed("it does not answer a connection", now());
  }
  if (probing_.due(now()) == forward::Probing::Step::kAskKernel)
    probing_.kernel_says(somebody_listens(target_.address), now());
  if (probing_.due(now()) == forward::Probing::Step::kConnect) connect();
  tell_if_changed();
  timer_.expires_after(kInterval);
  timer_.async_wait(lifetime_.guard([this](const boost::system::error_code& error) {
    if (!error) look();
  }));
}

void ServiceProbe::connect() {
  probing_.connecting();
  dialled_ = now();
  dialer_ = std::make_shared<MtaDialer>(executor_);
  dialer_->dial(target_, true,
                {.connected = lifetime_.guard([this](ByteChannel::Socket /*socket*/, const std::string&) {
                   dialer_.reset();
                   probing_.connected(now());
                   tell_if_changed();
                 }),
                 .failed = lifetime_.guard([this](const std::string& cause, bool /*is_want_here*/) {
                   dialer_.reset();
                   probing_.failed(cause, now());
                   tell_if_changed();
                 })});
}

void ServiceProbe::reached(const base::Result<void>& how) {
  how ? probing_.connected(now()) : probing_.failed(how.error().message, now());
  boost::asio::post(executor_, lifetime_.guard([this] { tell_if_changed(); }));
}

void ServiceProbe::tell_if_changed() {
  if (probing_.answers() == told_) return;
  told_ = probing_.answers();
  changed_();
}

}  // namespace tsmtp::net
