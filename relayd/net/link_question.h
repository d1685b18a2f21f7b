// A question to a hub, on a stream of its own in the service of mail: what is sent, what is made of the
// records that come back, and when it is given up. Delivers nothing.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "relayd/mail/record_reader.h"
#include "relayd/net/link/site_link.h"
#include "relayd/net/shared_by_sites.h"

namespace tsmtp::net {

class LinkQuestion : public std::enable_shared_from_this<LinkQuestion>, public StreamUser {
 public:
  struct Callbacks {
    /// A record has come. True: nothing more is awaited.
    std::function<bool(mail::Record&)> take;
    /// Called once, after the last take(). `trouble`: why nothing more comes; empty: all is there.
    std::function<void(const std::string& trouble)> done;
  };

  static constexpr std::chrono::seconds kTimeout{10};

  /// Sends `records`. Calls `done` perhaps at once, and after kTimeout at the latest. `shared` is borrowed
  /// and outlives it. The link may go earlier.
  static void ask(const SharedBySites& shared, SiteLink& link, std::string_view records, Callbacks callbacks);
  LinkQuestion(const SharedBySites& shared, SiteLink& link, Callbacks callbacks);

  void on_stream_bytes(mux::StreamKey stream, std::string_view bytes) override;
  void on_stream_finished(mux::StreamKey stream) override;
  void on_stream_writable(mux::StreamKey) override {}
  void on_stream_lost(mux::StreamKey stream, const std::string& cause) override;

 private:
  void start(std::string_view records);
  [[nodiscard]] base::Result<bool> read(std::string_view bytes);
  void finish(const std::string& trouble);
  void give_up(const std::string& trouble);

  SiteLink& link_;
  Callbacks callbacks_;
  mail::RecordReader reader_;
  std::optional<mux::StreamKey> stream_;
  std::shared_ptr<LinkQuestion> self_;  // until it is over
  boost::asio::steady_timer timer_;
};

}  // namespace tsmtp::net
