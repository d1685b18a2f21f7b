#include <benchmark/benchmark.h>

#include <array>
#include <cstring>

#include "relayd/wire/decoder.h"
#include "relayd/wire/encoder.h"
#include "tests/micro/micro.h"

namespace tsmtp::micro {
namespace {

constexpr std::size_t kFrames = 1000;
constexpr std::size_t kSmallBytes = 100;   // a record such as Rcpt, or a reply
constexpr std::size_t kReadBytes = 10000;  // so that many frames come in two pieces

using Header = std::array<char, wire::kHeaderBytes>;

void encode_all(const std::string& payload, std::string& out) {
  out.clear();
  for (std::size_t i = 1; i <= kFrames; ++i)
    wire::encode({.type = wire::FrameType::kData,
                  .stream = 7,
                  .sequence = i,
                  .acknowledgement = i,
                  .payload = payload},
                 out);
}

void append_all(const std::string& payload, std::string& out) {
  out.clear();
  Header header{};
  for (std::size_t i = 1; i <= kFrames; ++i) {
    std::memcpy(header.data(), &i, sizeof i);
    out.append(header.data(), header.size());
    out += payload;
  }
}

Case encode_case(const char* name, std::size_t payload_bytes) {
  const std::string payload(payload_bytes, 'x');
  return {.name = name,
          .bytes = kFrames * (wire::kHeaderBytes + payload_bytes),
          .subject =
              [payload, out = std::string()]() mutable {
                encode_all(payload, out);
                benchmark::DoNotOptimize(out.data());
              },
          .reference =
              [payload, out = std::string()]() mutable {
                append_all(payload, out);
                benchmark::DoNotOptimize(out.data());
              }};
}

// Payloads are appended to `out`, as whoever gets them does.
void decode_all(std::string_view input, std::size_t piece_bytes, std::string& out) {
  out.clear();
  wire::Decoder decoder;
  while (!input.empty()) {
    std::string_view piece = input.substr(0, piece_bytes);
    input.remove_prefix(piece.size());
    for (;;) {
      const auto frame = decoder.decode(piece);
      if (!frame || !*frame) break;
      out += (*frame)->payload;
    }
  }
}

void copy_payloads(std::string_view input, std::size_t payload_bytes, std::string& out) {
  out.clear();
  Header header{};
  while (!input.empty()) {
    std::memcpy(header.data(), input.data(), header.size());
    benchmark::DoNotOptimize(header);
    out += input.substr(header.size(), payload_bytes);
    input.remove_prefix(header.size() + payload_bytes);
  }
}

Case decode_case(const char* name, std::size_t payload_bytes, std::size_t piece_bytes) {
  std::string input;
  encode_all(std::string(payload_bytes, 'x'), input);
  return {.name = name,
          .bytes = input.size(),
          .subject =
              [input, piece_bytes, out = std::string()]() mutable {
                decode_all(input, piece_bytes, out);
                benchmark::DoNotOptimize(out.data());
              },
          .reference =
              [input, payload_bytes, out = std::string()]() mutable {
                copy_payloads(input, payload_bytes, out);
                benchmark::DoNotOptimize(out.data());
              }};
}

}  // namespace

std::vector<Case> frame_cases() {
  return {encode_case("frames.encode.small", kSmallBytes),
          encode_case("frames.encode.full", wire::kMaxPayloadBytes),
          decode_case("frames.decode.small", kSmallBytes, std::string::npos),
          decode_case("frames.decode.full", wire::kMaxPayloadBytes, std::string::npos),
          decode_case("frames.decode.pieces", wire::kMaxPayloadBytes, kReadBytes)};
}

}  // namespace tsmtp::micro
