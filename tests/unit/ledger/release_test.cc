// What release 0.2 has in its ledger, and what its relayd says to the one that takes over from it, byte for
// byte. The next release reads all of it, and says what 0.2 can read: a ledger outlives an upgrade, and a
// downgrade. A line here is never changed; what a later release writes in another way gets lines of its own.
#include <gtest/gtest.h>

#include <string>

#include "relayd/base/bytes.h"
#include "relayd/ledger/doubt_row.h"
#include "relayd/ledger/news.h"
#include "relayd/ledger/outcomes.h"
#include "relayd/ledger/store.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/ledger/sample_doubts.h"

namespace tsmtp::ledger {
namespace {

std::string bytes(const std::string& hex) {
  return base::unhex(hex).value_or("");
}

std::string repeated(const std::string& hex, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i)
    out += hex;
  return out;
}

const std::string kKeyHex = repeated("74", 16) + "0002";
// The time 1970-01-12T13:46:40Z, in microseconds.
const std::string kTimeHex = "000000e8d4a51000";
const std::string kPinHex = repeated("50", 32);
const std::string kDigestsHex = repeated("64", 32) + repeated("78", 32);
const std::string kClientHex = "000003e80b3139322e302e322e313337";  // user 1000, 192.0.2.137
const std::string kDoubtHex = "02" + kTimeHex + kPinHex + kDigestsHex + kClientHex + "6269726c";
const std::string kDoubtOfHubHex =
    "03" + kTimeHex + kPinHex + kDigestsHex + kClientHex + "01056d61696c31" + "6269726c";
const std::string kDoubtOf01Hex = "01" + kTimeHex + kDigestsHex + "6269726c";
const std::string kOutcomeKeyHex = repeated("74", 16) + "6269726c";
const std::string kOutcomeHex = "02" + kTimeHex + kPinHex + "32353020322e302e30206f6b";

DoubtRow doubt(const DoubtPlace& place) {
  return {.mail = kDigest,
          .address = kAddress,
          .client = Client(1000, "192.0.2.137"),
          .place = place,
          .site = "birl",
          .recorded = kNow};
}

TEST(Release02, ADoubt) {
  const DoubtPlace of_one_hub{.pin = kPin};
  const DoubtPlace of_several{.pin = kPin, .hub = "mail1", .is_shared = true};
  for (const auto& [place, hex] : {std::pair(of_one_hub, kDoubtHex), std::pair(of_several, kDoubtOfHubHex)}) {
    const Change written = writing_of(key('t', 2), doubt(place));
    EXPECT_EQ(base::hex(written.key), kKeyHex);
    EXPECT_EQ(base::hex(written.value.value_or("")), hex);
    const auto read = decode_doubt({.key = bytes(kKeyHex), .value = bytes(hex)});
    ASSERT_TRUE(read) << hex;
    EXPECT_EQ(read->site, "birl");
    EXPECT_EQ(read->mail, kDigest);
    EXPECT_EQ(read->address, kAddress);
    EXPECT_EQ(read->client.user, 1000U);
    EXPECT_EQ(read->client.address, "192.0.2.137");
    EXPECT_EQ(read->place.pin, kPin);
    EXPECT_EQ(read->place.hub, place.hub);
    EXPECT_EQ(read->place.is_shared, place.is_shared);
    EXPECT_EQ(read->recorded, kNow);
  }
}

TEST(Release02, ADoubtOfARelayBeforeIt) {
  const auto read = decode_doubt({.key = bytes(kKeyHex), .value = bytes(kDoubtOf01Hex)});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->site, "birl");
  EXPECT_EQ(read->recorded, kNow);
}

TEST(Release02, AnOutcome) {
  Outcomes outcomes;
  const Change written = outcomes.record("birl", transaction('t'), "250 2.0.0 ok", kNow, kPin);
  EXPECT_EQ(base::hex(written.key), kOutcomeKeyHex);
  EXPECT_EQ(base::hex(written.value.value_or("")), kOutcomeHex);
  Outcomes later;
  EXPECT_TRUE(later.restore({{.key = bytes(kOutcomeKeyHex), .value = bytes(kOutcomeHex)}}).empty());
  EXPECT_EQ(later.find("birl", transaction('t')), "250 2.0.0 ok");
}

TEST(Release02, WhatIsToldAtAnUpgrade) {
  const std::string doubt_change =
      "0003"
      "00000012" +
      kKeyHex + "0000007d" + kDoubtHex;
  const std::string erasure =
      "0100"
      "00000014" +
      kOutcomeKeyHex;
  struct Said {
    News news;
    std::string hex;
  };
  const DoubtKey about = key('t', 2);
  const Change erased{.table = Table::kOutcomes, .key = bytes(kOutcomeKeyHex), .value = {}, .durable = false};
  const std::vector<Said> all{
      {{.kind = News::Kind::kChange, .change = writing_of(key('t', 2), doubt({.pin = kPin})), .key = {}},
       "01" + doubt_change},
      {{.kind = News::Kind::kChange, .change = erased, .key = {}}, "01" + erasure},
      {{.kind = News::Kind::kMarked, .change = {}, .key = about}, "02" + kKeyHex},
      {{.kind = News::Kind::kClaimed, .change = {}, .key = about}, "03" + kKeyHex},
      {{.kind = News::Kind::kComplete, .change = {}, .key = {}}, "04"},
      {{.kind = News::Kind::kAsk, .change = {}, .key = about}, "05" + kKeyHex},
      {{.kind = News::Kind::kPending, .change = {}, .key = about}, "06" + kKeyHex},
      {{.kind = News::Kind::kNotHere, .change = {}, .key = about}, "07" + kKeyHex},
  };
  for (const Said& said : all) {
    std::string length;
    base::put_u32(length, static_cast<std::uint32_t>(said.hex.size() / 2));
    const std::string whole = length + bytes(said.hex);
    std::string out;
    append(out, said.news);
    EXPECT_EQ(base::hex(out), base::hex(whole));
    std::string_view in = whole;
    bool is_broken = false;
    const auto heard = take_news(in, is_broken);
    ASSERT_TRUE(heard) << said.hex;
    EXPECT_EQ(heard->kind, said.news.kind);
    EXPECT_EQ(heard->change.key, said.news.change.key);
    EXPECT_EQ(heard->change.value, said.news.change.value);
    EXPECT_EQ(heard->change.durable, said.news.change.durable);
    EXPECT_EQ(heard->key.transaction, said.news.key.transaction);
    EXPECT_TRUE(in.empty());
  }
}

}  // namespace
}  // namespace tsmtp::ledger
