// P11: no date of a key or a certificate matters, whatever time the hubs take it to be.
#include "tests/support/time_of_day.h"
#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using std::chrono::hours;
using ::testing::StartsWith;

constexpr hours kThirtyYears{30 * 365 * 24};

class Clock : public TwoHubs {
 protected:
  void SetUp() override {}

  static void start_at(Hub& hub, hours ahead) {
    const TimeOfDay time(ahead);
    hub.start();
  }
  [[nodiscard]] static int year(const Hub& hub) {
    return std::stoi(hub.status()["now"].get<std::string>().substr(0, 4));
  }
  void expect_mail() {
    Connection client = session();
    EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
  }
};

// The keys are of today. One hub thinks that they expired long ago, the other that they will be made in
// thirty years.
TEST_F(Clock, P11_ThirtyYearsAheadAndBehindNothingExpires) {
  configure();
  start_at(birl, -kThirtyYears);
  start_at(tokyo, kThirtyYears);
  ASSERT_TRUE(link_is_up()) << tokyo.log() << birl.log();
  EXPECT_GT(year(tokyo) - year(birl), 55);
  expect_mail();
  path.cut();
  ASSERT_TRUE(tokyo.logs("link interrupted"));
  ASSERT_TRUE(link_is_up());
  expect_mail();
  EXPECT_EQ(tokyo.relayctl({"reload"}).status, 0);
}

// A key that was made in thirty years is as good, when the clock has been set right.
TEST_F(Clock, P11_NorWhenItIsSetBack) {
  configure();
  start_at(tokyo, kThirtyYears);
  start_at(birl, kThirtyYears);
  ASSERT_TRUE(link_is_up());
  expect_mail();
  for (Hub* hub : {&tokyo, &birl}) {
    hub->kill();
    hub->start();
  }
  ASSERT_TRUE(link_is_up()) << tokyo.log() << birl.log();
  expect_mail();
}

}  // namespace
}  // namespace tsmtp::support
