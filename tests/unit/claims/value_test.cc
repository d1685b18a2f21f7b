// What stands in etcd is read as it was written, and nothing else is believed.
#include "relayd/claims/value.h"

#include <gtest/gtest.h>

#include "relayd/claims/keys.h"

namespace tsmtp::claims {
namespace {

const base::WallTime kTime{std::chrono::seconds(1'790'000'000)};

std::vector<Value> all_kinds() {
  return {Claim{.hub = "birl1", .memory = std::string(16, 'm'), .since = kTime, .number = 7},
          Claim{.hub = std::string(255, 'h'),
                .memory = std::string(16, '\xff'),
                .since = kTime,
                .number = ~0ULL,
                .is_witnessed = false,
                .is_undecided = true},
          Ended{.hub = "birl2", .known = "any bytes"},
          Ended{.hub = "birl2", .known = std::string(kMaxKnownBytes, 'x')},
          Disowned{.hub = "birl1", .since = kTime},
          Resent{.hub = "birl1", .since = kTime, .claimed_by = "birl3"}};
}

TEST(ClaimValue, IsReadAsItWasWritten) {
  for (const Value& value : all_kinds()) {
    const auto read = decode(encode(value));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, value);
  }
}

TEST(ClaimValue, CutOrLongerIsNotBelieved) {
  for (const Value& value : all_kinds()) {
    const std::string bytes = encode(value);
    const bool has_any_bytes = std::holds_alternative<Ended>(value);
    const std::size_t header = 11 + std::get<Ended>(all_kinds()[2]).hub.size();
    for (std::size_t length = 0; length < bytes.size(); ++length)
      EXPECT_EQ(decode(bytes.substr(0, length)).has_value(), has_any_bytes && length >= header) << length;
    if (!has_any_bytes) {
      EXPECT_FALSE(decode(bytes + 'x'));
    }
  }
  EXPECT_FALSE(decode(encode(all_kinds()[3]) + 'x'));
}

TEST(ClaimValue, OfAnotherVersionOrKindIsNotBelieved) {
  const std::string bytes = encode(all_kinds()[4]);
  for (int byte = 0; byte < 256; ++byte) {
    std::string version = bytes, kind = bytes;
    version[0] = static_cast<char>(byte);
    kind[1] = static_cast<char>(byte);
    EXPECT_EQ(decode(version).has_value(), byte == 1);
    EXPECT_EQ(decode(kind).has_value(), byte == 3 || byte == 2) << byte;
  }
}

TEST(ClaimValue, OfATimeThatIsNoneIsNotBelieved) {
  std::string bytes = encode(all_kinds()[4]);
  bytes[2] = '\x7f';
  EXPECT_FALSE(decode(bytes));
  bytes[2] = '\xff';
  EXPECT_FALSE(decode(bytes));
}

TEST(ClaimKeys, NameATransactionAndAHub) {
  const Keys keys("/tsmtp");
  const Name name{.site = "tokyo", .transaction = std::string(15, '\x01') + '\xff'};
  const std::string key = keys.transaction(name);
  EXPECT_EQ(key, "/tsmtp/transactions/tokyo/010101010101010101010101010101ff");
  EXPECT_EQ(keys.name_in(key), name);
  EXPECT_EQ(keys.hub_in(keys.hub("birl1")), "birl1");
  for (const char* other :
       {"/tsmtp/transactions/tokyo/01ff", "/tsmtp/transactions//010101010101010101010101010101ff",
        "/tsmtp/transactions/tokyo/0101010101010101010101010101010G", "/other", "/tsmtp/transactions/",
        "/tsmtp/hubs/birl1"})
    EXPECT_FALSE(keys.name_in(other)) << other;
  EXPECT_FALSE(keys.hub_in("/tsmtp/hubs/"));
  EXPECT_LT(key, keys.transactions().end);
  EXPECT_GT(key, keys.transactions().key);
  EXPECT_GT(keys.transactions(key).key, key);
}

}  // namespace
}  // namespace tsmtp::claims
