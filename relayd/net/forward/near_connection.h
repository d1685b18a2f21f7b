// A connection of a program at this hub to a service at another: asks the far hub for the service, and
// carries the bytes. It lives until both its socket and its stream are gone.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "relayd/forward/message.h"
#include "relayd/forward/summary.h"
#include "relayd/net/forward/pump.h"
#include "relayd/net/link/site_link.h"

namespace tsmtp::net {

class NearConnection : public std::enable_shared_from_this<NearConnection>, public StreamUser {
 public:
  struct Callbacks {
    std::function<void(const forward::Summary&)> ended;
    std::function<void(NearConnection&)> gone;  ///< last call; let go of it later, not inside
  };

  /// `link` is borrowed and outlives it.
  NearConnection(SiteLink& link, std::string service, Callbacks callbacks);
  /// A data connection of the connection `id`, at either end of that.
  struct Data {
    std::uint64_t id;
    std::uint16_t token;
    forward::Side host;
    Paces paces;
  };
  NearConnection(SiteLink& link, const Data& data, Callbacks callbacks);

  /// Begins for the program at the other end of `socket`. The error says why it cannot; the program has been
  /// shown that by a reset then.
  [[nodiscard]] base::Result<void> start(ByteChannel::Socket socket, const std::string& user,
                                         std::unique_ptr<forward::Protocol> protocol = {});
  /// Breaks it off.
  void end(const std::string& cause);

  [[nodiscard]] const std::string& service() const { return summary_.service; }
  [[nodiscard]] std::uint64_t id() const { return summary_.id; }
  /// What is known of it by now.
  [[nodiscard]] forward::Summary so_far() const;
  /// A person at the far hub is asked.
  [[nodiscard]] bool is_waiting() const { return is_waiting_ && !is_over_; }
  /// `ended` was told.
  [[nodiscard]] bool is_over() const { return is_over_; }
  [[nodiscard]] base::TimePoint last_active() const { return pump_ ? pump_->last_active() : begun_; }

  // StreamUser
  void on_stream_bytes(mux::StreamKey stream, std::string_view bytes) override;
  void on_stream_finished(mux::StreamKey stream) override;
  void on_stream_writable(mux::StreamKey stream) override;
  void on_stream_lost(mux::StreamKey stream, const std::string& cause) override;

 private:
  [[nodiscard]] forward::Request request() const;
  [[nodiscard]] std::string read_answers();
  void over(const std::string& end);

  SiteLink& link_;
  Callbacks callbacks_;
  mux::StreamKey stream_ = 0;
  std::optional<forward::MessageReader> answers_{std::in_place};  // until it is accepted
  std::unique_ptr<Pump> pump_;
  Paces paces_;
  forward::Summary summary_;
  base::TimePoint begun_;
  bool is_waiting_ = false;
  bool is_over_ = false;
};

}  // namespace tsmtp::net
