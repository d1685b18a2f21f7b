#include "relayd/claims/value.h"

#include <algorithm>

#include "relayd/base/bytes.h"

namespace tsmtp::claims {
namespace {

// Version, kind, time in microseconds, hub's length and name; then what the kind has.
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 11;
constexpr std::uint8_t kWitnessed = 1, kUndecided = 2;

enum class Kind : std::uint8_t { kClaim = 1, kEnded = 2, kDisowned = 3, kResent = 4 };

void put_text(std::string& out, std::string_view text) {
  text = text.substr(0, kMaxHubBytes);
  base::put_u8(out, static_cast<std::uint8_t>(text.size()));
  out += text;
}

std::string header(Kind kind, base::WallTime since, std::string_view hub) {
  std::string out;
  base::put_u8(out, kVersion);
  base::put_u8(out, static_cast<std::uint8_t>(kind));
  const auto time = std::chrono::duration_cast<std::chrono::microseconds>(since.time_since_epoch());
  base::put_u64(out, static_cast<std::uint64_t>(time.count()));
  put_text(out, hub);
  return out;
}

struct Encoder {
  std::string operator()(const Claim& claim) const {
    std::string out = header(Kind::kClaim, claim.since, claim.hub);
    base::put_u8(out, static_cast<std::uint8_t>((claim.is_witnessed ? kWitnessed : 0) |
                                                (claim.is_undecided ? kUndecided : 0)));
    base::put_u64(out, claim.number);
    std::string memory = claim.memory;
    memory.resize(kMemoryBytes);
    return out + memory;
  }
  std::string operator()(const Ended& ended) const {
    return header(Kind::kEnded, {}, ended.hub) + ended.known.substr(0, kMaxKnownBytes);
  }
  std::string operator()(const Disowned& disowned) const {
    return header(Kind::kDisowned, disowned.since, disowned.hub);
  }
  std::string operator()(const Resent& resent) const {
    std::string out = header(Kind::kResent, resent.since, resent.hub);
    put_text(out, resent.claimed_by);
    return out;
  }
};

base::Error unreadable() {
  return base::Error{"etcd: what stands under a transaction there cannot be read"};
}

bool take_text(std::string_view& bytes, std::string& text) {
  if (bytes.empty()) return false;
  const std::size_t length = base::get_u8(bytes);
  bytes.remove_prefix(1);
  if (bytes.size() < length) return false;
  text = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return true;
}

}  // namespace

std::string encode(const Value& value) {
  return std::visit(Encoder{}, value);
}

base::Result<Value> decode(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || base::get_u8(bytes) != kVersion) return unreadable();
  const auto kind = static_cast<Kind>(base::get_u8(bytes.substr(1)));
  const auto time = static_cast<std::int64_t>(base::get_u64(bytes.substr(2)));
  // Beyond the year 9999 nothing is a time.
  constexpr std::int64_t kLatest = 253'402'300'799'000'000;
  if (time < 0 || time > kLatest) return unreadable();
  const base::WallTime since{
      std::chrono::duration_cast<base::WallTime::duration>(std::chrono::microseconds(time))};
  bytes.remove_prefix(kHeaderBytes - 1);
  std::string hub;
  if (!take_text(bytes, hub) || hub.empty()) return unreadable();
  switch (kind) {
    case Kind::kClaim: {
      if (bytes.size() != 9 + kMemoryBytes) return unreadable();
      const std::uint8_t flags = base::get_u8(bytes);
      return Value{Claim{.hub = hub,
                         .memory = std::string(bytes.substr(9)),
                         .since = since,
                         .number = base::get_u64(bytes.substr(1)),
                         .is_witnessed = (flags & kWitnessed) != 0,
                         .is_undecided = (flags & kUndecided) != 0}};
    }
    case Kind::kEnded:
      if (bytes.size() > kMaxKnownBytes) return unreadable();
      return Value{Ended{.hub = hub, .known = std::string(bytes)}};
    case Kind::kDisowned:
      if (!bytes.empty()) return unreadable();
      return Value{Disowned{.hub = hub, .since = since}};
    case Kind::kResent: {
      std::string claimed_by;
      if (!take_text(bytes, claimed_by) || !bytes.empty()) return unreadable();
      return Value{Resent{.hub = hub, .since = since, .claimed_by = claimed_by}};
    }
  }
  return unreadable();
}

}  // namespace tsmtp::claims
