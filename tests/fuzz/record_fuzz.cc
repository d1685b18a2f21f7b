// The records of a stream, from a peer that may send anything: read in pieces or in one go they are the same,
// and what was read can be sent on.
#include <string>

#include "relayd/mail/far_mta.h"
#include "relayd/mail/record_reader.h"
#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

struct Reading {
  std::string records;  // encoded again; content as one
  bool failed = false;
};

void put(Reading& reading, const mail::Record& record) {
  if (const auto* content = std::get_if<mail::Content>(&record)) {
    reading.records += content->bytes;
    return;
  }
  const std::string bytes = mail::encode(record);
  must(bytes.size() <= mail::kMaxRecordBytes + 8, "a record is bounded");
  std::string_view rest = bytes;
  mail::RecordReader again;
  const auto same = again.read(rest);
  must(same && *same && rest.empty(), "a record that was read can be written and read");
  must(mail::encode(**same) == bytes, "and is the same");
  reading.records += bytes;
}

// In pieces of `piece_bytes`.
Reading read(std::string_view input, std::size_t piece_bytes) {
  Reading reading;
  mail::RecordReader reader;
  while (!input.empty()) {
    std::string_view piece = input.substr(0, piece_bytes);
    input.remove_prefix(piece.size());
    for (;;) {
      const auto record = reader.read(piece);
      if (!record) {
        reading.failed = true;
        return reading;
      }
      if (!*record) break;
      put(reading, **record);
    }
    must(piece.empty(), "what is no whole record is gathered");
  }
  return reading;
}

}  // namespace
}  // namespace tsmtp::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tsmtp;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t piece_bytes = fuzz::take_byte(input) % 16 + 1;
  const fuzz::Reading whole = fuzz::read(input, input.size());
  const fuzz::Reading pieces = fuzz::read(input, piece_bytes);
  fuzz::must(whole.failed == pieces.failed && whole.records == pieces.records,
             "pieces are read as the whole is");
  if (const auto outcome = mail::decode_known(input))
    fuzz::must(mail::decode_known(mail::encode_known(*outcome)).has_value(), "an outcome can be kept");
  if (const auto mta = mail::decode_notice(input); mta && mta->reachable) {
    const auto again = mail::decode_notice(mail::encode_notice(*mta));
    fuzz::must(again && *again == *mta, "a notice can be sent on");
  }
  return 0;
}
