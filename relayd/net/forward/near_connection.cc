#include "relayd/net/forward/near_connection.h"

#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/forward/service.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/io/socket_peer.h"
#include "relayd/net/tls/hmac_digest.h"

namespace tsmtp::net {

NearConnection::NearConnection(SiteLink& link, std::string service, Callbacks callbacks)
    : link_(link), callbacks_(std::move(callbacks)), begun_(now()) {
  summary_.side = forward::Side::kProgram;
  summary_.site = link.site();
  summary_.service = std::move(service);
  summary_.id = base::get_u64(random_bytes(sizeof(std::uint64_t)));
  summary_.begun = wall_now();
}

NearConnection::NearConnection(SiteLink& link, const Data& data, Callbacks callbacks)
    : link_(link), callbacks_(std::move(callbacks)), paces_(data.paces), begun_(now()) {
  summary_.side = data.host;
  summary_.site = link.site();
  summary_.id = data.id;
  summary_.data_token = data.token;
  summary_.begun = wall_now();
}

// No address of a data connection crosses the link.
forward::Request NearConnection::request() const {
  if (summary_.data_token != 0)
    return {.kind = forward::Request::Kind::kData, .id = summary_.id, .token = summary_.data_token};
  return {.id = summary_.id, .service = summary_.service, .user = summary_.user, .client = summary_.client};
}

base::Result<void> NearConnection::start(ByteChannel::Socket socket, const std::string& user,
                                         std::unique_ptr<forward::Protocol> protocol) {
  summary_.user = user;
  summary_.client = address_of_peer(socket);
  const auto stream = link_.open(forward::kService, *this);
  if (!stream) {
    break_off(std::move(socket));
    return stream.error();
  }
  stream_ = *stream;
  link_.write(stream_, forward::encode(request()));
  pump_ = std::make_unique<Pump>(std::move(socket), Pump::Means{.link = link_,
                                                                .stream = stream_,
                                                                .host = summary_.side,
                                                                .paces = paces_,
                                                                .protocol = std::move(protocol),
                                                                .over = [this](const std::string& end) {
                                                                  over(end);
                                                                }});  // the pump is ours
  pump_->start();
  return {};
}

void NearConnection::end(const std::string& cause) {
  if (pump_) pump_->end(cause);
}

void NearConnection::on_stream_bytes(mux::StreamKey stream, std::string_view bytes) {
  if (!answers_) return pump_->from_link(bytes);
  answers_->add(bytes);
  const std::string rest = read_answers();
  link_.consumed(stream, bytes.size() - rest.size());
  if (!rest.empty()) pump_->from_link(rest);
}

// What is behind the last answer: bytes of the service.
std::string NearConnection::read_answers() {
  while (answers_) {
    const auto answer = answers_->next();
    if (!answer) {
      pump_->end(answer.error().message);
      return {};
    }
    if (!*answer) return {};
    is_waiting_ = std::holds_alternative<forward::Waiting>(**answer);
    if (is_waiting_) continue;
    if (const auto* accepted = std::get_if<forward::Accepted>(&**answer)) {
      summary_.approved_by = base::escaped(accepted->approved_by);
      std::string rest = answers_->take_rest();
      answers_.reset();
      return rest;
    }
    const auto* refused = std::get_if<forward::Refused>(&**answer);
    summary_.was_refused = true;
    refused != nullptr ? pump_->refuse(base::escaped(refused->cause))
                       : pump_->end("peer answered a request with a request");
    return {};
  }
  return {};
}

void NearConnection::on_stream_finished(mux::StreamKey /*stream*/) {
  if (answers_) return pump_->end("ended by the far hub without an answer");
  pump_->link_finished();
}

void NearConnection::on_stream_writable(mux::StreamKey /*stream*/) {
  pump_->link_writable();
}

void NearConnection::on_stream_lost(mux::StreamKey /*stream*/, const std::string& cause) {
  if (answers_) summary_.was_refused = true;
  pump_->link_lost(cause);
}

forward::Summary NearConnection::so_far() const {
  forward::Summary summary = summary_;
  summary.duration = now() - begun_;
  if (pump_) {
    const bool is_from_program = summary.side == forward::Side::kProgram;
    summary.to_service = is_from_program ? pump_->bytes_from_host() : pump_->bytes_to_host();
    summary.from_service = is_from_program ? pump_->bytes_to_host() : pump_->bytes_from_host();
  }
  return summary;
}

void NearConnection::over(const std::string& end) {
  is_over_ = true;
  summary_ = so_far();
  summary_.end = end;
  callbacks_.ended(summary_);
  callbacks_.gone(*this);
}

}  // namespace tsmtp::net
