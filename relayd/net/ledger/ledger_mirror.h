// What two relayds of one hub, of which one takes over from the other, tell each other of the ledger as they
// remember it: rows that are written, and which mails in doubt are under way at whom. A local socket, so that
// all that the other one has said before something happened is here when that is heard of.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/base/descriptor.h"
#include "relayd/base/lifetime.h"
#include "relayd/ledger/news.h"

namespace tsmtp::net {

class LedgerMirror {
 public:
  struct Host {
    std::function<void(const ledger::News&)> told;
    /// The other one has ended, or cannot be understood. Last call, from the loop.
    std::function<void()> gone;
  };

  LedgerMirror(const boost::asio::any_io_executor& executor, base::Descriptor socket, Host host);
  ~LedgerMirror() { lifetime_.end(); }
  LedgerMirror(const LedgerMirror&) = delete;
  LedgerMirror& operator=(const LedgerMirror&) = delete;

  void start() { wait_to_read(); }
  /// Never blocks.
  void tell(const ledger::News& news);
  /// Takes in all that has been said so far. Never blocks.
  void catch_up();
  /// The same until something that is wanted comes, which is returned; blocks for `patience` at most.
  [[nodiscard]] std::optional<ledger::News> wait_for(
      const std::function<bool(const ledger::News&)>& is_wanted, base::Duration patience);
  [[nodiscard]] bool is_gone() const { return is_gone_; }

 private:
  void wait_to_read();
  void read();
  void flush();
  void lost();

  boost::asio::local::stream_protocol::socket socket_;
  Host host_;
  std::string in_;
  std::string out_;
  bool waits_to_write_ = false;
  bool is_gone_ = false;
  std::function<bool(const ledger::News&)> is_wanted_;  // while wait_for() waits
  std::optional<ledger::News> wanted_;
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::net
