#include "relayd/forward/x11/setup.h"

#include <algorithm>

#include "relayd/base/bytes.h"

namespace tsmtp::forward::x11 {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kUnitBytes = 4;  // everything is padded to it
constexpr std::size_t kMaxReasonBytes = 255;

std::size_t padded(std::size_t bytes) {
  return (bytes + kUnitBytes - 1) / kUnitBytes * kUnitBytes;
}

void put_u16(std::string& out, ByteOrder order, std::size_t value) {
  const auto high = static_cast<char>(value >> 8 & 0xff);
  const auto low = static_cast<char>(value & 0xff);
  const bool is_high_first = order == ByteOrder::kMostSignificantFirst;
  out.push_back(is_high_first ? high : low);
  out.push_back(is_high_first ? low : high);
}

std::uint16_t get_u16(std::string_view in, ByteOrder order) {
  const std::uint16_t value = base::get_u16(in);
  if (order == ByteOrder::kMostSignificantFirst) return value;
  return static_cast<std::uint16_t>(value << 8 | value >> 8);
}

void put_padded(std::string& out, std::string_view bytes) {
  out.append(bytes);
  out.append(padded(bytes.size()) - bytes.size(), '\0');
}

// The name and the data stand behind the header, in that order.
struct Lengths {
  std::size_t name;
  std::size_t data;
};

Lengths lengths_in(std::string_view header, ByteOrder order) {
  return {.name = get_u16(header.substr(6), order), .data = get_u16(header.substr(8), order)};
}

base::Error too_long(const char* what, std::size_t bytes) {
  return base::Error{"an X11 setup whose authorization " + std::string(what) + " has " +
                     std::to_string(bytes) + " bytes; " + std::to_string(kMaxAuthorizationBytes) +
                     " are the most that are read"};
}

}  // namespace

std::optional<ByteOrder> byte_order(char first) {
  const auto order = static_cast<ByteOrder>(first);
  switch (order) {
    case ByteOrder::kMostSignificantFirst:
    case ByteOrder::kLeastSignificantFirst:
      return order;
  }
  return std::nullopt;
}

bool SetupReader::take(std::string_view& bytes, std::size_t wanted_bytes) {
  const std::size_t taken = std::min(bytes.size(), wanted_bytes - std::min(wanted_bytes, pending_.size()));
  pending_.append(bytes.substr(0, taken));
  bytes.remove_prefix(taken);
  return pending_.size() >= wanted_bytes;
}

base::Result<std::optional<Setup>> SetupReader::read(std::string_view& bytes) {
  if (!take(bytes, 1)) return std::optional<Setup>();
  order_ = byte_order(pending_.front());
  if (!order_)
    return base::Error{"no X11 setup: it begins with the byte 0x" + base::hex(pending_.substr(0, 1)) +
                       ", which is no byte order"};
  if (!take(bytes, kHeaderBytes)) return std::optional<Setup>();
  const Lengths lengths = lengths_in(pending_, *order_);
  if (lengths.name > kMaxAuthorizationBytes) return too_long("name", lengths.name);
  if (lengths.data > kMaxAuthorizationBytes) return too_long("data", lengths.data);
  const std::size_t data_at = kHeaderBytes + padded(lengths.name);
  if (!take(bytes, data_at + padded(lengths.data))) return std::optional<Setup>();
  const std::string_view all = pending_;
  return std::optional(
      Setup{.order = *order_,
            .major_version = get_u16(all.substr(2), *order_),
            .minor_version = get_u16(all.substr(4), *order_),
            .authorization = {.protocol = std::string(all.substr(kHeaderBytes, lengths.name)),
                              .data = std::string(all.substr(data_at, lengths.data))}});
}

std::string encode(const Setup& setup) {
  std::string out{static_cast<char>(setup.order), '\0'};
  put_u16(out, setup.order, setup.major_version);
  put_u16(out, setup.order, setup.minor_version);
  put_u16(out, setup.order, setup.authorization.protocol.size());
  put_u16(out, setup.order, setup.authorization.data.size());
  put_u16(out, setup.order, 0);
  put_padded(out, setup.authorization.protocol);
  put_padded(out, setup.authorization.data);
  return out;
}

std::string failed(ByteOrder order, std::string_view reason) {
  constexpr char kFailed = 0;
  constexpr std::uint16_t kMajorVersion = 11;
  constexpr std::uint16_t kMinorVersion = 0;
  reason = reason.substr(0, kMaxReasonBytes);
  std::string out{kFailed, static_cast<char>(reason.size())};
  put_u16(out, order, kMajorVersion);
  put_u16(out, order, kMinorVersion);
  put_u16(out, order, padded(reason.size()) / kUnitBytes);
  put_padded(out, reason);
  return out;
}

}  // namespace tsmtp::forward::x11
