// Asks a site whether it would take a mail: what its relayd's rules and its MTA answer to MAIL and RCPT. No
// content is ever sent, so nothing is delivered; the transaction is given up as one is whose client went
// away.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "relayd/mail/record.h"
#include "relayd/net/link/site_link.h"
#include "relayd/net/shared_by_sites.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::net {

class RecipientProbe : public std::enable_shared_from_this<RecipientProbe>, public StreamUser {
 public:
  /// Addresses without angle brackets; no sender is that of bounces.
  struct Question {
    std::string sender;
    std::string recipient;
  };
  struct Answer {
    std::optional<smtp::Reply> mail{};
    std::optional<smtp::Reply> recipient{};
    std::string trouble{};  ///< why one of them is missing
  };
  using Done = std::function<void(const Answer&)>;

  /// Calls `done` once, perhaps at once, and after kTimeout at the latest. `shared` is borrowed and outlives
  /// it. The link may go earlier.
  static void ask(const SharedBySites& shared, SiteLink& link, const Question& question, Done done);
  RecipientProbe(const SharedBySites& shared, SiteLink& link, Done done);

  static constexpr std::chrono::seconds kTimeout{10};

  void on_stream_bytes(mux::StreamKey stream, std::string_view bytes) override;
  void on_stream_finished(mux::StreamKey stream) override;
  void on_stream_writable(mux::StreamKey) override {}
  void on_stream_lost(mux::StreamKey stream, const std::string& cause) override;

 private:
  void start(const Question& question);
  [[nodiscard]] base::Result<void> read(std::string_view bytes);
  void finish(const std::string& trouble);
  void give_up(const std::string& trouble);

  const SharedBySites& shared_;
  SiteLink& link_;
  Done done_;
  mail::RecordReader reader_;
  Answer answer_;
  std::optional<mux::StreamKey> stream_;
  std::shared_ptr<RecipientProbe> self_;  // until it is over
  boost::asio::steady_timer timer_;
};

}  // namespace tsmtp::net
