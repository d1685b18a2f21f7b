// What a peer says at the start of a forward's stream, and of its services, in pieces of any size: what is
// read is bounded, can be said again, and means the same however it was cut.
#include <algorithm>
#include <string>

#include "relayd/forward/message.h"
#include "relayd/forward/offer.h"
#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

constexpr std::size_t kMostOfAMessage = 2050;

struct Reading {
  std::vector<forward::Message> messages;
  bool failed = false;
  std::string rest;
};

Reading read(std::string_view bytes, std::size_t piece) {
  forward::MessageReader reader;
  Reading out;
  while (!bytes.empty() && !out.failed) {
    reader.add(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      const auto message = reader.next();
      out.failed = !message;
      if (!message || !*message) break;
      out.messages.push_back(**message);
    }
    must(out.failed || reader.size() < kMostOfAMessage + piece, "no more is kept than a message has");
  }
  out.rest = reader.take_rest();
  return out;
}

void read_messages(std::string_view bytes) {
  const Reading whole = read(bytes, bytes.size() + 1);
  const Reading byte_by_byte = read(bytes, 1);
  must(whole.messages == byte_by_byte.messages && whole.failed == byte_by_byte.failed,
       "a message does not depend on how its bytes come");
  std::string again;
  for (const forward::Message& message : whole.messages)
    again += forward::encode(message);
  must(read(again, again.size() + 1).messages == whole.messages, "what was read can be said again");
}

void read_notice(std::string_view bytes) {
  if (!forward::is_about_services(bytes)) return;
  auto offer = forward::decode_notice(bytes);
  if (!offer) return;
  must(!offer->service.empty(), "an offer is of a service");
  offer->cause.clear();  // it comes out escaped
  const auto again = forward::decode_notice(forward::encode_notice(*offer));
  must(again && *again == *offer, "an offer that was read can be said again");
  forward::Offers offers;
  offers.put(*offer, {});
  must((offers.find(offer->service) != nullptr) == (offer->state != forward::Offer::State::kWithdrawn),
       "what is offered is known");
}

}  // namespace
}  // namespace tsmtp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  tsmtp::fuzz::read_messages(input);
  tsmtp::fuzz::read_notice(input);
  return 0;
}
