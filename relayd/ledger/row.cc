#include "relayd/ledger/row.h"

#include <chrono>

#include "relayd/base/bytes.h"
#include "relayd/base/time_of_day.h"
#include "relayd/ledger/owners.h"

namespace tsmtp::ledger {
namespace {

constexpr std::uint8_t kWithoutPin = 1;
constexpr std::size_t kHeaderBytes = 1 + 8;
// Later than this, times of day would overflow with what is added to them.
constexpr std::uint64_t kMaxMicroseconds = base::kLastSecond * std::uint64_t{1'000'000};

}  // namespace

std::string encode_row(base::WallTime recorded, std::string_view pin, std::string_view body,
                       std::uint8_t version) {
  const auto since_epoch = std::chrono::duration_cast<std::chrono::microseconds>(recorded.time_since_epoch());
  std::string out;
  base::put_u8(out, version);
  base::put_u64(out, static_cast<std::uint64_t>(since_epoch.count()));
  return out.append(pin).append(body);
}

std::optional<Row> decode_row(std::string_view value) {
  if (value.size() < kHeaderBytes) return std::nullopt;
  const std::uint8_t version = base::get_u8(value);
  if (version < kWithoutPin || version > kWithHub) return std::nullopt;
  const std::size_t pin_bytes = version == kWithoutPin ? 0 : kPinBytes;
  if (value.size() < kHeaderBytes + pin_bytes) return std::nullopt;
  const std::uint64_t microseconds = base::get_u64(value.substr(1));
  if (microseconds > kMaxMicroseconds) return std::nullopt;
  const std::chrono::microseconds since_epoch(static_cast<std::int64_t>(microseconds));
  return Row{.version = version,
             .recorded = base::WallTime(std::chrono::duration_cast<base::WallTime::duration>(since_epoch)),
             .pin = value.substr(kHeaderBytes, pin_bytes),
             .body = value.substr(kHeaderBytes + pin_bytes)};
}

}  // namespace tsmtp::ledger
