#include "relayd/forward/offer.h"

#include <gtest/gtest.h>

namespace tsmtp::forward {
namespace {

constexpr base::WallTime kNoon{std::chrono::hours(12)};

Offer answers(const std::string& service) {
  return {.service = service, .state = Offer::State::kAnswers};
}

TEST(ForwardOffer, ComesBackAsItWas) {
  for (const Offer& offer :
       {answers("pop3"), Offer{.service = "x", .state = Offer::State::kSilent, .cause = "Connection refused"},
        Offer{.service = "gone", .state = Offer::State::kWithdrawn},
        Offer{
            .service = "display", .state = Offer::State::kAnswers, .parameter = std::string("\0\xff", 2)}}) {
    const std::string notice = encode_notice(offer);
    EXPECT_TRUE(is_about_services(notice));
    const auto read = decode_notice(notice);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, offer);
  }
}

TEST(ForwardOffer, ACauseFromAPeerIsEscaped) {
  const auto read =
      decode_notice(encode_notice({.service = "x", .state = Offer::State::kSilent, .cause = "a\nb"}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->cause, "a\\x0ab");
}

TEST(ForwardOffer, WhatIsCutShortIsMalformed) {
  const std::string whole =
      encode_notice({.service = "pop3", .state = Offer::State::kSilent, .cause = "why"});
  for (std::size_t bytes = 1; bytes < whole.size(); ++bytes)
    EXPECT_FALSE(decode_notice(whole.substr(0, bytes))) << bytes;
  EXPECT_FALSE(decode_notice(std::string("\4\0\1x\0\0", 6))) << "no such state";
  EXPECT_FALSE(decode_notice(std::string("\4\1\0\0\0", 5))) << "no name";
}

TEST(ForwardOffers, RememberSinceWhenAServiceStandsAsItDoes) {
  Offers offers;
  offers.put(answers("pop3"), kNoon);
  offers.put(answers("pop3"), kNoon + std::chrono::hours(1));
  ASSERT_NE(offers.find("pop3"), nullptr);
  EXPECT_EQ(offers.find("pop3")->since, kNoon);
  offers.put({.service = "pop3", .state = Offer::State::kSilent, .cause = "x"},
             kNoon + std::chrono::hours(2));
  EXPECT_EQ(offers.find("pop3")->since, kNoon + std::chrono::hours(2));
  offers.put({.service = "pop3", .state = Offer::State::kWithdrawn}, kNoon);
  EXPECT_EQ(offers.find("pop3"), nullptr);
}

TEST(ForwardOffers, AreForgottenUnlessTheHubsNextProcessSaysThemAnew) {
  Offers offers;
  EXPECT_FALSE(offers.expect_anew()) << "there are none";
  offers.put({.service = "pop3"}, {});
  offers.put({.service = "x11"}, {});
  EXPECT_FALSE(offers.drop_unsaid());
  EXPECT_TRUE(offers.expect_anew());
  EXPECT_NE(offers.find("pop3"), nullptr) << "until then they hold";
  offers.put({.service = "x11"}, {});
  EXPECT_TRUE(offers.drop_unsaid());
  EXPECT_EQ(offers.find("pop3"), nullptr);
  EXPECT_NE(offers.find("x11"), nullptr);
  EXPECT_FALSE(offers.drop_unsaid());
}

TEST(ForwardOffers, P6_APeerCannotMakeUsRememberWithoutEnd) {
  Offers offers;
  for (std::size_t i = 0; i <= Offers::kMost; ++i)
    offers.put(answers("s" + std::to_string(i)), kNoon);
  EXPECT_NE(offers.find("s" + std::to_string(Offers::kMost - 1)), nullptr);
  EXPECT_EQ(offers.find("s" + std::to_string(Offers::kMost)), nullptr);
}

}  // namespace
}  // namespace tsmtp::forward
