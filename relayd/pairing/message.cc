#include "relayd/pairing/message.h"

#include <cstdint>
#include <functional>

#include "relayd/base/bytes.h"
#include "relayd/pairing/secret.h"
#include "relayd/pairing/token.h"

namespace tsmtp::pairing {
namespace {

enum class Kind : std::uint8_t { kRequest = 1, kOffer = 2, kRefusal = 3 };

// A field is its tag, its length in two bytes, and its bytes. A reader that does not know one from
// kFirstSkippable on goes past it.
enum class Tag : std::uint8_t {
  kId = 1,
  kProof = 2,
  kFinal = 3,
  kName = 4,
  kDomain = 5,
  kDial = 6,
  kYourDomain = 7,
  kWhy = 8,
  kDetail = 9,
};
constexpr std::uint8_t kFirstSkippable = 128;

constexpr std::size_t kHeaderBytes = 3;  // of a message and of a field alike
constexpr std::size_t kMaxNameBytes = 63;
constexpr std::size_t kMaxTextBytes = 255;

void put(std::string& out, std::uint8_t tag, std::string_view bytes) {
  base::put_u8(out, tag);
  base::put_u16(out, static_cast<std::uint16_t>(bytes.size()));
  out.append(bytes);
}

void put(std::string& out, Tag tag, std::string_view bytes) {
  put(out, static_cast<std::uint8_t>(tag), bytes);
}

void put_introduction(std::string& out, const Introduction& hub) {
  put(out, Tag::kName, hub.name);
  for (const std::string& domain : hub.domains)
    put(out, Tag::kDomain, domain);
  for (const std::string& address : hub.dial)
    put(out, Tag::kDial, address);
}

std::string message(Kind kind, std::string_view fields) {
  std::string out;
  put(out, static_cast<std::uint8_t>(kind), fields);
  return out;
}

base::Error wrong(const std::string& what) {
  return base::Error{"the other hub's message is wrong: " + what};
}

struct Message {
  Kind kind;
  std::string_view fields;
};

std::optional<base::Result<Message>> read_message(std::string_view received) {
  using Read = base::Result<Message>;
  if (received.size() < kHeaderBytes) return std::nullopt;
  const std::uint8_t kind = base::get_u8(received);
  const std::size_t size = base::get_u16(received.substr(1));
  if (kind < 1 || kind > static_cast<std::uint8_t>(Kind::kRefusal))
    return Read(wrong("of an unknown kind, " + std::to_string(kind)));
  if (size > kMaxMessageBytes)
    return Read(wrong("longer than " + std::to_string(kMaxMessageBytes) + " bytes"));
  if (received.size() < kHeaderBytes + size) return std::nullopt;
  if (received.size() > kHeaderBytes + size) return Read(wrong("followed by more"));
  return Read(Message{static_cast<Kind>(kind), received.substr(kHeaderBytes)});
}

using TakeField = std::function<base::Result<void>(Tag tag, std::string_view bytes)>;

base::Result<void> read_fields(std::string_view fields, const TakeField& take) {
  while (!fields.empty()) {
    if (fields.size() < kHeaderBytes) return wrong("a field is cut off");
    const std::uint8_t tag = base::get_u8(fields);
    const std::size_t size = base::get_u16(fields.substr(1));
    if (fields.size() - kHeaderBytes < size) return wrong("a field is cut off");
    if (tag < kFirstSkippable)
      if (auto ok = take(static_cast<Tag>(tag), fields.substr(kHeaderBytes, size)); !ok) return ok;
    fields.remove_prefix(kHeaderBytes + size);
  }
  return {};
}

base::Result<void> take_text(std::string& out, std::string_view bytes, std::size_t most) {
  if (bytes.size() > most) return wrong("a field is too long");
  out = bytes;
  return {};
}

base::Result<void> take_exactly(std::string& out, std::string_view bytes, std::size_t size) {
  if (bytes.size() != size) return wrong("a field has a wrong length");
  out = bytes;
  return {};
}

base::Result<void> take_one_more(std::vector<std::string>& out, std::string_view bytes, std::size_t most) {
  if (out.size() == most) return wrong("too many domains or addresses");
  return take_text(out.emplace_back(), bytes, kMaxTextBytes);
}

base::Result<void> take_flag(bool& out, std::string_view bytes) {
  if (bytes.size() != 1 || base::get_u8(bytes) > 1) return wrong("a flag is neither 0 nor 1");
  out = base::get_u8(bytes) == 1;
  return {};
}

base::Result<void> take_introduction(Introduction& hub, Tag tag, std::string_view bytes) {
  switch (tag) {
    case Tag::kName:
      return take_text(hub.name, bytes, kMaxNameBytes);
    case Tag::kDomain:
      return take_one_more(hub.domains, bytes, kMaxDomains);
    case Tag::kDial:
      return take_one_more(hub.dial, bytes, kMaxAddresses);
    default:
      return wrong("an unknown field, " + std::to_string(static_cast<int>(tag)));
  }
}

base::Result<Request> request_of(std::string_view fields) {
  Request request;
  const auto ok = read_fields(fields, [&](Tag tag, std::string_view bytes) {
    if (tag == Tag::kId) return take_exactly(request.id, bytes, kIdBytes);
    if (tag == Tag::kProof) return take_exactly(request.proof, bytes, kProofBytes);
    if (tag == Tag::kFinal) return take_flag(request.is_final, bytes);
    return take_introduction(request.joiner, tag, bytes);
  });
  if (!ok) return ok.error();
  if (request.id.empty() || request.proof.empty() || request.joiner.name.empty())
    return wrong("a field is missing");
  return request;
}

base::Result<Answer> offer_of(std::string_view fields) {
  Offer offer;
  const auto ok = read_fields(fields, [&](Tag tag, std::string_view bytes) {
    if (tag == Tag::kFinal) return take_flag(offer.is_final, bytes);
    if (tag == Tag::kYourDomain) return take_one_more(offer.your_domains, bytes, kMaxDomains);
    return take_introduction(offer.inviter, tag, bytes);
  });
  if (!ok) return ok.error();
  if (offer.inviter.name.empty() || offer.inviter.domains.empty() || offer.your_domains.empty())
    return wrong("a field is missing");
  return base::Result<Answer>(std::move(offer));
}

base::Result<Answer> refusal_of(std::string_view fields) {
  Refusal refusal;
  const auto ok = read_fields(fields, [&](Tag tag, std::string_view bytes) -> base::Result<void> {
    if (tag == Tag::kDetail) return take_text(refusal.detail, bytes, kMaxTextBytes);
    if (tag != Tag::kWhy || bytes.size() != 1) return wrong("an unknown field");
    const std::uint8_t why = base::get_u8(bytes);
    const bool is_known = why >= 1 && why <= static_cast<std::uint8_t>(Why::kTrouble);
    refusal.why = is_known ? static_cast<Why>(why) : Why::kTrouble;
    return {};
  });
  if (!ok) return ok.error();
  return base::Result<Answer>(std::move(refusal));
}

}  // namespace

std::string encode(const Request& request) {
  std::string fields;
  put(fields, Tag::kId, request.id);
  put(fields, Tag::kProof, request.proof);
  put(fields, Tag::kFinal, request.is_final ? std::string_view("\1", 1) : std::string_view("\0", 1));
  put_introduction(fields, request.joiner);
  return message(Kind::kRequest, fields);
}

std::string encode(const Answer& answer) {
  std::string fields;
  if (const auto* const refusal = std::get_if<Refusal>(&answer)) {
    const char why = static_cast<char>(refusal->why);
    put(fields, Tag::kWhy, {&why, 1});
    put(fields, Tag::kDetail, std::string_view(refusal->detail).substr(0, kMaxTextBytes));
    return message(Kind::kRefusal, fields);
  }
  const Offer& offer = std::get<Offer>(answer);
  put(fields, Tag::kFinal, offer.is_final ? std::string_view("\1", 1) : std::string_view("\0", 1));
  put_introduction(fields, offer.inviter);
  for (const std::string& domain : offer.your_domains)
    put(fields, Tag::kYourDomain, domain);
  return message(Kind::kOffer, fields);
}

std::optional<base::Result<Request>> read_request(std::string_view received) {
  const auto read = read_message(received);
  if (!read) return std::nullopt;
  if (!*read) return base::Result<Request>(read->error());
  if ((*read)->kind != Kind::kRequest) return base::Result<Request>(wrong("no request"));
  return request_of((*read)->fields);
}

std::optional<base::Result<Answer>> read_answer(std::string_view received) {
  const auto read = read_message(received);
  if (!read) return std::nullopt;
  if (!*read) return base::Result<Answer>(read->error());
  switch ((*read)->kind) {
    case Kind::kOffer:
      return offer_of((*read)->fields);
    case Kind::kRefusal:
      return refusal_of((*read)->fields);
    case Kind::kRequest:
      break;
  }
  return base::Result<Answer>(wrong("no answer"));
}

}  // namespace tsmtp::pairing
