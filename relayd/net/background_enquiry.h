// The streams and the clock of mail::Enquiry for one site: asks its relayd about the mails in doubt whenever
// the link is up.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/lifetime.h"
#include "relayd/mail/enquiry.h"
#include "relayd/net/link/site_link.h"
#include "relayd/net/shared_by_sites.h"

namespace tsmtp::net {

/// Whether the peer takes streams that are nothing but a question (docs/protocol.md, "In doubt").
[[nodiscard]] bool answers_enquiries(const SiteLink& link);

class BackgroundEnquiry final : public StreamUser, public mail::EnquiryHost {
 public:
  /// All is borrowed and outlives it; `site` is the name that the site has at the time. `rules`: about
  /// which of them, and what is said with the question.
  struct Rules {
    ledger::Doubts::MayBeAsked may_be_asked;
    std::function<mail::Ask::Went(const std::string& transaction)> went;
  };
  BackgroundEnquiry(const SharedBySites& shared, SiteLink& link, const std::string& site, Rules rules);
  ~BackgroundEnquiry() override;
  BackgroundEnquiry(const BackgroundEnquiry&) = delete;
  BackgroundEnquiry& operator=(const BackgroundEnquiry&) = delete;

  void link_up();
  /// Nothing is asked any more.
  void stop();

  // StreamUser
  void on_stream_bytes(mux::StreamKey stream, std::string_view bytes) override;
  void on_stream_finished(mux::StreamKey stream) override;
  void on_stream_writable(mux::StreamKey) override {}
  void on_stream_lost(mux::StreamKey stream, const std::string& cause) override;
  // mail::EnquiryHost
  [[nodiscard]] base::Result<mux::StreamKey> open_stream() override;
  [[nodiscard]] mail::Ask::Went went(const std::string& transaction) const override {
    return rules_.went(transaction);
  }
  void write_stream(mux::StreamKey stream, std::string_view bytes) override;
  void finish_stream(mux::StreamKey stream) override;
  void reset_stream(mux::StreamKey stream) override;
  [[nodiscard]] std::optional<std::string> next_to_ask(const std::string& after,
                                                       base::Duration min_age) const override;
  bool was_delivered(const std::string& transaction, const std::vector<std::uint16_t>& refused) override;
  void was_not_delivered(const std::string& transaction) override;

 private:
  void wait();

  const SharedBySites& shared_;
  SiteLink& link_;
  const std::string& site_;
  Rules rules_;
  mail::Enquiry enquiry_;
  boost::asio::steady_timer timer_;
  bool stopped_ = false;
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::net
