#include "relayd/net/background_enquiry.h"

#include "relayd/base/bytes.h"
#include "relayd/mail/service.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::net {

bool answers_enquiries(const SiteLink& link) {
  return link.peer() != nullptr && link.peer()->answers_enquiries();
}

BackgroundEnquiry::BackgroundEnquiry(const SharedBySites& shared, SiteLink& link, const std::string& site,
                                     Rules rules)
    : shared_(shared),
      link_(link),
      site_(site),
      rules_(std::move(rules)),
      enquiry_(*this),
      timer_(shared.executor) {}

BackgroundEnquiry::~BackgroundEnquiry() {
  stop();
  lifetime_.end();
}

void BackgroundEnquiry::link_up() {
  enquiry_.link_up(now());
  wait();
}

void BackgroundEnquiry::stop() {
  stopped_ = true;
  timer_.cancel();
}

void BackgroundEnquiry::wait() {
  if (stopped_) return;
  timer_.expires_at(enquiry_.deadline());
  timer_.async_wait(lifetime_.guard([this](const boost::system::error_code& error) {
    if (error) return;
    enquiry_.tick(now());
    wait();
  }));
}

void BackgroundEnquiry::on_stream_bytes(mux::StreamKey stream, std::string_view bytes) {
  link_.consumed(stream, bytes.size());
  enquiry_.stream_received(stream, bytes, now());
}

// The far side finishes only after us, when nobody listens any more.
void BackgroundEnquiry::on_stream_finished(mux::StreamKey stream) {
  link_.reset(stream, mux::ResetCode::kFailed, "finished before its end");
  enquiry_.stream_lost(stream, now());
}

void BackgroundEnquiry::on_stream_lost(mux::StreamKey stream, const std::string& /*cause*/) {
  enquiry_.stream_lost(stream, now());
}

base::Result<mux::StreamKey> BackgroundEnquiry::open_stream() {
  return link_.open(mail::kService, *this);
}

void BackgroundEnquiry::write_stream(mux::StreamKey stream, std::string_view bytes) {
  link_.write(stream, bytes);
}

void BackgroundEnquiry::finish_stream(mux::StreamKey stream) {
  link_.finish(stream);
  link_.forget(stream);
}

void BackgroundEnquiry::reset_stream(mux::StreamKey stream) {
  link_.reset(stream, mux::ResetCode::kCancelled, "given up by the near side");
}

std::optional<std::string> BackgroundEnquiry::next_to_ask(const std::string& after,
                                                          base::Duration min_age) const {
  // What is under way at our other process is no doubt yet, and looks like one.
  if (shared_.instance.is_one_of_two()) return std::nullopt;
  if (link_.open_connections() == 0 || link_.peer_drains() || !answers_enquiries(link_)) return std::nullopt;
  return shared_.ledger.next_to_ask(site_, after, min_age, rules_.may_be_asked);
}

bool BackgroundEnquiry::was_delivered(const std::string& transaction,
                                      const std::vector<std::uint16_t>& refused) {
  shared_.log.log_provoked(
      base::Provoked::kPeer, site_, base::LogLevel::kInfo,
      link_.hub() + ": the mail in doubt " + base::hex(transaction).substr(0, 12) +
          " was delivered, its relayd says; should our MTA try it again, it will be told");
  return shared_.ledger.was_delivered(transaction, refused);
}

void BackgroundEnquiry::was_not_delivered(const std::string& transaction) {
  shared_.log.log_provoked(base::Provoked::kPeer, site_, base::LogLevel::kInfo,
                           link_.hub() + ": the mail in doubt " + base::hex(transaction).substr(0, 12) +
                               " was not delivered, its relayd says; our MTA may try it again");
  shared_.ledger.was_not_delivered(transaction);
}

}  // namespace tsmtp::net
