// What a hub says of a transaction that stands in no etcd. The rest of it is in the storm beside this.
#include "relayd/net/ledger/site_outcomes.h"

#include <gtest/gtest.h>

#include "tests/support/fake_etcd.h"
#include "tests/unit/net/site_doubts.h"

namespace tsmtp::net {
namespace {

using Kind = mail::Outcome::Kind;
using Went = mail::Ask::Went;

class AbsentTransaction : public testing::Test {
 protected:
  Kind asked(Went went, bool another_goes_on_alone) {
    SiteOutcomes outcomes({.store = etcd_, .log = log_, .hub = "mail1", .settings = {}, .memory = "m"});
    outcomes.set_callbacks({.own_end = [](const auto&, const auto&) { return claims::OwnEnd{}; },
                            .another_goes_on_alone = [=] { return another_goes_on_alone; }});
    std::optional<Kind> said;
    outcomes.ask({.site = "tokyo", .transaction = transaction('a')}, went,
                 [&](const mail::Outcome& outcome, const std::string&) { said = outcome.kind; });
    etcd_.answer_all();
    return said.value_or(Kind::kPending);
  }

  LinesOfLog log_;
  support::FakeEtcd etcd_;
};

TEST_F(AbsentTransaction, IsNotKnownWhereEverythingIsClaimed) {
  EXPECT_EQ(asked(Went::kToAnother, false), Kind::kUnknown);
}

TEST_F(AbsentTransaction, P4_MayHaveBeenDeliveredByAHubThatGoesOnAlone) {
  EXPECT_EQ(asked(Went::kToAnother, true), Kind::kPending);
  EXPECT_EQ(asked(Went::kToThisOne, true), Kind::kUnknown) << "this hub knows what it delivered";
}

}  // namespace
}  // namespace tsmtp::net
