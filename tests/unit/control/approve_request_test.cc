#include "relayd/control/approve_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::control {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(ApproveRequest, ComesBack) {
  for (const ApproveRequest& request : {ApproveRequest{.id = 7}, ApproveRequest{.id = 7, .lasting = 600s},
                                        ApproveRequest{.id = 1, .lasting = 24h}}) {
    const auto parsed = parse_approve(argument_of(request));
    ASSERT_TRUE(parsed) << argument_of(request);
    EXPECT_EQ(*parsed, request);
  }
}

TEST(ApproveRequest, BadOnes) {
  for (const char* bad : {"", "0", "-1", "x", "7 ", " 7", "7x", "4294967296", "7 forever", "7 \x1b"})
    EXPECT_THAT(parse_approve(bad).error().message, HasSubstr("is not the ID")) << bad;
  for (const char* bad :
       {"7 for=", "7 for=0", "7 for=-1", "7 for=1 ", "7 for=86401", "7 for=99999999999999999999"})
    EXPECT_THAT(parse_approve(bad).error().message, HasSubstr("at most")) << bad;
}

}  // namespace
}  // namespace tsmtp::control
