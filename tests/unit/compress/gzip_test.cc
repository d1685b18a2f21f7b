// What a gzip of another's making reads again: zlib's own inflate, in one piece.
#include "relayd/compress/gzip.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/gunzipped.h"
#include "tests/support/sample_text.h"

namespace tsmtp::compress {
namespace {

std::string gzipped(std::string_view text, std::size_t piece_bytes) {
  auto gzip = Gzip::make();
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(piece_bytes, text.size())))
    gzip->add(text.substr(0, piece_bytes), out);
  gzip->finish(out);
  return out;
}

TEST(Gzip, WhatGoesInComesOutInWhateverPieces) {
  const std::string kinds[] = {"", "x", support::sample_text(700'000), support::sample_noise(300'000),
                               std::string(3'000'000, 'A')};
  for (const std::string& text : kinds)
    for (const std::size_t bytes : {std::size_t{7}, std::size_t{4096}, std::size_t{1} << 22}) {
      if (bytes == 7 && text.size() > 1'000'000) continue;
      EXPECT_TRUE(support::gunzipped(gzipped(text, bytes)) == text)
          << text.size() << " in pieces of " << bytes;
    }
}

TEST(Gzip, IsOneMemberAndNothingBehindIt) {
  const std::string member = gzipped("some text", 100);
  EXPECT_EQ(member.substr(0, 3), "\x1f\x8b\x08");
  EXPECT_FALSE(support::gunzipped(member.substr(0, member.size() - 1)));
  EXPECT_FALSE(support::gunzipped(member + "x"));
}

TEST(Gzip, AnswersOfOneWordAreSmall) {
  EXPECT_LT(gzipped(std::string(1'000'000, 'A'), 1 << 16).size(), 10'000U);
}

}  // namespace
}  // namespace tsmtp::compress
