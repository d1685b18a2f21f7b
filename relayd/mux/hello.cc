#include "relayd/mux/hello.h"

#include <algorithm>
#include <cassert>

#include "relayd/base/bytes.h"
#include "relayd/mux/stream_id.h"

namespace tsmtp::mux {
namespace {

constexpr std::string_view kMagic = "tsmtp";
constexpr std::size_t kFixedBytes = kMagic.size() + 1 + 1 + 1 + 8 + kInstanceBytes + 4 + 4;

constexpr std::size_t kResumptionBytes = 1 + 1 + 5 * 8;

void put_resumption(std::string& out, const Resumption& resumption) {
  base::put_u8(out, resumption.connection);
  base::put_u8(out, resumption.connections);
  for (const std::uint64_t field :
       {resumption.number, resumption.own, resumption.peer, resumption.epoch, resumption.received})
    base::put_u64(out, field);
}

base::Result<void> read_resumption(Hello& hello, std::string_view in) {
  if (!hello.can_resume()) return {};
  if (in.size() < kResumptionBytes)
    return base::Error{"peer's Hello states that sessions can be resumed, and ends before it says which"};
  hello.resumption = {.connection = base::get_u8(in),
                      .connections = base::get_u8(in.substr(1)),
                      .number = base::get_u64(in.substr(2)),
                      .own = base::get_u64(in.substr(10)),
                      .peer = base::get_u64(in.substr(18)),
                      .epoch = base::get_u64(in.substr(26)),
                      .received = base::get_u64(in.substr(34))};
  if (hello.resumption.connections == 0 || hello.resumption.number == 0)
    return base::Error{"peer's Hello states no connections, or no number of its session"};
  if ((hello.resumption.own == 0) != (hello.resumption.peer == 0))
    return base::Error{"peer's Hello names half a session to resume"};
  return {};
}

void put_predecessor(std::string& out, const std::string& predecessor) {
  out += predecessor.empty() ? std::string(kInstanceBytes, '\0') : predecessor;
}

base::Result<void> read_predecessor(Hello& hello, std::string_view in) {
  if (!hello.knows_beside()) return {};
  if (in.size() < kInstanceBytes)
    return base::Error{
        "peer's Hello states that two processes may stand beside each other, and ends before it "
        "says which"};
  const std::string_view named = in.substr(0, kInstanceBytes);
  if (named.find_first_not_of('\0') == std::string_view::npos) return {};
  if (named == hello.instance) return base::Error{"peer's Hello names its own process as the one before it"};
  hello.predecessor = named;
  return {};
}

std::string range(const Hello& hello) {
  std::string lowest = std::to_string(hello.lowest_version);
  if (hello.lowest_version == hello.highest_version) return lowest;
  return lowest + " to " + std::to_string(hello.highest_version);
}

// A peer without a common version may lay out the rest as it likes: it must be told of its version, not its
// layout.
base::Result<void> check_versions(const Hello& hello) {
  if (hello.lowest_version == 0 || hello.lowest_version > hello.highest_version)
    return base::Error{"peer's Hello states protocol versions " + range(hello) + ", which is no range"};
  if (const auto common = negotiate_version(Hello{}, hello); !common) return common.error();
  return {};
}

}  // namespace

std::string encode_hello(const Hello& hello) {
  assert(hello.instance.size() == kInstanceBytes && hello.name.size() <= kMaxTextBytes);
  assert(hello.predecessor.empty() || hello.predecessor.size() == kInstanceBytes);
  std::string out(kMagic);
  base::put_u8(out, hello.lowest_version);
  base::put_u8(out, hello.highest_version);
  base::put_u8(out, static_cast<std::uint8_t>(hello.name.size()));
  base::put_u64(out, hello.capabilities);
  out += hello.instance;
  base::put_u32(out, hello.max_streams);
  base::put_u32(out, hello.stream_window_bytes);
  out += hello.name;
  if (hello.can_resume()) put_resumption(out, hello.resumption);
  if (hello.knows_beside()) put_predecessor(out, hello.predecessor);
  return out;
}

base::Result<Hello> parse_hello(std::string_view payload) {
  if (!payload.starts_with(kMagic)) return base::Error{"peer does not speak the tsmtp link protocol"};
  Hello hello;
  std::string_view rest = payload.substr(kMagic.size());
  if (rest.size() < 2) return base::Error{"peer's Hello is too short to hold its versions"};
  hello.lowest_version = base::get_u8(rest);
  hello.highest_version = base::get_u8(rest.substr(1));
  if (auto ok = check_versions(hello); !ok) return ok.error();
  if (payload.size() < kFixedBytes)
    return base::Error{"peer's Hello has " + std::to_string(payload.size()) + " bytes, at least " +
                       std::to_string(kFixedBytes) + " are needed"};
  const std::size_t name_bytes = base::get_u8(rest.substr(2));
  if (payload.size() < kFixedBytes + name_bytes)
    return base::Error{"peer's Hello ends before the end of its name"};
  hello.capabilities = base::get_u64(rest.substr(3));
  rest.remove_prefix(3 + 8);
  hello.instance = rest.substr(0, kInstanceBytes);
  rest.remove_prefix(kInstanceBytes);
  hello.max_streams = base::get_u32(rest);
  hello.stream_window_bytes = base::get_u32(rest.substr(4));
  hello.name = rest.substr(8, name_bytes);
  rest.remove_prefix(8 + name_bytes);
  if (auto ok = read_resumption(hello, rest); !ok) return ok.error();
  if (hello.can_resume()) rest.remove_prefix(kResumptionBytes);
  if (auto ok = read_predecessor(hello, rest); !ok) return ok.error();
  if (hello.stream_window_bytes < kMinWindowBytes)
    return base::Error{"peer's Hello states a stream window of " + std::to_string(hello.stream_window_bytes) +
                       " bytes, at least " + std::to_string(kMinWindowBytes) + " are needed"};
  return hello;
}

base::Result<std::uint8_t> negotiate_version(const Hello& ours, const Hello& theirs) {
  const std::uint8_t common = std::min(ours.highest_version, theirs.highest_version);
  if (common < std::max(ours.lowest_version, theirs.lowest_version))
    return base::Error{"no common protocol version: this side speaks " + range(ours) + ", the peer " +
                       range(theirs)};
  return common;
}

}  // namespace tsmtp::mux
