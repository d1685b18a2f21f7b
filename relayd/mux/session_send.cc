// The half of Session that makes frames: which one goes next, and what is kept of it.
#include <algorithm>
#include <cassert>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/mux/session.h"
#include "relayd/wire/encoder.h"

namespace tsmtp::mux {
namespace {

using wire::FrameType;

// A frame holds the line for no more than some milliseconds, where the line is known to be slow.
std::size_t max_payload_bytes(const PathMetrics& path) {
  constexpr std::uint64_t kFramesPerSecond = 250;
  constexpr std::uint64_t kLeast = 1024;
  if (path.bytes_per_second == 0) return wire::kMaxPayloadBytes;
  return std::clamp<std::uint64_t>(path.bytes_per_second / kFramesPerSecond, kLeast, wire::kMaxPayloadBytes);
}

}  // namespace

bool Session::wants_to_send() const {
  return retained_.replaying() || !control_.empty() || !credit_due_.empty() ||
         scheduler_.has_next(has_room()) || acknowledgement_.due();
}

bool Session::produce_frame(std::string& out, const PathMetrics& path) {
  return produce_control(out) || produce_credit(out, path.round_trip) ||
         produce_stream(out, max_payload_bytes(path)) || produce_ack(out);
}

bool Session::produce_replay(std::string& out) {
  if (!retained_.replaying()) return false;
  retained_.replay(out);
  ++counters_.frames_out;
  ++counters_.frames_replayed;
  return true;
}

bool Session::produce_control(std::string& out) {
  if (control_.empty()) return false;
  ControlFrame frame = control_.pop();
  const std::uint64_t sequence = emit(frame.type, frame.stream, std::move(frame.payload), out);
  Stream* const stream = streams_.find(frame.stream);
  if (frame.type == FrameType::kOpen && stream != nullptr) stream->announcement = Stream::Announcement::kMade;
  if (frame.type == FrameType::kReset && stream != nullptr) stream->reset_sequence = sequence;
  return true;
}

bool Session::produce_credit(std::string& out, base::Duration round_trip) {
  if (credit_due_.empty()) return false;
  const StreamId id = *credit_due_.begin();
  credit_due_.erase(credit_due_.begin());
  Stream& stream = *streams_.find(id);
  ReceiveHalf& receiving = stream.receiving;
  if (receiving.credit_due()) receiving.tune(now_, round_trip, window_budgets_[stream.precedence]);
  std::string payload;
  base::put_u64(payload, receiving.state_credit());
  emit(FrameType::kCredit, id, std::move(payload), out);
  return true;
}

bool Session::produce_stream(std::string& out, std::size_t max_payload_bytes) {
  const std::optional<StreamId> id = scheduler_.next(has_room());
  if (!id) return false;
  Stream& stream = *streams_.find(*id);
  assert(stream.sending.ready());
  const std::size_t before = out.size();
  std::string payload = stream.sending.take_payload(max_payload_bytes);
  if (payload.empty()) {
    stream.finish_sequence = emit(FrameType::kFinish, *id, {}, out);
    stream.sending.finish_sent();
    scheduler_.remove(*id, stream.precedence);
    if (stream.over()) over(*id);
    return true;
  }
  if (stream.precedence == Precedence::kOther) room_for_others_ -= std::min(room_for_others_, payload.size());
  emit(FrameType::kData, *id, std::move(payload), out);
  if (stream.sending.became_writable()) events_.emplace_back(Writable{*id});
  scheduler_.sent(*id, stream.precedence, out.size() - before, stream.sending.ready());
  return true;
}

bool Session::produce_ack(std::string& out) {
  if (!acknowledgement_.due()) return false;
  emit(FrameType::kAck, 0, {}, out);
  return true;
}

std::uint64_t Session::emit(FrameType type, StreamId id, std::string payload, std::string& out) {
  wire::Frame frame{
      .type = type, .flags = 0, .stream = id, .sequence = 0, .acknowledgement = 0, .payload = payload};
  acknowledgement_.stamp(frame);
  const std::size_t begin = out.size();
  wire::encode(frame, out);
  if (frame.sequence != 0 && agreement_.resumable)
    retained_.keep(frame.sequence, std::string_view(out).substr(begin, wire::kHeaderBytes),
                   std::move(payload));
  ++counters_.frames_out;
  if (type == FrameType::kReset) ++counters_.resets_out;
  return frame.sequence;
}

}  // namespace tsmtp::mux
