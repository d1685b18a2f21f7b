#include "tests/unit/mux/raw_peer.h"

#include <gtest/gtest.h>

#include "relayd/base/bytes.h"
#include "relayd/wire/decoder.h"
#include "relayd/wire/encoder.h"

namespace tsmtp::mux {

std::string encoded(const RawFrame& frame) {
  std::string out;
  wire::encode({.type = frame.type,
                .flags = frame.flags,
                .stream = frame.stream,
                .sequence = frame.sequence,
                .acknowledgement = frame.acknowledgement,
                .payload = frame.payload},
               out);
  return out;
}

std::vector<RawFrame> decoded(std::string_view bytes) {
  wire::Decoder decoder;
  std::vector<RawFrame> out;
  while (true) {
    const auto frame = decoder.decode(bytes);
    if (!frame) {
      ADD_FAILURE() << frame.error().message;
      return out;
    }
    if (!*frame) return out;
    out.push_back({(*frame)->type, (*frame)->flags, (*frame)->stream, (*frame)->sequence,
                   (*frame)->acknowledgement, std::string((*frame)->payload)});
  }
}

std::string summary(const std::vector<RawFrame>& frames) {
  std::string out;
  for (const RawFrame& frame : frames) {
    if (!out.empty()) out += ' ';
    out += to_string(frame.type);
    if (frame.stream != 0) out += std::to_string(frame.stream);
  }
  return out;
}

std::string joined(std::initializer_list<std::string> pieces) {
  std::string out;
  for (const std::string& piece : pieces)
    out += piece;
  return out;
}

base::Result<void> Side::receive(std::string_view bytes, base::TimePoint now) {
  if (auto ok = connection.receive(bytes, now); !ok) return ok;
  return connection.unanswered_hello() == nullptr ? base::Result<void>{} : connection.begin(session, now);
}

std::string output(Connection& connection, base::TimePoint now) {
  std::string out;
  connection.produce(out, std::string::npos, now);
  return out;
}

std::vector<Event> events(Session& session) {
  std::vector<Event> out;
  while (auto event = session.next_event())
    out.push_back(std::move(*event));
  return out;
}

ConnectionSettings RawPeer::settings() {
  ConnectionSettings settings;
  settings.role = Role::kListener;
  settings.hub_name = "birlinghoven";
  settings.instance = "0123456789abcdef";
  settings.limits.max_streams = 4;
  settings.limits.stream_window_bytes = 4096;
  settings.limits.services = {kFirstService, kOtherService};
  return settings;
}

Hello RawPeer::hello() {
  return {.lowest_version = 1,
          .highest_version = 1,
          .capabilities = 0,
          .instance = "fedcba9876543210",
          .max_streams = 4,
          .stream_window_bytes = 4096,
          .name = "tokyo"};
}

std::string RawPeer::frame(wire::FrameType type, std::uint32_t stream, std::string_view payload) {
  return encoded({.type = type,
                  .flags = 0,
                  .stream = stream,
                  .sequence = wire::is_sequenced(type) ? ++sequence : 0,
                  .acknowledgement = acknowledgement,
                  .payload = std::string(payload)});
}

std::string RawPeer::credit(std::uint32_t stream, std::uint64_t offset) {
  std::string payload;
  base::put_u64(payload, offset);
  return frame(wire::FrameType::kCredit, stream, payload);
}

std::vector<RawFrame> RawPeer::read(Connection& connection, base::TimePoint now) {
  std::vector<RawFrame> frames = decoded(output(connection, now));
  for (const RawFrame& frame : frames)
    if (frame.sequence != 0) acknowledgement = frame.sequence;
  return frames;
}

}  // namespace tsmtp::mux
