#include "relayd/ledger/doubt_row.h"

#include <string_view>

#include "relayd/base/bytes.h"
#include "relayd/base/keyed_digest.h"
#include "relayd/ledger/owners.h"
#include "relayd/ledger/row.h"

namespace tsmtp::ledger {
namespace {

constexpr std::size_t kBothDigestsBytes = 2 * base::kDigestBytes;
constexpr std::size_t kKeyBytes = kTransactionBytes + 2;
constexpr std::uint8_t kShared = 1;

std::string stored_key(const DoubtKey& key) {
  std::string out = key.transaction;
  base::put_u16(out, key.index);
  return out;
}

std::uint8_t version_of(const DoubtRow& row) {
  return row.place.hub.empty() && !row.place.is_shared ? kWithPin : kWithHub;
}

// What stands behind a row's header: digests, from version 2 on the client, from version 3 on the hub, and
// the site's name.
std::string body_of(const DoubtRow& row) {
  std::string out = row.mail + row.address;
  base::put_u32(out, row.client.user);
  base::put_u8(out, static_cast<std::uint8_t>(row.client.address.size()));
  out += row.client.address;
  if (version_of(row) == kWithHub) {
    base::put_u8(out, row.place.is_shared ? kShared : 0);
    base::put_u8(out, static_cast<std::uint8_t>(row.place.hub.size()));
    out += row.place.hub;
  }
  return out + row.site;
}

bool read_client(std::string_view& in, Client& out) {
  constexpr std::size_t kClientBytes = 4 + 1;
  if (in.size() < kClientBytes) return false;
  const std::uint32_t user = base::get_u32(in);
  const std::size_t address_bytes = base::get_u8(in.substr(4));
  in.remove_prefix(kClientBytes);
  if (in.size() < address_bytes || address_bytes > Client::kMaxAddressBytes) return false;
  out = Client(user, std::string(in.substr(0, address_bytes)));
  in.remove_prefix(address_bytes);
  return true;
}

bool read_hub(std::string_view& in, DoubtPlace& out) {
  constexpr std::size_t kHubBytes = 1 + 1;
  if (in.size() < kHubBytes) return false;
  out.is_shared = (base::get_u8(in) & kShared) != 0;
  const std::size_t name_bytes = base::get_u8(in.substr(1));
  in.remove_prefix(kHubBytes);
  if (in.size() < name_bytes) return false;
  out.hub = in.substr(0, name_bytes);
  in.remove_prefix(name_bytes);
  return true;
}

bool read_body(const Row& row, DoubtRow& out) {
  std::string_view in = row.body;
  if (in.size() <= kBothDigestsBytes) return false;
  out.mail = in.substr(0, base::kDigestBytes);
  out.address = in.substr(base::kDigestBytes, base::kDigestBytes);
  in.remove_prefix(kBothDigestsBytes);
  if (row.version > 1 && !read_client(in, out.client)) return false;
  if (row.version >= kWithHub && !read_hub(in, out.place)) return false;
  if (in.empty() || in.size() > kMaxSiteBytes) return false;
  out.site = in;
  return true;
}

}  // namespace

Change writing_of(const DoubtKey& key, const DoubtRow& row) {
  std::string pin = row.place.pin;
  pin.resize(kPinBytes);  // of version 1 there is none
  return {.table = Table::kDoubts,
          .key = stored_key(key),
          .value = encode_row(row.recorded, pin, body_of(row), version_of(row)),
          .durable = true};
}

Change erasure_of(const DoubtKey& key) {
  return {.table = Table::kDoubts, .key = stored_key(key), .value = std::nullopt, .durable = false};
}

DoubtKey doubt_key_of(const std::string& row_key) {
  if (row_key.size() != kKeyBytes) return {};
  return {.transaction = row_key.substr(0, kTransactionBytes),
          .index = base::get_u16(std::string_view(row_key).substr(kTransactionBytes))};
}

std::optional<DoubtRow> decode_doubt(const Entry& entry) {
  const auto row = decode_row(entry.value);
  if (!row || entry.key.size() != kKeyBytes) return std::nullopt;
  DoubtRow out;
  if (!read_body(*row, out)) return std::nullopt;
  out.place.pin = row->pin;
  out.recorded = row->recorded;
  return out;
}

}  // namespace tsmtp::ledger
