// The link to one site: dials, takes connections that were dialled, decides which one counts, and gives its
// streams to their users. When it is down it knows since when and why.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/base/result.h"
#include "relayd/net/dialer.h"
#include "relayd/net/link_connection.h"
#include "relayd/net/link_settings.h"
#include "relayd/net/services.h"
#include "relayd/net/site_settings.h"

namespace tsmtp::net {

/// Who uses a stream. Must call SiteLink::forget() (or end the stream) before it goes.
class StreamUser {
 public:
  virtual ~StreamUser() = default;
  virtual void on_stream_bytes(mux::StreamId stream, std::string_view bytes) = 0;
  virtual void on_stream_finished(mux::StreamId stream) = 0;
  virtual void on_stream_writable(mux::StreamId stream) = 0;
  /// Last call for this stream: reset by the peer, or the link went down. `cause` is a sentence with its
  /// time.
  virtual void on_stream_lost(mux::StreamId stream, const std::string& cause) = 0;
};

class SiteLink : public LinkConnectionOwner {
 public:
  struct Callbacks {
    /// The peer opened a stream; who uses it? Null: nobody, refuse it.
    std::function<StreamUser*(mux::StreamId)> accept_stream;
    std::function<void()> up;
    std::function<void()> down;
    std::function<void(std::string_view)> noticed;
  };

  /// `services` is borrowed.
  SiteLink(const Services& services, std::string site, std::vector<std::string> pins,
           std::vector<base::HostPort> dial, LinkSettings settings, Callbacks callbacks);
  ~SiteLink() override;
  SiteLink(const SiteLink&) = delete;
  SiteLink& operator=(const SiteLink&) = delete;

  void start();
  /// Other pins, addresses and settings. A link that is up stays, as long as its key is still pinned;
  /// settings hold from the next connection on.
  void reconfigure(std::vector<std::string> pins, const std::vector<base::HostPort>& dial,
                   const LinkSettings& settings);
  /// Closes everything, with a reason for the peer.
  void stop(const std::string& reason);
  /// Tells the peer that we take no more transactions.
  void drain();

  [[nodiscard]] bool has_pin(const std::string& pin) const;
  /// A connection with one of our pins whose handshake is done.
  void adopt(std::unique_ptr<TlsStream> stream, mux::Role role);

  [[nodiscard]] bool is_up() const { return current_ != nullptr; }
  [[nodiscard]] bool peer_drains() const { return current_ && current_->session().peer_drains(); }
  /// "link down since 12:03:04 (connection timed out)".
  [[nodiscard]] std::string down_text() const;

  [[nodiscard]] base::Result<mux::StreamId> open(StreamUser& user);
  [[nodiscard]] std::size_t writable(mux::StreamId stream) const;
  void write(mux::StreamId stream, std::string_view bytes);
  void consumed(mux::StreamId stream, std::size_t bytes);
  void finish(mux::StreamId stream);
  void reset(mux::StreamId stream, mux::ResetCode code, const std::string& cause);
  /// The user does not want to hear of the stream any more.
  void forget(mux::StreamId stream) { users_.erase(stream); }
  void notice(const std::string& bytes);

  // For status.
  [[nodiscard]] base::WallTime since() const { return since_; }
  [[nodiscard]] const std::string& cause() const { return cause_; }
  [[nodiscard]] const LinkConnection* connection() const { return current_.get(); }
  [[nodiscard]] std::optional<base::WallTime> next_dial() const;
  [[nodiscard]] std::uint64_t times_up() const { return times_up_; }
  [[nodiscard]] std::uint64_t streams_refused() const;
  [[nodiscard]] bool is_dialled() const { return dialer_ != nullptr; }
  /// Why each address that we dial has failed; empty while the link is up.
  [[nodiscard]] std::vector<Dialer::Failure> dial_failures() const;

  void on_event(LinkConnection& connection, mux::Event event) override;
  void on_connection_lost(LinkConnection& connection, const std::string& cause) override;

 private:
  [[nodiscard]] std::shared_ptr<Dialer> make_dialer();
  void established(LinkConnection& connection);
  [[nodiscard]] bool prefers(const LinkConnection& candidate) const;
  void drop_current(const std::string& reason);
  void go_down(const std::string& cause);
  void set_cause(const std::string& cause);
  void dial_failed(const Dialer::Failure& failure, bool news);
  void stream_event(mux::Event& event);
  void opened(mux::StreamId stream);
  [[nodiscard]] StreamUser* user(mux::StreamId stream) const;
  void log(base::LogLevel level, const std::string& text) const;

  const Services& services_;
  std::string site_;
  std::vector<std::string> pins_;
  std::vector<base::HostPort> dial_;
  LinkSettings settings_;
  Callbacks callbacks_;
  std::shared_ptr<Dialer> dialer_;
  std::shared_ptr<LinkConnection> current_;
  std::vector<std::shared_ptr<LinkConnection>> candidates_;  // authenticated, Hello not yet received
  std::map<mux::StreamId, StreamUser*> users_;
  base::WallTime since_;
  std::string cause_;
  std::string logged_cause_;
  std::uint64_t times_up_ = 0;
  std::uint64_t streams_refused_before_ = 0;
  bool draining_ = false;
  bool stopped_ = false;
};

}  // namespace tsmtp::net
