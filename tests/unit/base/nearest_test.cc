#include "relayd/base/nearest.h"

#include <gtest/gtest.h>

namespace tsmtp::base {
namespace {

TEST(Nearest, FindsTheWordThatWasMeant) {
  const std::vector<std::string_view> known{"name", "identity", "listen", "state_dir", "max_message"};
  EXPECT_EQ(nearest("identiy", known), "identity");
  EXPECT_EQ(nearest("lisetn", known), "listen");
  EXPECT_EQ(nearest("state-dir", known), "state_dir");
  EXPECT_EQ(nearest("maxmessage", known), "max_message");
  EXPECT_EQ(nearest("nam", known), "name");
  EXPECT_EQ(nearest("name", known), "name");
}

TEST(Nearest, IsSilentWhereNothingIsNear) {
  const std::vector<std::string_view> known{"name", "identity"};
  EXPECT_EQ(nearest("colour", known), "");
  EXPECT_EQ(nearest("", known), "");
  EXPECT_EQ(nearest("x", {}), "");
  EXPECT_EQ(nearest(std::string(100'000, 'x'), known), "");
}

}  // namespace
}  // namespace tsmtp::base
