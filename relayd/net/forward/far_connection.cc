#include "relayd/net/forward/far_connection.h"

#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::net {
namespace {

// The request comes with the first bytes of its stream.
constexpr std::chrono::seconds kRequestPatience{30};
constexpr std::chrono::seconds kReachPatience{10};
// Of a program that was told why it is not let in, and does not go.
constexpr std::chrono::seconds kLeavePatience{10};

}  // namespace

FarConnection::FarConnection(boost::asio::any_io_executor executor, SiteLink& link, mux::StreamKey stream,
                             Callbacks callbacks)
    : executor_(std::move(executor)),
      link_(link),
      stream_(stream),
      callbacks_(std::move(callbacks)),
      begun_(now()) {
  summary_.side = forward::Side::kService;
  summary_.site = link.site();
  summary_.begun = wall_now();
}

void FarConnection::on_stream_bytes(mux::StreamKey /*stream*/, std::string_view bytes) {
  if (is_over_) return link_.consumed(stream_, bytes.size());
  if (pump_) return pump_->from_link(bytes);
  if (has_asked_) {  // no more than a window: nothing of it is credited before the service takes it
    early_ += bytes;
    return;
  }
  request_.add(bytes);
  read_request();
}

void FarConnection::read_request() {
  const std::size_t before = request_.size();
  const auto message = request_.next();
  if (!message) return end(message.error().message);
  if (!*message) return;
  link_.consumed(stream_, before - request_.size());
  const auto* asked = std::get_if<forward::Request>(&**message);
  if (asked == nullptr) return end("peer began a forward with an answer");
  has_asked_ = true;
  early_ = request_.take_rest();
  summary_.id = asked->id;
  if (asked->kind == forward::Request::Kind::kData) summary_.data_token = asked->token;
  summary_.service = asked->service;
  summary_.user = asked->user;
  summary_.client = asked->client;
  callbacks_.requested(*this, *asked);
}

void FarConnection::wait(std::function<void()> withdraw) {
  withdraw_ = std::move(withdraw);
  link_.write(stream_, forward::encode(forward::Waiting{}));
}

void FarConnection::refuse(const std::string& cause) {
  refuse(cause, cause);
}

void FarConnection::refuse(const std::string& cause, const std::string& told) {
  if (is_over_) return;
  withdraw_ = nullptr;
  link_.write(stream_, forward::encode(forward::Refused{.cause = told}));
  link_.finish(stream_);
  link_.consumed(stream_, early_.size());  // else the peer could not come to its end
  summary_.was_refused = true;
  over(cause);
}

void FarConnection::admit(Admission admission) {
  if (is_over_) return;
  withdraw_ = nullptr;
  is_admitted_ = true;
  admitted_ = now();
  admission_ = std::move(admission);
  summary_.approved_by = admission_.approved_by;
  summary_.side = admission_.host;
  if (!admission_.service.empty()) summary_.service = admission_.service;
  dialer_ = std::make_shared<MtaDialer>(executor_);
  dialer_->dial(admission_.target, false,
                {.connected = [this](ByteChannel::Socket socket,
                                     const std::string& header) { connected(std::move(socket), header); },
                 .failed = [this](const std::string& cause,
                                  bool /*is_want_here*/) { not_reached(cause); }});  // over() cancels it
}

void FarConnection::not_reached(const std::string& cause) {
  callbacks_.reached(*this, base::Error{cause});
  refuse("the service cannot be reached (" + cause + ")");
}

void FarConnection::connected(ByteChannel::Socket socket, const std::string& header) {
  callbacks_.reached(*this, {});
  link_.write(stream_, forward::encode(forward::Accepted{.approved_by = admission_.approved_by}));
  if (admission_.make_protocol) admission_.protocol = admission_.make_protocol(socket);
  pump_ = std::make_unique<Pump>(std::move(socket),
                                 Pump::Means{.link = link_,
                                             .stream = stream_,
                                             .host = admission_.host,
                                             .paces = admission_.paces,
                                             .protocol = std::move(admission_.protocol),
                                             .preface = header,
                                             .over = [this](const std::string& end) { over(end); }});
  pump_->start();
  const std::string early = std::exchange(early_, {});
  if (!early.empty() && !is_over_) pump_->from_link(early);
  if (finished_early_ && !is_over_) pump_->link_finished();
}

void FarConnection::end(const std::string& cause) {
  if (is_over_) return;
  if (pump_) return pump_->end(cause);
  link_.reset(stream_, mux::ResetCode::kFailed, cause);
  summary_.was_refused = true;
  over(cause);
}

void FarConnection::tick(std::chrono::seconds idle_limit) {
  if (is_over_) return;
  if (!has_asked_ && now() - begun_ > kRequestPatience) return end("no request came");
  if (is_admitted_ && !pump_ && now() - admitted_ > kReachPatience)
    return not_reached("it does not answer a connection");
  if (pump_ && pump_->is_leaving() && now() - pump_->last_active() > kLeavePatience)
    return pump_->end("told why, and still there");
  if (!pump_ || idle_limit.count() == 0 || now() - pump_->last_active() < idle_limit) return;
  pump_->end("silent for " + std::to_string(idle_limit.count()) + " s (idle_timeout)");
}

void FarConnection::on_stream_finished(mux::StreamKey /*stream*/) {
  if (is_over_) return;
  if (pump_) return pump_->link_finished();
  if (!has_asked_) return end("ended before it asked for a service");
  finished_early_ = true;
}

void FarConnection::on_stream_writable(mux::StreamKey /*stream*/) {
  if (pump_) pump_->link_writable();
}

void FarConnection::on_stream_lost(mux::StreamKey /*stream*/, const std::string& cause) {
  if (is_over_) return;
  if (pump_) return pump_->link_lost(cause);
  summary_.was_refused = true;
  over("given up before the service was reached: " + cause);
}

forward::Summary FarConnection::so_far() const {
  forward::Summary summary = summary_;
  summary.duration = now() - begun_;
  if (pump_) {
    const bool is_to_service = summary.side == forward::Side::kService;
    summary.to_service = is_to_service ? pump_->bytes_to_host() : pump_->bytes_from_host();
    summary.from_service = is_to_service ? pump_->bytes_from_host() : pump_->bytes_to_host();
  }
  return summary;
}

void FarConnection::over(const std::string& end) {
  if (std::exchange(is_over_, true)) return;
  link_.forget(stream_);
  if (dialer_) dialer_->cancel();
  if (const auto withdraw = std::exchange(withdraw_, nullptr)) withdraw();
  summary_ = so_far();
  if (pump_ && pump_->is_leaving() && pump_->bytes_to_host() == 0)
    summary_.was_refused = true;  // by its protocol
  summary_.end = end;
  callbacks_.ended(summary_);
  callbacks_.gone(*this);
}

}  // namespace tsmtp::net
