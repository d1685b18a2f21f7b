// Hubs of a site see each other in etcd, and whether the other goes on without it.
#include "relayd/net/ledger/hub_presence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relayd/net/io/clocks.h"
#include "tests/support/fake_etcd.h"
#include "tests/unit/net/site_doubts.h"

namespace tsmtp::net {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct OneHub {
  OneHub(const std::string& name, const std::shared_ptr<support::FakeEtcdData>& data, bool goes_on_alone)
      : etcd(data),
        presence({.store = etcd,
                  .log = log,
                  .keys = keys,
                  .hub = name,
                  .instance = "instance of " + name,
                  .memory = "memory of " + name,
                  .goes_on_alone = goes_on_alone}) {}

  LinesOfLog log;
  support::FakeEtcd etcd;
  claims::Keys keys{"/t"};
  HubPresence presence;
};

class Presence : public testing::Test {
 protected:
  static void meet(OneHub& one, OneHub& other) {
    for (int round = 0; round < 4; ++round)
      for (OneHub* const hub : {&one, &other}) {
        hub->presence.tick(base::TimePoint{} + round * HubPresence::kInterval);
        hub->etcd.answer_all();
      }
  }
  std::shared_ptr<support::FakeEtcdData> data_ = std::make_shared<support::FakeEtcdData>();
};

TEST_F(Presence, HubsSeeEachOther) {
  OneHub one("mail1", data_, false);
  OneHub other("mail2", data_, false);
  meet(one, other);
  EXPECT_THAT(one.presence.there(), ElementsAre("mail2"));
  EXPECT_THAT(other.presence.there(), ElementsAre("mail1"));
  EXPECT_FALSE(one.presence.another_goes_on_alone());
  EXPECT_THAT(one.log.lines, Not(Contains(HasSubstr("on_engine_loss"))));
}

TEST_F(Presence, P4_HubThatGoesOnAloneIsRememberedAndComplainedOf) {
  OneHub one("mail1", data_, false);
  {
    OneHub other("mail2", data_, true);
    meet(one, other);
    EXPECT_FALSE(other.presence.another_goes_on_alone());
    EXPECT_THAT(other.log.lines, Contains(HasSubstr("hub mail1 of our site has on_engine_loss = \"defer\"")));
    other.presence.leave();
    other.etcd.answer_all();
  }
  one.etcd.answer_all();
  EXPECT_THAT(one.presence.there(), IsEmpty());
  EXPECT_TRUE(one.presence.another_goes_on_alone()) << "what it delivered is still in no etcd";
  EXPECT_THAT(one.log.lines,
              Contains(HasSubstr("hub mail2 of our site has on_engine_loss = \"local\", and this one "
                                 "\"defer\"; say the same on all of them")));
}

}  // namespace
}  // namespace tsmtp::net
