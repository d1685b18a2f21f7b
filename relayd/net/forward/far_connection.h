// A connection of a program at another hub to a service at this one: hears what is asked for, has it judged,
// connects to the service, and carries the bytes. It lives until both its socket and its stream are gone.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "relayd/forward/message.h"
#include "relayd/forward/summary.h"
#include "relayd/net/forward/pump.h"
#include "relayd/net/link/site_link.h"
#include "relayd/net/mta/mta_dialer.h"

namespace tsmtp::net {

class FarConnection : public std::enable_shared_from_this<FarConnection>, public StreamUser {
 public:
  struct Callbacks {
    /// It asks for that. One of refuse() and admit() follows, now or later.
    std::function<void(FarConnection&, const forward::Request&)> requested;
    /// Of one that was admitted: whether the service could be reached, and else why not.
    std::function<void(FarConnection&, const base::Result<void>&)> reached;
    std::function<void(const forward::Summary&)> ended;
    std::function<void(FarConnection&)> gone;  ///< last call; let go of it later, not inside
  };

  /// Where an admitted connection goes.
  struct Admission {
    MtaTarget target;
    Paces paces{};
    std::unique_ptr<forward::Protocol> protocol{};
    std::string approved_by{};  ///< empty: nobody had to
    /// A protocol that has to know the socket; may be empty.
    std::function<std::unique_ptr<forward::Protocol>(ByteChannel::Socket&)> make_protocol{};
    forward::Side host = forward::Side::kService;  ///< what is connected to
    std::string service{};                         ///< of a data connection: the service that it is of
  };

  /// `link` is borrowed and outlives it; `stream` was opened by the peer.
  FarConnection(boost::asio::any_io_executor executor, SiteLink& link, mux::StreamKey stream,
                Callbacks callbacks);

  void refuse(const std::string& cause);
  /// The same; `told` is what the other hub hears of it.
  void refuse(const std::string& cause, const std::string& told);
  void admit(Admission admission);
  /// A person is asked first: the other hub is told. `withdraw` is called if it is over before it is refused
  /// or admitted.
  void wait(std::function<void()> withdraw);
  /// Breaks it off.
  void end(const std::string& cause);
  /// Ends it if it has been silent so long, or waits so long for its request.
  void tick(std::chrono::seconds idle_limit);

  /// Empty before it has asked.
  [[nodiscard]] const std::string& service() const { return summary_.service; }
  [[nodiscard]] std::uint64_t id() const { return summary_.id; }
  /// What is known of it by now.
  [[nodiscard]] forward::Summary so_far() const;
  [[nodiscard]] SiteLink& link() const { return link_; }
  /// Of a data connection, else 0.
  [[nodiscard]] std::uint16_t token() const { return summary_.data_token; }
  [[nodiscard]] base::TimePoint last_active() const { return pump_ ? pump_->last_active() : begun_; }
  /// It has asked for its service, and counts against the limit of that.
  [[nodiscard]] bool is_open() const { return has_asked_ && !is_over_; }

  // StreamUser
  void on_stream_bytes(mux::StreamKey stream, std::string_view bytes) override;
  void on_stream_finished(mux::StreamKey stream) override;
  void on_stream_writable(mux::StreamKey stream) override;
  void on_stream_lost(mux::StreamKey stream, const std::string& cause) override;

 private:
  void read_request();
  void connected(ByteChannel::Socket socket, const std::string& header);
  void not_reached(const std::string& cause);
  void over(const std::string& end);

  boost::asio::any_io_executor executor_;
  SiteLink& link_;
  mux::StreamKey stream_;
  Callbacks callbacks_;
  forward::MessageReader request_;
  std::string early_;  // what the program sent before its service was reached
  bool finished_early_ = false;
  std::function<void()> withdraw_;  // while a person is asked
  std::shared_ptr<MtaDialer> dialer_;
  Admission admission_;
  std::unique_ptr<Pump> pump_;
  forward::Summary summary_;
  base::TimePoint begun_;
  base::TimePoint admitted_;
  bool has_asked_ = false;
  bool is_admitted_ = false;
  bool is_over_ = false;
};

}  // namespace tsmtp::net
