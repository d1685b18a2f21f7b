#include "mailertable/routes/sync_message.h"

#include <optional>
#include <utility>

namespace tsmtp::mailertable {
namespace {

constexpr unsigned kBoolean = 0x01;
constexpr unsigned kOctetString = 0x04;
constexpr unsigned kEnumerated = 0x0a;
constexpr unsigned kSequence = 0x30;
constexpr unsigned kSet = 0x31;
constexpr std::size_t kUuidBytes = 16;

struct Element {
  unsigned tag = 0;
  std::string_view content;
};

/// Takes elements off the front of BER with definite lengths, as RFC 4511 section 5.1 has it.
class BerReader {
 public:
  explicit BerReader(std::string_view rest) : rest_(rest) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool next_is(unsigned tag) const { return !rest_.empty() && byte(0) == tag; }

  std::optional<Element> take() {
    if (rest_.size() < 2) return std::nullopt;
    const unsigned tag = byte(0);
    std::size_t length = byte(1);
    std::size_t header = 2;
    if (length >= 0x80) {
      const std::size_t octets = length & 0x7fU;
      if (octets == 0 || octets > 4 || rest_.size() < header + octets) return std::nullopt;
      length = 0;
      for (std::size_t i = 0; i < octets; ++i)
        length = length << 8U | byte(header + i);
      header += octets;
    }
    if (length > rest_.size() - header) return std::nullopt;
    const Element element{tag, rest_.substr(header, length)};
    rest_.remove_prefix(header + length);
    return element;
  }

  std::optional<std::string_view> take(unsigned tag) {
    if (!next_is(tag)) return std::nullopt;
    const auto element = take();
    if (!element) return std::nullopt;
    return element->content;
  }

 private:
  [[nodiscard]] unsigned byte(std::size_t at) const { return static_cast<unsigned char>(rest_[at]); }

  std::string_view rest_;
};

base::Error malformed(const char* what) {
  return {std::string("the server sent a ") + what + " that RFC 4533 does not know"};
}

std::optional<std::string> take_uuid(BerReader& reader) {
  const auto uuid = reader.take(kOctetString);
  if (!uuid || uuid->size() != kUuidBytes) return std::nullopt;
  return std::string(*uuid);
}

/// A cookie, which is of no use to us, then a BOOLEAN that may be missing. Nothing: malformed.
std::optional<bool> take_flag(BerReader& reader, bool if_missing) {
  if (reader.next_is(kOctetString) && !reader.take()) return std::nullopt;
  if (!reader.next_is(kBoolean)) return if_missing;
  const auto flag = reader.take(kBoolean);
  if (!flag || flag->size() != 1) return std::nullopt;
  return flag->front() != '\0';
}

std::optional<SyncInfo> read_id_set(BerReader reader) {
  SyncInfo info;
  info.kind = SyncInfo::Kind::kIdSet;
  const auto deletes = take_flag(reader, false);
  if (!deletes) return std::nullopt;
  info.refresh_deletes = *deletes;
  const auto set = reader.take(kSet);
  if (!set) return std::nullopt;
  for (BerReader uuids(*set); !uuids.at_end();) {
    auto uuid = take_uuid(uuids);
    if (!uuid) return std::nullopt;
    info.uuids.push_back(*std::move(uuid));
  }
  return info;
}

std::optional<SyncInfo> read_info(const Element& choice) {
  constexpr unsigned kNewCookie = 0x80;
  constexpr unsigned kRefreshDelete = 0xa1;
  constexpr unsigned kRefreshPresent = 0xa2;
  constexpr unsigned kIdSet = 0xa3;
  if (choice.tag == kNewCookie) return SyncInfo{};
  if (choice.tag == kIdSet) return read_id_set(BerReader(choice.content));
  if (choice.tag != kRefreshDelete && choice.tag != kRefreshPresent) return std::nullopt;
  SyncInfo info;
  info.kind = choice.tag == kRefreshDelete ? SyncInfo::Kind::kRefreshDelete : SyncInfo::Kind::kRefreshPresent;
  BerReader reader(choice.content);
  const auto done = take_flag(reader, true);
  if (!done) return std::nullopt;
  info.refresh_done = *done;
  return info;
}

}  // namespace

base::Result<EntryState> read_sync_state(std::string_view value) {
  const auto sequence = BerReader(value).take(kSequence);
  if (!sequence) return malformed("Sync State Control");
  BerReader reader(*sequence);
  const auto state = reader.take(kEnumerated);
  auto uuid = take_uuid(reader);
  if (!state || state->size() != 1 || static_cast<unsigned char>(state->front()) > 3 || !uuid)
    return malformed("Sync State Control");
  return EntryState{static_cast<SyncState>(state->front()), *std::move(uuid)};
}

base::Result<SyncInfo> read_sync_info(std::string_view value) {
  BerReader reader(value);
  const auto choice = reader.take();
  if (!choice) return malformed("Sync Info Message");
  auto info = read_info(*choice);
  if (!info) return malformed("Sync Info Message");
  return *std::move(info);
}

}  // namespace tsmtp::mailertable
