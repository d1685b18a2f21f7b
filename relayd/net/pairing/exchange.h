// One message each way over a TLS stream whose handshake is done, within a deadline, then the end. It does
// not know what the messages say.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/net/tls/tls_stream.h"

namespace tsmtp::net {

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  struct Callbacks {
    /// Given all that was received so far. nullopt: read on; else what to say to that, perhaps nothing, and
    /// then it is over.
    std::function<std::optional<std::string>(std::string_view received)> heard;
    /// Last call, unless cancelled. `error` is empty if both messages have passed.
    std::function<void(const std::string& error)> ended;
  };

  Exchange(std::unique_ptr<TlsStream> stream, Callbacks callbacks);
  /// Says `words`, perhaps none, and listens. Keeps itself alive until it has ended.
  void start(std::string words);
  /// Closes; nothing is called any more.
  void cancel();

  [[nodiscard]] const TlsStream& stream() const { return *stream_; }

 private:
  void go_on();
  [[nodiscard]] bool write();
  [[nodiscard]] bool read();
  void wait_for(TlsStream::Status status);
  void end(const std::string& error);

  std::unique_ptr<TlsStream> stream_;
  Callbacks callbacks_;
  boost::asio::steady_timer timer_;
  std::string output_;
  std::size_t written_ = 0;
  std::string received_;
  bool has_heard_ = false;
  bool is_over_ = false;
};

}  // namespace tsmtp::net
