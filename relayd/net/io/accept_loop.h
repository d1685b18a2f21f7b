// Accepts at one listening socket until it is stopped. Never busy while there is nothing to accept with: out
// of descriptors it takes clients one by one on the descriptor it has kept, so that each is told, and rests.
#pragma once

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "relayd/net/io/listening.h"
#include "relayd/net/io/shortage.h"

namespace tsmtp::net {

/// Who gets the clients. `is_last`: on the descriptor that was kept for want of any other; let go of it as
/// soon as it may be.
template <typename Socket>
using AcceptedSocket = std::function<void(Socket socket, bool is_last)>;

/// `Owner` is kept alive by what is under way, and has is_accepting() and shortages(), which may be null.
template <typename Acceptor, typename Owner>
class AcceptLoop {
 public:
  using Socket = typename Acceptor::protocol_type::socket;

  explicit AcceptLoop(const boost::asio::any_io_executor& executor) : acceptor_(executor), pause_(executor) {}

  [[nodiscard]] Acceptor& acceptor() { return acceptor_; }
  [[nodiscard]] const Acceptor& acceptor() const { return acceptor_; }

  /// `name` is for the log: the address.
  void start(std::shared_ptr<Owner> owner, std::string name, AcceptedSocket<Socket> accepted) {
    name_ = std::move(name);
    accepted_ = std::move(accepted);
    boost::system::error_code ignored;
    acceptor_.non_blocking(true, ignored);  // what is accepted on the last descriptor may be gone by then
    spare_.refill();
    accept(std::move(owner));
  }
  /// Takes no more clients until resume(), and loses none: they wait in the kernel, for whoever else has this
  /// socket.
  void suspend() {
    is_suspended_ = true;
    pause_.cancel();
    boost::system::error_code ignored;
    acceptor_.cancel(ignored);
  }
  void resume(std::shared_ptr<Owner> owner) {
    is_suspended_ = false;
    if (accepted_ && !is_waiting_) accept(std::move(owner));
  }
  void stop() {
    pause_.cancel();
    spare_.give_up();
    boost::system::error_code ignored;
    acceptor_.close(ignored);
  }

 private:
  static constexpr int kToldInARow = 64;

  void accept(std::shared_ptr<Owner> owner) {
    Owner& self = *owner;
    if (!self.is_accepting() || is_suspended_) return;
    is_waiting_ = true;
    acceptor_.async_accept(
        [this, owner = std::move(owner)](const boost::system::error_code& error, Socket socket) mutable {
          is_waiting_ = false;
          if (!owner->is_accepting()) return;
          if (!error) {
            spare_.refill();
            accepted_(std::move(socket), false);
            return accept(std::move(owner));
          }
          if (error == boost::asio::error::operation_aborted) return accept(std::move(owner));
          if (is_shortage(error)) tell(*owner, error);
          rest(std::move(owner));
        });
  }

  void tell(Owner& owner, const boost::system::error_code& shortage) {
    if (Shortages* const shortages = owner.shortages())
      shortages->note(name_ + ": a client could not be accepted", shortage);
    for (int i = 0; i < kToldInARow && owner.is_accepting() && spare_.give_up(); ++i) {
      Socket last(acceptor_.get_executor());
      boost::system::error_code error;
      acceptor_.accept(last, error);
      if (!error) accepted_(std::move(last), true);
      spare_.refill();
      if (error) return;
    }
  }

  void rest(std::shared_ptr<Owner> owner) {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this, owner = std::move(owner)](const boost::system::error_code& cancelled) mutable {
      if (cancelled) return;
      spare_.refill();
      accept(std::move(owner));
    });
  }

  std::string name_;
  AcceptedSocket<Socket> accepted_;
  Acceptor acceptor_;
  boost::asio::steady_timer pause_;
  SpareDescriptor spare_;
  bool is_suspended_ = false;
  bool is_waiting_ = false;  // for a client
};

}  // namespace tsmtp::net
