#include "relayd/forward/x11/authority_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::forward::x11 {
namespace {

using std::string_literals::operator""s;

constexpr std::uint16_t kInternet = 0;
constexpr std::uint16_t kServerInterpreted = 5;
constexpr std::uint16_t kInternet6 = 6;
constexpr std::uint16_t kNetname = 254;
constexpr std::uint16_t kLocal = 256;
constexpr std::uint16_t kWild = 65535;

Authorization cookie(const std::string& data) {
  return {.protocol = std::string(kMagicCookie), .data = data};
}

Display local(const std::string& number) {
  return {.family = Family::kLocal, .address = "desk", .number = number};
}

std::optional<std::string> found(const Display& display, const std::vector<AuthorityEntry>& entries) {
  const auto authorization = cookie_for(display, entries);
  return authorization ? std::optional(authorization->data) : std::nullopt;
}

// As xauth 1.1.2 wrote it for `xauth add desk/unix:10 . 30313233343536373839616263646566`.
TEST(AuthorityFile, IsReadAndWrittenAsXauthDoes) {
  const std::string text =
      "\1\0\0\4desk\0\x02"
      "10\0\x12MIT-MAGIC-COOKIE-1\0\x10"
      "0123456789abcdef"s;
  const auto entries = parse_authority(text);
  ASSERT_TRUE(entries);
  EXPECT_EQ(*entries, (std::vector<AuthorityEntry>{{kLocal, "desk", "10", cookie("0123456789abcdef")}}));
  EXPECT_EQ(encode(*entries), text);
}

TEST(AuthorityFile, KeepsWhatItDoesNotKnow) {
  const std::vector<AuthorityEntry> entries{
      {kServerInterpreted, "localuser\0anna"s, "0", {"X", ""}},
      {kNetname, "", "", {"SUN-DES-1", "unix.1@example"}},
      {12345, std::string(1000, 'a'), std::string(1000, '1'), {std::string(1000, 'n'), "\0"s}}};
  const auto read = parse_authority(encode(entries));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, entries);
  EXPECT_FALSE(cookie_for(local("0"), *read));
}

TEST(AuthorityFile, EmptyOneHasNoEntries) {
  const auto entries = parse_authority("");
  ASSERT_TRUE(entries);
  EXPECT_TRUE(entries->empty());
}

TEST(AuthorityFile, CutAnywhereWithinAnEntryItIsNotWhole) {
  const std::vector<AuthorityEntry> both{{kLocal, "desk", "0", cookie("c")}, {kWild, "", "1", cookie("d")}};
  const std::string text = encode(both);
  const std::size_t second = encode({both[0]}).size();
  for (std::size_t i = 1; i < text.size(); ++i) {
    const auto entries = parse_authority(text.substr(0, i));
    ASSERT_EQ(bool(entries), i == second) << i;
    if (!entries) {
      EXPECT_THAT(entries.error().message,
                  testing::EndsWith("begins at byte " + std::to_string(i < second ? 0 : second)));
    }
  }
}

TEST(AuthorityFile, CookieIsThatOfTheDisplaysHostAndNumber) {
  const std::vector<AuthorityEntry> entries{{kLocal, "other", "0", cookie("other host")},
                                            {kLocal, "desk", "1", cookie("desk 1")},
                                            {kInternet, "desk", "0", cookie("not local")},
                                            {kInternet, "\x7f\0\0\1"s, "0", cookie("internet")},
                                            {kInternet6, std::string(16, '6'), "0", cookie("internet6")},
                                            {kLocal, "desk", "0", cookie("desk 0")}};
  EXPECT_EQ(found(local("0"), entries), "desk 0");
  EXPECT_EQ(found(local("1"), entries), "desk 1");
  EXPECT_EQ(found(local("01"), entries), std::nullopt);
  EXPECT_EQ(found({Family::kInternet, "\x7f\0\0\1"s, "0"}, entries), "internet");
  EXPECT_EQ(found({Family::kInternet6, std::string(16, '6'), "0"}, entries), "internet6");
  EXPECT_EQ(found({Family::kWild, "", "0"}, entries), std::nullopt);
}

TEST(AuthorityFile, WildEntriesFitEveryHostAndThoseWithoutNumberEveryDisplay) {
  EXPECT_EQ(found(local("7"), {{kWild, "anything", "7", cookie("wild")}}), "wild");
  EXPECT_EQ(found(local("8"), {{kWild, "", "7", cookie("wild")}}), std::nullopt);
  EXPECT_EQ(found(local("8"), {{kLocal, "desk", "", cookie("all")}}), "all");
  EXPECT_EQ(found({Family::kWild, "", "7"}, {{kWild, "", "7", cookie("wild")}}), "wild");
}

TEST(AuthorityFile, FirstEntryThatFitsCounts) {
  EXPECT_EQ(found(local("0"), {{kWild, "", "", cookie("first")}, {kLocal, "desk", "0", cookie("second")}}),
            "first");
}

TEST(AuthorityFile, OtherKindsOfAuthorizationArePassedOver) {
  const std::vector<AuthorityEntry> entries{{kLocal, "desk", "0", {"XDM-AUTHORIZATION-1", "key"}},
                                            {kLocal, "desk", "0", cookie("")},
                                            {kLocal, "desk", "0", cookie(std::string(257, 'x'))},
                                            {kLocal, "desk", "0", cookie("cookie")}};
  EXPECT_EQ(found(local("0"), entries), "cookie");
}

TEST(AuthorityFile, ProgramsFindTheCookieOfAForward) {
  std::vector<base::HostPort> addresses;
  for (const char* address : {"127.0.0.1:6010", "unix:/tmp/.X11-unix/X10", "[::1]:6011", "192.0.2.1:6012",
                              "unix:/run/tsmtp/pop3.sock"})
    addresses.push_back(*base::parse_host_port(address, true));
  const auto entries = entries_for(addresses, "hub", "0123456789abcdef");
  EXPECT_EQ(entries.size(), 6);
  for (const char* number : {"10", "11", "12"}) {
    EXPECT_EQ(found({Family::kLocal, "hub", number}, entries), "0123456789abcdef");
    EXPECT_EQ(found({Family::kInternet, "\xc0\0\2\1"s, number}, entries), "0123456789abcdef");
    EXPECT_EQ(found({Family::kLocal, "renamed", number}, entries), "0123456789abcdef");
  }
  EXPECT_EQ(found({Family::kLocal, "hub", "0"}, entries), std::nullopt);
}

}  // namespace
}  // namespace tsmtp::forward::x11
