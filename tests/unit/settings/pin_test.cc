#include "relayd/settings/pin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::settings {
namespace {

using testing::HasSubstr;

TEST(Pin, KnownValue) {
  // SHA-256 of nothing; `printf '' | openssl dgst -sha256 -binary | base64`.
  const std::string text = "sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  const auto digest = parse_pin(text);
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest->size(), 32U);
  EXPECT_EQ(digest->substr(0, 4), "\xe3\xb0\xc4\x42");
  EXPECT_EQ(pin_text(*digest), text);
}

TEST(Pin, EveryByteComesBack) {
  for (int byte = 0; byte < 256; ++byte) {
    std::string digest(32, static_cast<char>(byte));
    digest[31] = static_cast<char>(255 - byte);
    const auto back = parse_pin(pin_text(digest));
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, digest);
  }
}

TEST(Pin, NoPins) {
  const std::string good(42, 'A');
  for (const std::string& text :
       {std::string(), std::string("sha256:"), "sha256:" + good, "sha256:" + good + "A",
        "sha256:" + good + "==", "sha256:" + good + "AA=", "sha1:" + good + "A=", "SHA256:" + good + "A=",
        "sha256:" + good + "-=", "sha256: " + good + "=", "sha256:" + good + "A=\n"})
    EXPECT_FALSE(parse_pin(text)) << text;
}

TEST(Pin, OneTextForOneKey) {
  EXPECT_TRUE(parse_pin("sha256:" + std::string(43, 'A') + "="));
  EXPECT_FALSE(parse_pin("sha256:" + std::string(42, 'A') + "B="));
}

TEST(Pin, ErrorSaysHowToGetOne) {
  EXPECT_THAT(parse_pin("x").error().message, HasSubstr("`relayctl fingerprint` on that hub"));
}

}  // namespace
}  // namespace tsmtp::settings
