// One transaction that came over the link: carries bytes between its stream, the sans-I/O delivery, and a
// connection to our MTA. Lives on after its stream until what was committed has ended.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "relayd/mail/delivery.h"
#include "relayd/net/link/site_link.h"
#include "relayd/net/mta/mta_pool.h"
#include "relayd/net/shared_by_sites.h"

namespace tsmtp::net {

class DeliveryStream : public std::enable_shared_from_this<DeliveryStream>,
                       public StreamUser,
                       public MtaUser,
                       public mail::DeliveryHost {
 public:
  struct Callbacks {
    std::function<void(const mail::Summary&)> ended;
    /// Nothing: `told` will be called, later.
    std::function<std::optional<mail::Outcome>(const mail::Ask& question, SiteOutcomes::Told told)>
        end_earlier;
    std::function<bool(const std::string& transaction)> is_disowned;
    std::function<mail::Traced(const std::string& transaction)> trace;
    std::function<void(DeliveryStream&)> gone;  ///< last call; let go of it later, not inside
  };

  /// All but `settings` and `callbacks` is borrowed and outlives it.
  DeliveryStream(mux::StreamKey stream, const SharedBySites& shared, SiteLink& link, MtaPool& pool,
                 mail::DeliverySettings settings, Callbacks callbacks);
  ~DeliveryStream() override;

  void tick();
  /// Lets go of everything at once, whatever was under way.
  void abort();
  [[nodiscard]] bool is_committing(const std::string& transaction) const {
    return delivery_.is_committing() && delivery_.transaction() == transaction;
  }
  [[nodiscard]] bool is_committing() const { return delivery_.is_committing(); }
  [[nodiscard]] bool is_about(const std::string& transaction) const {
    return delivery_.transaction() == transaction;
  }
  [[nodiscard]] mail::Summary so_far(base::TimePoint now) const { return delivery_.so_far(now); }
  /// Ends it if it is that transaction, and has not come to its end of content.
  void give_up(const std::string& transaction);
  /// Anything but waiting for the near side to settle.
  [[nodiscard]] bool in_transaction() const { return !delivery_.is_over() && !delivery_.is_reported(); }
  [[nodiscard]] base::TimePoint transaction_started() const { return delivery_.started(); }

  // StreamUser
  void on_stream_bytes(mux::StreamKey stream, std::string_view bytes) override;
  void on_stream_finished(mux::StreamKey stream) override;
  void on_stream_writable(mux::StreamKey) override;
  void on_stream_lost(mux::StreamKey stream, const std::string& cause) override;
  // MtaUser
  void on_mta_ready(const std::shared_ptr<MtaConnection>& connection, smtp::ClientSession& session) override;
  void on_mta_failed(const std::string& cause, const std::optional<smtp::Reply>& said) override;
  void on_mta_step() override;
  void on_mta_lost(const std::string& cause) override;
  void on_mta_wanted(base::Duration silence) override;
  [[nodiscard]] std::optional<mail::Silence> silence() const override { return delivery_.silence(); }
  // mail::DeliveryHost
  void request_connection(const std::string& helo, bool fresh) override;
  void release_connection(bool reusable) override;
  void begin_commit(const std::string& transaction, const std::vector<std::uint16_t>& refused) override;
  [[nodiscard]] bool claim(const std::string& transaction) override;
  void write_stream(std::string_view bytes) override;
  void consumed(std::size_t bytes) override;
  [[nodiscard]] std::size_t stream_writable() const override;
  [[nodiscard]] std::optional<base::TimePoint> carried_since() const override;
  void finish_stream() override;
  void reset_stream(const std::string& cause) override;
  void record_outcome(const std::string& transaction, const mail::Outcome& outcome) override;
  [[nodiscard]] std::optional<mail::Outcome> end_earlier(const mail::Ask& question) override;
  void forget_outcome(const std::string& transaction) override;
  [[nodiscard]] bool is_disowned(const std::string& transaction) const override {
    return callbacks_.is_disowned(transaction);
  }
  [[nodiscard]] mail::Traced trace(const std::string& transaction) const override {
    return callbacks_.trace(transaction);
  }
  [[nodiscard]] std::optional<std::string> ledger_trouble() const override;
  void ended(const mail::Summary& summary) override;

 private:
  /// The outcome is written, or cannot be, in one of the places where it is to be.
  void written(bool is_there);
  void after_event();
  void write_mta();
  void go_on_later();

  mux::StreamKey stream_;
  const SharedBySites& shared_;
  SiteLink& link_;
  MtaPool& pool_;
  std::string pin_;  // of the site when it came: a reload may give its name to another
  std::string hub_;
  std::string mta_;
  Callbacks callbacks_;
  mail::Delivery delivery_;
  std::optional<MtaPool::Request> request_;  // for a connection
  std::shared_ptr<MtaConnection> connection_;
  std::unique_ptr<WitnessedCommit> commit_;  // while it is_committing()
  std::unique_ptr<OpenClaim> claim_;         // likewise, until its outcome is written
  bool is_without_etcd_ = false;             // it went on though etcd could not be asked
  int writes_under_way_ = 0;                 // of the outcome
  bool is_written_ = false;
  std::string site_value_;  // what the site's hubs have for the transaction in the next line
  std::string of_transaction_;
  bool gone_ = false;
  bool goes_on_ = false;  // will be called again
};

}  // namespace tsmtp::net
