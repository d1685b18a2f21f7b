#include "relayd/forward/x11/cookies.h"

#include <gtest/gtest.h>

namespace tsmtp::forward::x11 {
namespace {

TEST(Cookies, AreOthersForEachServiceAndSite) {
  char made = 'a';
  Cookies cookies([&](std::size_t bytes) { return std::string(bytes, made++); });
  EXPECT_EQ(cookies.cookie_for("display", "tokyo"), std::string(16, 'a'));
  EXPECT_EQ(cookies.cookie_for("display", "oslo"), std::string(16, 'b'));
  EXPECT_EQ(cookies.cookie_for("second", "tokyo"), std::string(16, 'c'));
  EXPECT_EQ(cookies.cookie_for("display", "tokyo"), std::string(16, 'a'));
}

TEST(Cookies, AForgottenOneDoesNotComeBack) {
  char made = 'a';
  Cookies cookies([&](std::size_t bytes) { return std::string(bytes, made++); });
  (void)cookies.cookie_for("display", "tokyo");
  (void)cookies.cookie_for("display", "oslo");
  cookies.forget("display", "tokyo");
  EXPECT_EQ(cookies.cookie_for("display", "tokyo"), std::string(16, 'c'));
  EXPECT_EQ(cookies.cookie_for("display", "oslo"), std::string(16, 'b'));
}

}  // namespace
}  // namespace tsmtp::forward::x11
