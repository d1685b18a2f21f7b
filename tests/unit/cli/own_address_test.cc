#include "relayd/cli/own_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::cli {
namespace {

using testing::HasSubstr;

settings::Hub listening_on(const std::string& host) {
  settings::Hub hub;
  hub.listen = {{.host = host, .port = 5443, .unix_path = {}}};
  return hub;
}

TEST(OwnAddress, HubThatListensNowhereIsToldTheOtherWay) {
  EXPECT_THAT(own_address(settings::Hub(), "a:1").error().message, HasSubstr("go the other way"));
}

TEST(OwnAddress, IsWhereItListensIfThatIsAnAddress) {
  EXPECT_EQ(own_address(listening_on("192.0.2.1"), "")->address, "192.0.2.1:5443");
  EXPECT_EQ(own_address(listening_on("2001:db8::1"), "")->address, "[2001:db8::1]:5443");
}

TEST(OwnAddress, IsWhatTheAdministratorSaysWithOurPortIfNoneIsSaid) {
  EXPECT_EQ(own_address(listening_on("::"), "192.0.2.1")->address, "192.0.2.1:5443");
  EXPECT_EQ(own_address(listening_on("::"), "192.0.2.1:99")->address, "192.0.2.1:99");
  EXPECT_FALSE(own_address(listening_on("::"), "a b"));
}

TEST(OwnAddress, NameThatDoesNotResolveHereIsWarnedOf) {
  const auto own = own_address(listening_on("::"), "hub.invalid:5443");
  ASSERT_TRUE(own);
  EXPECT_THAT(own->warning, HasSubstr("\"hub.invalid\" does not resolve on this hub"));
  EXPECT_EQ(own_address(listening_on("::"), "192.0.2.1")->warning, "");
}

}  // namespace
}  // namespace tsmtp::cli
