#include "relayd/forward/message.h"

#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::forward {
namespace {

// Type of a message. Each is preceded by its length in two bytes; what a later version puts behind the fields
// that are known here is ignored.
enum class Type : std::uint8_t { kRequest = 1, kWaiting = 2, kAccepted = 3, kRefused = 4 };

constexpr std::size_t kLengthBytes = 2;
constexpr std::size_t kMostBytes = 2048;

void put_text(std::string& out, std::string_view text) {
  text = text.substr(0, kMaxMessageText);
  base::put_u8(out, static_cast<std::uint8_t>(text.size()));
  out += text;
}

/// Takes fields off the front; once one is missing, all that follow are.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}

  std::uint8_t u8() {
    return has(sizeof(std::uint8_t)) ? base::get_u8(take(sizeof(std::uint8_t))) : std::uint8_t{0};
  }
  std::uint16_t u16() {
    return has(sizeof(std::uint16_t)) ? base::get_u16(take(sizeof(std::uint16_t))) : std::uint16_t{0};
  }
  std::uint64_t u64() { return has(sizeof(std::uint64_t)) ? base::get_u64(take(sizeof(std::uint64_t))) : 0; }
  std::string text() {
    const std::size_t size = u8();
    return has(size) ? std::string(take(size)) : std::string();
  }
  [[nodiscard]] bool all_there() const { return all_there_; }

 private:
  bool has(std::size_t bytes) { return all_there_ = all_there_ && bytes_.size() >= bytes; }
  std::string_view take(std::size_t bytes) {
    const std::string_view taken = bytes_.substr(0, bytes);
    bytes_.remove_prefix(bytes);
    return taken;
  }

  std::string_view bytes_;
  bool all_there_ = true;
};

struct Encoder {
  std::string operator()(const Request& request) const {
    std::string out;
    base::put_u8(out, static_cast<std::uint8_t>(Type::kRequest));
    base::put_u8(out, static_cast<std::uint8_t>(request.kind));
    base::put_u64(out, request.id);
    base::put_u16(out, request.token);
    put_text(out, request.service);
    put_text(out, request.user);
    put_text(out, request.client);
    return out;
  }
  std::string operator()(const Waiting& /*waiting*/) const {
    return std::string(1, static_cast<char>(Type::kWaiting));
  }
  std::string operator()(const Accepted& accepted) const {
    std::string out(1, static_cast<char>(Type::kAccepted));
    put_text(out, accepted.approved_by);
    return out;
  }
  std::string operator()(const Refused& refused) const {
    std::string out(1, static_cast<char>(Type::kRefused));
    put_text(out, refused.cause);
    return out;
  }
};

base::Result<Message> decode(std::string_view payload) {
  Fields fields(payload);
  Message message;
  switch (static_cast<Type>(fields.u8())) {
    case Type::kRequest: {
      Request request;
      const auto kind = static_cast<Request::Kind>(fields.u8());
      if (kind != Request::Kind::kConnection && kind != Request::Kind::kData)
        return base::Error{"peer asks for a forward of an unknown kind"};
      request.kind = kind;
      request.id = fields.u64();
      request.token = fields.u16();
      request.service = fields.text();
      request.user = fields.text();
      request.client = fields.text();
      message = std::move(request);
      break;
    }
    case Type::kWaiting:
      message = Waiting{};
      break;
    case Type::kAccepted:
      message = Accepted{.approved_by = fields.text()};
      break;
    case Type::kRefused:
      message = Refused{.cause = fields.text()};
      break;
    default:
      return base::Error{"peer sent an unknown message on a forward"};
  }
  if (!fields.all_there()) return base::Error{"peer sent a message on a forward that is too short"};
  return message;
}

}  // namespace

std::string encode(const Message& message) {
  const std::string payload = std::visit(Encoder{}, message);
  std::string out;
  base::put_u16(out, static_cast<std::uint16_t>(payload.size()));
  return out + payload;
}

base::Result<std::optional<Message>> MessageReader::next() {
  if (bytes_.size() < kLengthBytes) return std::optional<Message>();
  const std::size_t length = base::get_u16(bytes_);
  if (length == 0 || length > kMostBytes)
    return base::Error{"peer sent a message on a forward of " + std::to_string(length) + " bytes"};
  if (bytes_.size() < kLengthBytes + length) return std::optional<Message>();
  auto message = decode(std::string_view(bytes_).substr(kLengthBytes, length));
  if (!message) return message.error();
  bytes_.erase(0, kLengthBytes + length);
  return std::optional<Message>(std::move(*message));
}

}  // namespace tsmtp::forward
