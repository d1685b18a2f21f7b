// Compressed content, from a peer that may send anything: read in pieces or in one go it is the same, in
// bounded memory; and whatever is compressed comes out as it was.
#include <algorithm>
#include <string>

#include "relayd/compress/compressor.h"
#include "relayd/compress/decompressor.h"
#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

constexpr std::size_t kMaxMemoryBytes = std::size_t{800} * 1024;
// Of content: a bomb is not waited for.
constexpr std::size_t kEnoughBytes = std::size_t{4} * 1024 * 1024;

struct Reading {
  std::string content;
  bool failed = false;
  bool ended = false;
};

// In pieces of `piece_bytes`.
Reading read(std::string_view input, std::size_t piece_bytes) {
  Reading reading;
  auto decompressor = compress::Decompressor::make();
  must(decompressor.has_value(), "there is memory");
  while ((!input.empty() || decompressor->has_more()) && reading.content.size() < kEnoughBytes) {
    std::string_view piece = input.substr(0, piece_bytes);
    const std::size_t offered = piece.size();
    const auto plain = decompressor->read(piece);
    must(decompressor->memory_bytes() <= kMaxMemoryBytes, "memory is bounded");
    reading.failed = !plain;
    if (!plain) break;
    must(plain->size() <= compress::Decompressor::kPieceBytes, "pieces are small");
    must(!plain->empty() || piece.empty(), "what comes to nothing is consumed");
    reading.content += *plain;
    input.remove_prefix(offered - piece.size());
  }
  reading.ended = decompressor->is_at_end();
  return reading;
}

std::string compressed(std::string_view content, std::size_t piece_bytes) {
  auto compressor = compress::Compressor::make(piece_bytes);
  must(compressor.has_value(), "there is memory");
  std::string out;
  for (std::size_t at = 0; at < content.size(); at += piece_bytes) {
    must(compressor->compress(content.substr(at, piece_bytes), out).has_value(), "content can be compressed");
    if (at % 3 == 0) must(compressor->flush(out).has_value(), "and flushed");
  }
  must(compressor->finish(out).has_value(), "and ended");
  return out;
}

}  // namespace
}  // namespace tsmtp::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tsmtp;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t piece_bytes = std::size_t{fuzz::take_byte(input)} + 1;
  const fuzz::Reading whole = fuzz::read(input, input.size());
  const fuzz::Reading pieces = fuzz::read(input, piece_bytes);
  // Of a frame that breaks off, or fails, either may have given more of what stood before.
  const std::size_t common = std::min(whole.content.size(), pieces.content.size());
  fuzz::must(whole.content.compare(0, common, pieces.content, 0, common) == 0,
             "pieces are read as the whole is");
  fuzz::must(whole.ended == pieces.ended || whole.failed || pieces.failed, "and end where it ends");

  const fuzz::Reading again = fuzz::read(fuzz::compressed(input, piece_bytes), piece_bytes);
  fuzz::must(again.ended && !again.failed && again.content == input,
             "what is compressed comes out as it was");
  return 0;
}
