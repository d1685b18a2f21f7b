// The true cookie goes to the display and nowhere else; nothing of a program without the right one gets
// there.
#include "relayd/forward/x11/cookie_replacement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::forward::x11 {
namespace {

using std::string_literals::operator""s;

const std::string kShown = "shown by clients";
const std::string kTrue = "only the display";
constexpr ByteOrder kOrders[] = {ByteOrder::kMostSignificantFirst, ByteOrder::kLeastSignificantFirst};

Setup setup_with(ByteOrder order, const std::string& protocol, const std::string& data) {
  return {.order = order, .minor_version = 7, .authorization = {.protocol = protocol, .data = data}};
}

class CookieReplacementTest : public ::testing::Test {
 protected:
  // All that comes of bytes from the link, in pieces of `size`; the first error, if any.
  std::string from_link(CookieReplacement& protocol, std::string_view bytes, std::size_t size = 4096) {
    std::string error;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(size, bytes.size()))) {
      const auto done = protocol.from_link(bytes.substr(0, size), out);
      if (!done && error.empty()) error = done.error().message;
    }
    return error;
  }
  CookieReplacement make() {
    return {kShown, [this]() -> base::Result<Authorization> {
              ++asked;
              return wanted;
            }};
  }

  base::Result<Authorization> wanted = Authorization{std::string(kMagicCookie), kTrue};
  int asked = 0;
  ProtocolOutput out;
};

TEST_F(CookieReplacementTest, RightCookieIsReplacedInBothByteOrders) {
  for (const ByteOrder order : kOrders)
    for (const std::size_t size : {1, 7, 4096}) {
      CookieReplacement protocol = make();
      out = {};
      const std::string setup = encode(setup_with(order, std::string(kMagicCookie), kShown));
      EXPECT_EQ(from_link(protocol, setup + "requests", size), "");
      EXPECT_EQ(out.to_host, encode(setup_with(order, std::string(kMagicCookie), kTrue)) + "requests");
      EXPECT_EQ(out.to_link, "");
    }
}

TEST_F(CookieReplacementTest, BehindTheSetupEverythingPassesBothWays) {
  CookieReplacement protocol = make();
  ASSERT_EQ(from_link(protocol, encode(setup_with(kOrders[0], std::string(kMagicCookie), kShown))), "");
  out = {};
  const std::string any = kShown + kTrue + "\0\xff"s;
  ASSERT_TRUE(protocol.from_host(any, out));
  ASSERT_EQ(from_link(protocol, any), "");
  EXPECT_EQ(out.to_link, any);
  EXPECT_EQ(out.to_host, any);
}

TEST_F(CookieReplacementTest, DisplayThatWantsNoneIsShownNone) {
  wanted = Authorization{};
  CookieReplacement protocol = make();
  ASSERT_EQ(from_link(protocol, encode(setup_with(kOrders[1], std::string(kMagicCookie), kShown))), "");
  EXPECT_EQ(out.to_host, encode(setup_with(kOrders[1], "", "")));
}

TEST_F(CookieReplacementTest, ProgramWithoutTheRightCookieIsToldSo) {
  const std::vector<std::pair<Authorization, std::string>> wrong{
      {{}, "no cookie"},
      {{std::string(kMagicCookie), ""}, "wrong cookie"},
      {{std::string(kMagicCookie), kTrue}, "wrong cookie"},
      {{std::string(kMagicCookie), kShown.substr(1)}, "wrong cookie"},
      {{std::string(kMagicCookie), kShown + "x"}, "wrong cookie"},
      {{"XDM-AUTHORIZATION-1", kShown}, "wrong cookie"},
      {{"", kShown}, "wrong cookie"}};
  for (const ByteOrder order : kOrders)
    for (const auto& [shown, complaint] : wrong) {
      CookieReplacement protocol = make();
      out = {};
      const std::string error =
          from_link(protocol, encode(setup_with(order, shown.protocol, shown.data)) + "requests");
      EXPECT_THAT(error, testing::HasSubstr(complaint));
      EXPECT_EQ(out.to_host, "");
      EXPECT_EQ(out.to_link[0], '\0');
      EXPECT_THAT(out.to_link, testing::HasSubstr("tsmtp: " + complaint));
      EXPECT_THAT(out.to_link, testing::HasSubstr(order == kOrders[0] ? "\0\x0b\0\0"s : "\x0b\0\0\0"s));
      EXPECT_THAT(error, testing::Not(testing::HasSubstr(kShown)));
    }
  EXPECT_EQ(asked, 0) << "the true cookie is not even read";
}

