// What is compressed and what is not, and how much of it waits for how long.
#include "relayd/mail/content_packer.h"

#include <gtest/gtest.h>

#include "relayd/compress/decompressor.h"
#include "tests/support/sample_text.h"

namespace tsmtp::mail {
namespace {

using namespace std::chrono_literals;
using support::sample_base64;
using support::sample_noise;
using support::sample_text;

constexpr std::size_t kPieceBytes = 8192;

struct Packed {
  std::size_t taken_bytes = 0;  // of the content, before it was found not to be worth it
  std::string bytes;
};

Packed packed(std::string_view content) {
  base::ByteBudget budget(kCompressionBytes);
  const auto packer = ContentPacker::make(budget, 0, {});
  Packed out;
  while (packer->is_worth_it() && out.taken_bytes < content.size()) {
    const std::string_view piece = content.substr(out.taken_bytes, kPieceBytes);
    EXPECT_TRUE(packer->pack(piece, {}, out.bytes));
    out.taken_bytes += piece.size();
  }
  EXPECT_TRUE(packer->finish(out.bytes));
  return out;
}

TEST(ContentPacker, TextIsCompressedToItsEnd) {
  const std::string text = sample_text(1'000'000);
  const Packed out = packed(text);
  EXPECT_EQ(out.taken_bytes, text.size());
  EXPECT_LT(out.bytes.size(), text.size() * 4 / 10);
}

TEST(ContentPacker, Base64OfWhatIsCompressedIsWorthIt) {
  const std::string attachment = "Subject: x\r\n\r\n" + sample_base64(1'000'000);
  const Packed out = packed(attachment);
  EXPECT_EQ(out.taken_bytes, attachment.size());
  EXPECT_LT(out.bytes.size(), attachment.size() * 8 / 10);
}

TEST(ContentPacker, WhatIsCompressedAlreadyIsNoticedEarly) {
  EXPECT_LE(packed(sample_noise(1'000'000)).taken_bytes, 3 * kPieceBytes);
  const std::string behind_text = sample_text(3000) + sample_noise(1'000'000);
  EXPECT_LE(packed(behind_text).taken_bytes, 200'000U);
  const std::string later = sample_text(500'000) + sample_noise(1'000'000);
  const Packed out = packed(later);
  EXPECT_GE(out.taken_bytes, 500'000U);
  EXPECT_LE(out.taken_bytes, 800'000U);
}

TEST(ContentPacker, NothingWaitsForLongerThanASecondIfTheClientGoesOn) {
  base::ByteBudget budget(kCompressionBytes);
  const auto packer = ContentPacker::make(budget, 0, {});
  auto far = compress::Decompressor::make();
  std::string received;
  std::string sent;
  base::TimePoint now{};
  for (int i = 0; i < 10; ++i, now += 1s) {
    std::string out;
    ASSERT_TRUE(packer->pack("a line\r\n", now, out));
    sent += "a line\r\n";
    std::string_view input = out;
    while (!input.empty())
      received += *far->read(input);
    if (i > 0) {
      EXPECT_EQ(received, sent);
    }
  }
}

TEST(ContentPacker, P6_MailsShareABudgetAndGiveItBack) {
  base::ByteBudget budget(std::size_t{8} << 20);
  std::vector<std::unique_ptr<ContentPacker>> packers;
  for (int i = 0; i < 100; ++i) {
    auto packer = ContentPacker::make(budget, 0, {});
    if (!packer) break;
    std::string out;
    ASSERT_TRUE(packer->pack(sample_text(10'000), {}, out));
    packers.push_back(std::move(packer));
  }
  EXPECT_GE(packers.size(), 3U);
  EXPECT_LE(packers.size(), 5U);
  EXPECT_EQ(ContentPacker::make(budget, 0, {}), nullptr);
  packers.pop_back();
  EXPECT_NE(ContentPacker::make(budget, 0, {}), nullptr);
  packers.clear();
  int small_ones = 0;
  for (; small_ones < 100; ++small_ones) {
    auto packer = ContentPacker::make(budget, 3000, {});
    if (!packer) break;
    std::string out;
    ASSERT_TRUE(packer->pack(sample_text(3000), {}, out));
    packers.push_back(std::move(packer));
  }
  EXPECT_GE(small_ones, 20) << "small mails need little";
}

}  // namespace
}  // namespace tsmtp::mail
