// Half mails do not keep the connections to our MTA from others, in virtual time (slots_site.h).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/mail/slots_site.h"

namespace tsmtp::mail {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class SilentSlots : public Slots {
 protected:
  /// A transaction of the site that has a connection.
  MtaSlots::Connection lent(SlotsSite& site) {
    const auto request = site.request();
    run(milliseconds(500));
    EXPECT_TRUE(site.lent.contains(request));
    return site.lent[request];
  }
  void allow(std::size_t connections) {
    MtaSlots::Settings settings = settings_;
    settings.use.connections = connections;
    site_.slots.update(settings, false, now_);
  }
};

TEST_F(SilentSlots, TheOneThatIsSilentLongestGivesWay) {
  allow(3);
  const auto busy = lent(site_), later = lent(site_), longest = lent(site_);
  site_.silent[longest] = now_;
  run(seconds(1));
  site_.silent[later] = now_;
  const auto waiting = site_.request();
  run(seconds(13));
  EXPECT_THAT(site_.taken_back, IsEmpty());
  run(seconds(2));
  EXPECT_THAT(site_.taken_back, ElementsAre(longest));
  EXPECT_EQ(site_.lent[waiting], longest);
  run(seconds(120));
  EXPECT_THAT(site_.taken_back, ElementsAre(longest)) << "nobody waits";
  EXPECT_NE(site_.lent[waiting], busy);
}

TEST_F(SilentSlots, OneThatWaitsForTheMtaIsLeftAlone) {
  allow(1);
  lent(site_);
  site_.request();
  run(seconds(91));
  EXPECT_THAT(site_.taken_back, IsEmpty());
  EXPECT_EQ(site_.refused.size(), 1U);
}

TEST_F(SilentSlots, NobodyGivesWayToOneThatHasJustCome) {
  allow(1);
  site_.silent[lent(site_)] = now_;
  run(seconds(60));
  const auto waiting = site_.request();
  run(milliseconds(4'900));
  EXPECT_THAT(site_.taken_back, IsEmpty());
  run(milliseconds(200));
  EXPECT_TRUE(site_.lent.contains(waiting));
}

// All of them at once, and no more than wait.
TEST_F(SilentSlots, AsManyAsWaitGiveWay) {
  allow(100);
  for (int i = 0; i < 100; ++i)
    site_.silent[lent(site_)] = now_;
  run(seconds(15));
  site_.mail_time = milliseconds(60'000);
  for (int i = 0; i < 30; ++i)
    site_.request();
  run(seconds(6));
  EXPECT_EQ(site_.taken_back.size(), 30U);
  EXPECT_EQ(site_.slots.counts().waiting, 0U);
}

TEST_F(SilentSlots, AnMtaThatTakesFewIsFilledByNobody) {
  mta_.limit = 2;
  for (int i = 0; i < 2; ++i)
    site_.silent[lent(site_)] = now_;
  const auto waiting = site_.request();
  run(seconds(20));
  EXPECT_TRUE(site_.lent.contains(waiting));
  EXPECT_EQ(site_.taken_back.size(), 1U);
  EXPECT_THAT(site_.refused, IsEmpty());
}

TEST_F(SilentSlots, ThoseOfAnotherSiteGiveWayToo) {
  mta_.limit = 3;
  site_.neighbour = &neighbour_;
  neighbour_.neighbour = &site_;
  site_.slots.probe(now_);
  run(seconds(1));
  for (int i = 0; i < 3; ++i)
    neighbour_.silent[lent(neighbour_)] = now_;
  run(seconds(15));
  const auto waiting = site_.request();
  run(seconds(6));
  EXPECT_TRUE(site_.lent.contains(waiting));
  EXPECT_EQ(neighbour_.taken_back.size(), 1U);
  EXPECT_THAT(site_.told, ElementsAre(""));
}

TEST_F(SilentSlots, TheTimeToLookIsSaid) {
  allow(1);
  const auto connection = lent(site_);
  site_.request();
  run(seconds(6));
  site_.silent[connection] = now_ - seconds(15) + milliseconds(100);
  const auto deadline = site_.slots.deadline(now_);
  ASSERT_TRUE(deadline);
  EXPECT_LE(*deadline, now_ + seconds(1));
}

}  // namespace
}  // namespace tsmtp::mail