TEST_F(CookieReplacementTest, AfterARefusalNothingPassesAnyMore) {
  CookieReplacement protocol = make();
  EXPECT_NE(from_link(protocol, encode(setup_with(kOrders[0], "", ""))), "");
  out = {};
  EXPECT_EQ(from_link(protocol, encode(setup_with(kOrders[0], std::string(kMagicCookie), kShown))), "");
  EXPECT_TRUE(protocol.from_host("hello", out));
  EXPECT_EQ(out.to_host + out.to_link, "");
}

TEST_F(CookieReplacementTest, WrongSetupsAreRefusedAndTheDisplayHearsNothing) {
  struct Case {
    std::string bytes;
    std::string answer;
  };
  const std::string why = "tsmtp: wrong connection setup\0\0\0"s;
  for (const Case& wrong : {Case{"GET / HTTP/1.0\r\n\r\n", ""}, Case{"\0"s, ""},
                            Case{"B\0\0\x0b\0\0\xff\xff\0\0\0\0"s, "\0\x1d\0\x0b\0\0\0\x08"s + why},
                            Case{"l\0\x0b\0\0\0\0\0\x01\x01\0\0"s, "\0\x1d\x0b\0\0\0\x08\0"s + why}}) {
    CookieReplacement protocol = make();
    out = {};
    EXPECT_NE(from_link(protocol, wrong.bytes, 1), "");
    EXPECT_EQ(out.to_host, "");
    EXPECT_EQ(out.to_link, wrong.answer);
  }
}

TEST_F(CookieReplacementTest, AsLongAsTheSetupIsNotWholeTheDisplayHearsNothing) {
  CookieReplacement protocol = make();
  const std::string setup = encode(setup_with(kOrders[0], std::string(kMagicCookie), kShown));
  EXPECT_EQ(from_link(protocol, setup.substr(0, setup.size() - 1), 1), "");
  EXPECT_EQ(out.to_host + out.to_link, "");
}

TEST_F(CookieReplacementTest, ProgramIsToldThatTheTrueCookieCannotBeRead) {
  wanted = base::Error{"/home/anna/.Xauthority: cannot be read: Permission denied"};
  CookieReplacement protocol = make();
  const std::string setup = encode(setup_with(kOrders[0], std::string(kMagicCookie), kShown));
  EXPECT_EQ(from_link(protocol, setup), wanted.error().message);
  EXPECT_EQ(out.to_host, "");
  EXPECT_THAT(out.to_link, testing::HasSubstr("own cookie cannot be read"));
  EXPECT_THAT(out.to_link, testing::Not(testing::HasSubstr("anna")));
}

TEST_F(CookieReplacementTest, DisplayThatSpeaksFirstIsNone) {
  CookieReplacement protocol = make();
  const auto done = protocol.from_host("220 smtp.example ESMTP\r\n", out);
  ASSERT_FALSE(done);
  EXPECT_EQ(out.to_host + out.to_link, "");
}

TEST_F(CookieReplacementTest, LongestReasonFitsAFailedReply) {
  wanted = base::Error{"x"};
  CookieReplacement protocol = make();
  (void)from_link(protocol, encode(setup_with(kOrders[0], std::string(kMagicCookie), kShown)));
  EXPECT_LT(static_cast<unsigned char>(out.to_link[1]), 255) << "it is not cut";
}

}  // namespace
}  // namespace tsmtp::forward::x11
