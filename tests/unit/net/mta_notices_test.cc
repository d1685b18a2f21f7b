// What hubs tell each other of their MTAs: not more often than the peer permits, and of several changes the
// last.
#include "relayd/net/mta_notices.h"

#include <gmock/gmock.h>

#include "tests/unit/net/linked_hubs.h"

namespace tsmtp::net {
namespace {

mail::FarMta reachable() {
  return {.reachable = true, .extensions = {}, .cause = {}};
}
mail::FarMta unreachable(const std::string& cause) {
  return {.reachable = false, .extensions = {}, .cause = cause};
}

/// tokyo tells birl, whose complaints show each notice of an MTA that cannot be reached.
class MtaNoticesToPeer : public LinkedHubs {
 protected:
  void SetUp() override { start(); }

  std::unique_ptr<MtaNotices> notices = std::make_unique<MtaNotices>(io.get_executor(), tokyo.hub->link());
};

TEST_F(MtaNoticesToPeer, TheFirstIsToldAtOnceAndOfManyTheLast) {
  for (int i = 0; i <= 50; ++i)
    notices->own_changed(unreachable("cause " + std::to_string(i)));
  EXPECT_TRUE(run_until([&] { return birl.complaints.size() == 2; }));
  EXPECT_THAT(birl.complaints, testing::ElementsAre("its MTA cannot be reached: cause 0",
                                                    "its MTA cannot be reached: cause 50"));
}

TEST_F(MtaNoticesToPeer, NothingIsSaidOfAnMtaThatIsNotKnown) {
  notices->link_up({});
  notices->link_up(unreachable("it sleeps"));
  EXPECT_TRUE(run_until([&] { return !birl.complaints.empty(); }));
  EXPECT_THAT(birl.complaints, testing::ElementsAre("its MTA cannot be reached: it sleeps"));
}

TEST_F(MtaNoticesToPeer, ThatAreGoneTellNoMore) {
  notices->own_changed(unreachable("one"));
  notices->own_changed(unreachable("two"));  // waits
  notices.reset();
  tokyo.hub->own_mta_changed(unreachable("three"));
  EXPECT_TRUE(run_until([&] { return birl.complaints.size() == 2; }));
  EXPECT_EQ(birl.complaints.back(), "its MTA cannot be reached: three");
}

TEST_F(MtaNoticesToPeer, OfThePeerTheTimeIsThatOfTheChange) {
  EXPECT_FALSE(notices->far());
  ASSERT_TRUE(notices->heard(mail::encode_notice(unreachable("one"))));
  const base::WallTime since = notices->far_since();
  ASSERT_TRUE(notices->heard(mail::encode_notice(unreachable("two"))));
  EXPECT_EQ(notices->far()->cause, "two");
  EXPECT_EQ(notices->far_since(), since) << "it is out of reach all the time";
  ASSERT_TRUE(notices->heard(mail::encode_notice(reachable())));
  EXPECT_GT(notices->far_since(), since);
  EXPECT_FALSE(notices->heard("\xff\xff\xff"));
  EXPECT_TRUE(notices->far()->reachable);
  notices->link_down();
  EXPECT_FALSE(notices->far());
}

}  // namespace
}  // namespace tsmtp::net
