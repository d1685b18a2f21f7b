#include "relayd/net/link/dialer.h"

#include <algorithm>
#include <sstream>

#include "relayd/net/io/shortage.h"

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr Backoff::Milliseconds kFirstWait{250};
constexpr std::chrono::seconds kStepTimeout{10};  // to resolve a name, to connect to an address
constexpr std::size_t kMaxAddresses = 8;          // of one name

using Reached = Dialer::Failure::Reached;

// Somebody answered that nobody listens; of other errors it is not known how far they are from us.
Reached reached_by(const error_code& error) {
  return error == boost::asio::error::connection_refused || error == boost::asio::error::connection_reset
             ? Reached::kHost
             : Reached::kName;
}

std::string text(const tcp::endpoint& endpoint) {
  std::ostringstream out;
  out << endpoint;
  return out.str();
}

}  // namespace

Dialer::Dialer(const boost::asio::any_io_executor& executor, const TlsContext& tls, Settings settings,
               Callbacks callbacks)
    : Dialer(std::make_unique<SystemResolver>(executor), executor, tls, std::move(settings),
             std::move(callbacks)) {}

Dialer::Dialer(std::unique_ptr<Resolver> resolver, const boost::asio::any_io_executor& executor,
               const TlsContext& tls, Settings settings, Callbacks callbacks)
    : tls_(tls),
      settings_(std::move(settings)),
      callbacks_(std::move(callbacks)),
      backoff_(std::min(kFirstWait, settings_.longest_wait), settings_.longest_wait),
      resolver_(std::move(resolver)),
      socket_(executor),
      timer_(executor) {}

void Dialer::start() {
  if (dialling_ || stopped_) return;
  dialling_ = true;
  next_try_.reset();
  timer_.cancel();
  dial(0);
}

void Dialer::start_later() {
  if (dialling_ || stopped_) return;
  const auto wait = backoff_.next();
  next_try_ = std::chrono::system_clock::now() + wait;
  timer_.expires_after(wait);
  timer_.async_wait([self = shared_from_this(), step = ++step_](const error_code& error) {
    if (!error && step == self->step_) self->start();
  });
}

void Dialer::came_to_nothing(const std::string& cause) {
  if (dialling_ || stopped_ || next_try_) return;
  dialling_ = true;
  attempt_failed(cause, Reached::kProgram);
}

void Dialer::rest() {
  cancel();
  backoff_.reset();
  failures_.clear();
}

void Dialer::stop() {
  stopped_ = true;
  cancel();
}

void Dialer::cancel() {
  ++step_;
  dialling_ = false;
  next_try_.reset();
  timer_.cancel();
  resolver_->cancel();
  if (handshake_) (void)handshake_->cancel();
  error_code ignored;
  socket_.close(ignored);
}

// Of the step that begins now; what was under way before is of no interest any more.
void Dialer::set_deadline(const std::string& cause, Failure::Reached reached) {
  timer_.expires_after(kStepTimeout);
  timer_.async_wait([self = shared_from_this(), step = ++step_, cause, reached](const error_code& error) {
    if (error || step != self->step_) return;
    self->resolver_->cancel();
    self->attempt_failed(cause, reached);
  });
}

void Dialer::dial(std::size_t target) {
  target_ = target;
  to_try_.clear();
  next_address_ = 0;
  causes_so_far_.clear();
  reached_so_far_ = Reached::kNowhere;
  brief_so_far_.clear();
  set_deadline("name not resolved within 10 seconds", Reached::kNowhere);
  resolver_->resolve(settings_.addresses[target],
                     [self = shared_from_this(), step = step_](base::Result<Resolver::Addresses> found) {
                       if (step != self->step_) return;
                       if (!found) return self->attempt_failed(found.error().message, Reached::kNowhere);
                       self->to_try_ = std::move(*found);
                       self->to_try_.resize(std::min(self->to_try_.size(), kMaxAddresses));
                       self->connect_next();
                     });
}

void Dialer::connect_next() {
  set_deadline("connection timed out", Reached::kName);
  error_code ignored;
  socket_.close(ignored);
  socket_.async_connect(to_try_[next_address_++],
                        [self = shared_from_this(), step = step_](const error_code& error) {
                          if (step != self->step_) return;
                          if (error) return self->attempt_failed(cause_of(error), reached_by(error));
                          self->handshake();
                        });
}

void Dialer::handshake() {
  ++step_;
  timer_.cancel();
  auto stream =
      std::make_unique<TlsStream>(std::move(socket_), tls_, TlsStream::Role::kClient, callbacks_.accept_peer);
  socket_ = tcp::socket(timer_.get_executor());
  handshake_ = std::make_shared<Handshake>(
      std::move(stream),
      [self = shared_from_this()](std::unique_ptr<TlsStream> connected, const std::string& error) {
        if (!error.empty()) return self->attempt_failed(error, Reached::kProgram);
        self->dialling_ = false;
        self->callbacks_.connected(std::move(connected));
      });
  handshake_->start();
}

// One of the addresses that a name stands for: the others may do.
void Dialer::attempt_failed(const std::string& cause, Failure::Reached reached) {
  ++step_;
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
  std::string which;
  if (next_address_ > 0) {
    const std::string tried = text(to_try_[next_address_ - 1]);
    if (tried != settings_.addresses[target_].to_string()) which = tried + ": ";
  }
  causes_so_far_ += (causes_so_far_.empty() ? "" : ", ") + which + cause;
  if (brief_so_far_.empty() || reached > reached_so_far_) {
    reached_so_far_ = reached;
    brief_so_far_ = cause + ", " + settings_.addresses[target_].to_string();
  }
  if (next_address_ < to_try_.size()) return connect_next();
  target_failed(causes_so_far_);
}

void Dialer::target_failed(const std::string& cause) {
  const Failure failure{.address = settings_.addresses[target_].to_string(),
                        .when = std::chrono::system_clock::now(),
                        .cause = cause,
                        .reached = reached_so_far_,
                        .brief = brief_so_far_};
  auto known = std::find_if(failures_.begin(), failures_.end(),
                            [&](const Failure& other) { return other.address == failure.address; });
  const bool news = known == failures_.end() || known->cause != cause;
  if (known == failures_.end()) {
    failures_.push_back(failure);
  } else {
    *known = failure;
  }
  const unsigned step = step_;
  callbacks_.failed(failure, news);
  if (stopped_ || step != step_) return;
  if (target_ + 1 < settings_.addresses.size()) return dial(target_ + 1);
  dialling_ = false;
  start_later();
}

std::string Dialer::cause() const {
  const auto most =
      std::max_element(failures_.begin(), failures_.end(),
                       [](const Failure& a, const Failure& b) { return a.reached < b.reached; });
  return most == failures_.end() ? "not yet dialled" : most->brief;
}

}  // namespace tsmtp::net
