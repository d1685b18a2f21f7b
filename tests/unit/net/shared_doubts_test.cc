// Doubts in etcd: what two hubs of a site see of each other's tries, and what becomes of mail while etcd is
// not to be asked.
#include "relayd/net/ledger/shared_doubts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relayd/ledger/mail_in_doubt.h"
#include "relayd/net/ledger/shared_doubt_text.h"
#include "tests/unit/net/site_doubts.h"

namespace tsmtp::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using Loss = support::FakeEtcd::Loss;

constexpr char kDown[] = "hub tokyo: sharing of doubts is down since .* \\(etcd .fake. .*\\)";

class Shared : public testing::Test {
 protected:
  std::shared_ptr<support::FakeEtcdData> data_ = std::make_shared<support::FakeEtcdData>();
  SharingHub tokyo_{"tokyo", data_};
  SharingHub osaka_{"osaka", data_};
};

TEST_F(Shared, AFirstTryStandsInEtcdUntilItIsOver) {
  EXPECT_EQ(tokyo_.recorded('a', mail('m')), "first");
  ASSERT_EQ(tokyo_.in_etcd(), 1U);
  const auto row = data_->rows().lower_bound("/t/doubts/");
  const std::string of_mail = shared_doubts_of_mail("/t", "birl", mail('m')[0].mail);
  const auto read = read_shared_doubt(of_mail, mail('m')[0].mail, row->first, row->second.value);
  ASSERT_TRUE(read) << row->first << ' ' << row->second.value;
  EXPECT_EQ(read->key, (ledger::DoubtKey{.transaction = transaction('a'), .index = 0}));
  EXPECT_EQ(read->hub, "tokyo");
  EXPECT_TRUE(read->is_alone);
  EXPECT_TRUE(data_->has_lease(row->second.lease));
  (void)tokyo_.doubts.settle(transaction('a'));
  tokyo_.etcd.answer_all();
  EXPECT_EQ(tokyo_.in_etcd(), 0U);
  EXPECT_EQ(tokyo_.shared.to_erase(), 0U);
}

TEST_F(Shared, AMailIsOneRequest) {
  EXPECT_EQ(tokyo_.recorded('a', mail('m')), "first");
  const std::size_t before = tokyo_.etcd.submitted().size();
  EXPECT_EQ(tokyo_.recorded('b', mail('n', 40)), "first");
  EXPECT_EQ(tokyo_.etcd.submitted().size(), before + 1);
}

TEST_F(Shared, AnotherHubFindsIt) {
  EXPECT_EQ(tokyo_.recorded('a', mail('m')), "first");
  EXPECT_EQ(osaka_.recorded('b', mail('m')), "before");
  EXPECT_EQ(osaka_.doubts.claim("birl", mail('m')[0].mail),
            (ledger::DoubtKey{.transaction = transaction('a'), .index = 0}));
  EXPECT_EQ(osaka_.in_etcd(), 1U) << "its own is not there";
  EXPECT_EQ(osaka_.shared.tried_before(), 1U);
  EXPECT_EQ(osaka_.recorded('c', mail('n')), "first");
}

TEST_F(Shared, AnotherSitesIsAnotherMail) {
  EXPECT_EQ(tokyo_.recorded('a', mail('m')), "first");
  std::string said;
  osaka_.shared.record("essen", transaction('b'), mail('m'),
                       [&](const base::Result<SharedDoubts::Recorded>& result) {
                         said = *result == SharedDoubts::Recorded::kFirstTry ? "first" : "before";
                       });
  osaka_.etcd.answer_all();
  EXPECT_EQ(said, "first");
}

TEST_F(Shared, OfTwoAtOnceOneIsFirst) {
  const auto tokyo = tokyo_.record('a', mail('m', 3));
  const auto osaka = osaka_.record('b', mail('m', 2));
  for (bool more = true; more;) {
    const bool tokyo_had_one = tokyo_.etcd.answer();
    more = osaka_.etcd.answer() || tokyo_had_one;
  }
  EXPECT_EQ((*tokyo == "first") + (*osaka == "first"), 1);
  EXPECT_EQ((*tokyo == "before") + (*osaka == "before"), 1);
}

TEST_F(Shared, WhatIsForgottenByWhoFoundItGoesFromEtcd) {
  EXPECT_EQ(tokyo_.recorded('a', mail('m')), "first");
  EXPECT_EQ(osaka_.recorded('b', mail('m')), "before");
  (void)osaka_.doubts.settle(transaction('a'));
  osaka_.etcd.answer_all();
  EXPECT_EQ(osaka_.in_etcd(), 0U);
  EXPECT_EQ(osaka_.recorded('b', mail('m')), "first");
}

TEST_F(Shared, ManyRecipientsTakeSeveralTransactions) {
  EXPECT_EQ(tokyo_.recorded('a', mail('m', 1000)), "first");
  EXPECT_EQ(tokyo_.in_etcd(), 1000U);
  for (const auto& transaction : tokyo_.etcd.submitted())
    EXPECT_LE(transaction.when.size() + 1, 64U);
  EXPECT_EQ(osaka_.recorded('b', mail('m', 1000)), "before");
  EXPECT_EQ(osaka_.in_etcd(), 1000U);
}

// What stands in its way is a part of its own, from before the question.
TEST_F(Shared, ATryThatWasFoundToBeAFirstOneAfterAllIsRecordedOverItsOwnParts) {
  EXPECT_EQ(tokyo_.recorded('a', mail('m')), "first");
  EXPECT_EQ(osaka_.recorded('b', mail('m', 100)), "before");
  EXPECT_EQ(osaka_.in_etcd(), 1U + 60U);
  (void)osaka_.doubts.settle(transaction('a'));
  EXPECT_EQ(osaka_.recorded('b', mail('m', 100)), "first");
  EXPECT_EQ(osaka_.in_etcd(), 100U);
}

// An equal mail, when the first one was settled a moment ago.
TEST_F(Shared, OnesOwnThatIsBeingErasedIsNoEarlierTry) {
  EXPECT_EQ(tokyo_.recorded('a', mail('m')), "first");
  (void)tokyo_.doubts.settle(transaction('a'));
  tokyo_.etcd.fail_all(Loss::kNeverDone);
  EXPECT_EQ(tokyo_.in_etcd(), 1U);
  EXPECT_EQ(tokyo_.recorded('b', mail('m')), "first");
  EXPECT_EQ(tokyo_.in_etcd(), 1U);
  EXPECT_EQ(ledger::foreign_recipients(tokyo_.doubts.table()), 0U);
}

TEST_F(Shared, WhatCouldNotBeErasedIsErasedLater) {
  EXPECT_EQ(tokyo_.recorded('a', mail('m', 100)), "first");
  (void)tokyo_.doubts.settle(transaction('a'));
  tokyo_.etcd.fail_all(Loss::kNeverDone);
  EXPECT_EQ(tokyo_.shared.to_erase(), 100U);
  EXPECT_EQ(tokyo_.in_etcd(), 100U);
  for (int i = 0; i < 2; ++i) {
    tokyo_.shared.tick({});
    tokyo_.etcd.answer_all();
  }
  EXPECT_EQ(tokyo_.in_etcd(), 0U);
  EXPECT_EQ(tokyo_.shared.to_erase(), 0U);
}

TEST_F(Shared, WhatWasNeverThereIsNotErased) {
  tokyo_.etcd.go();
  EXPECT_THAT(tokyo_.recorded('a', mail('m', 100)), MatchesRegex(kDown));
  (void)tokyo_.doubts.settle(transaction('a'));
  EXPECT_EQ(tokyo_.shared.to_erase(), 0U);
  tokyo_.etcd.come_back();
  EXPECT_EQ(tokyo_.recorded('b', mail('m')), "first");
  EXPECT_EQ(osaka_.recorded('c', mail('m')), "before");
  const std::size_t asked = osaka_.etcd.submitted().size();
  (void)osaka_.doubts.settle(transaction('c'));
  EXPECT_EQ(osaka_.etcd.submitted().size(), asked);
  (void)osaka_.doubts.settle(transaction('a'));
  (void)osaka_.doubts.settle(transaction('b'));
  EXPECT_EQ(osaka_.shared.to_erase(), 1U);
}

TEST_F(Shared, NoMoreThanABoundIsKeptToBeErased) {
  tokyo_.etcd.go();
  const std::size_t many = SharedDoubts::kMostToErase / 1000 + 2;
  for (std::size_t i = 0; i < many; ++i) {
    (void)tokyo_.doubts.record(transaction(static_cast<char>('A' + i)), "birl", mail('m', 1000), {});
    (void)tokyo_.doubts.settle(transaction(static_cast<char>('A' + i)));
    tokyo_.etcd.answer_all();
  }
  EXPECT_EQ(tokyo_.shared.to_erase(), SharedDoubts::kMostToErase);
}

// A failure in each request: nothing goes out, whatever was done.
TEST_F(Shared, NothingGoesOutWhileEtcdDoesNotAnswer) {
  for (const Loss loss : {Loss::kNotDone, Loss::kDone, Loss::kNeverDone, Loss::kDoneLater})
    for (int answered = 0; answered < 3; ++answered) {
      SCOPED_TRACE(testing::Message() << static_cast<int>(loss) << ' ' << answered);
      data_ = std::make_shared<support::FakeEtcdData>();
      SharingHub tokyo("tokyo", data_);
      SharingHub osaka("osaka", data_);
      const auto said = tokyo.record('a', mail('m'));
      for (int i = 0; i < answered; ++i)
        tokyo.etcd.answer();
      tokyo.etcd.fail(loss);
      tokyo.etcd.answer_all();
      EXPECT_THAT(*said, MatchesRegex(kDown));
      EXPECT_TRUE(tokyo.shared.trouble());
      EXPECT_EQ(tokyo.log.lines.size(), 1U);
      (void)tokyo.doubts.settle(transaction('a'));
      tokyo.etcd.answer_all();
      EXPECT_EQ(tokyo.in_etcd(), 0U);
      tokyo.etcd.do_late();
      // The next try is found to be the first, or finds what nobody has committed.
      const std::string next = osaka.recorded('b', mail('m'));
      EXPECT_EQ(next, osaka.in_etcd() == 1 && ledger::foreign_recipients(osaka.doubts.table()) == 1
                          ? "before"
                          : "first");
      tokyo.shared.tick({});
      tokyo.etcd.answer_all();
      EXPECT_FALSE(tokyo.shared.trouble());
      EXPECT_THAT(tokyo.log.lines.back(), HasSubstr("shared with our site's other hubs again"));
    }
}

TEST_F(Shared, ItGoesOnAloneWhereThatIsWanted) {
  tokyo_.shared.set_goes_on_alone(true);
  tokyo_.etcd.go();
  EXPECT_EQ(tokyo_.recorded('a', mail('m')), "alone");
  EXPECT_EQ(tokyo_.recorded('b', mail('n')), "alone");
  EXPECT_EQ(tokyo_.shared.alone(), 2U);
  EXPECT_THAT(tokyo_.log.lines, ElementsAre(HasSubstr("mails go on, and may be delivered twice")));
  tokyo_.etcd.come_back();
  EXPECT_EQ(tokyo_.recorded('c', mail('o')), "first");
  EXPECT_EQ(tokyo_.in_etcd(), 1U);
  EXPECT_EQ(tokyo_.shared.alone(), 2U);
}

TEST_F(Shared, WhatIsFoundCountsThoughTheRestCannotBeAsked) {
  EXPECT_EQ(tokyo_.recorded('a', mail('m')), "first");
  osaka_.recorded('z', mail('z'));
  for (const bool alone : {false, true}) {
    osaka_.shared.set_goes_on_alone(alone);
    const auto said = osaka_.record(alone ? 'c' : 'b', mail('m', 100));
    osaka_.etcd.answer();
    osaka_.etcd.fail_all(Loss::kNeverDone);
    EXPECT_EQ(*said, "before");
  }
}

// Etcd was made anew, or its data were put back to those of a week ago.
TEST_F(Shared, WithoutItsLeaseItAsksForAnother) {
  EXPECT_EQ(tokyo_.recorded('a', mail('m')), "first");
  data_->end_lease(data_->leases().begin()->first);
  EXPECT_THAT(tokyo_.recorded('b', mail('n')), HasSubstr("requested lease not found"));
  EXPECT_EQ(tokyo_.recorded('c', mail('o')), "first");
  EXPECT_EQ(tokyo_.in_etcd(), 1U);
}

TEST_F(Shared, AnotherLeaseEveryDay) {
  tokyo_.shared.tick({});
  tokyo_.etcd.answer_all();
  EXPECT_EQ(data_->leases().size(), 1U);
  EXPECT_GE(data_->leases().begin()->second, std::chrono::hours(8 * 24));
  base::TimePoint now{};
  for (int hour = 0; hour < 51; ++hour) {
    tokyo_.shared.tick(now += std::chrono::hours(1));
    tokyo_.etcd.answer_all();
  }
  EXPECT_EQ(data_->leases().size(), 3U);
  EXPECT_EQ(tokyo_.recorded('a', mail('m')), "first");
  EXPECT_EQ(data_->rows().lower_bound("/t/doubts/")->second.lease, data_->leases().rbegin()->first);
}

TEST_F(Shared, AllHubsTakeTheFirstOnesKey) {
  EXPECT_EQ(tokyo_.recorded('a', mail('m')), "first");
  SharingHub kyoto("kyoto", data_, 'x');
  EXPECT_EQ(kyoto.recorded('b', mail('n')), "first");
  EXPECT_EQ(kyoto.key.key(), tokyo_.key.key());
  EXPECT_EQ(kyoto.key.kept_earlier, true) << "that mail is in doubt under the other key";
  EXPECT_THAT(kyoto.log.lines, ElementsAre(HasSubstr("recognised by the one before")));
}

TEST_F(Shared, AKeyThatCannotBeTakenPutsMailOff) {
  EXPECT_EQ(tokyo_.recorded('a', mail('m')), "first");
  SharingHub kyoto("kyoto", data_, 'x');
  kyoto.key.trouble = "disk full";
  EXPECT_THAT(kyoto.recorded('b', mail('n')), HasSubstr("(disk full)"));
  kyoto.key.trouble.reset();
  EXPECT_EQ(kyoto.recorded('c', mail('n')), "first");
}

TEST_F(Shared, AKeyThatIsNoneIsNotTaken) {
  data_->put("/t/digest-key", "2 something else");
  EXPECT_THAT(tokyo_.recorded('a', mail('m')), HasSubstr("no key of digests that is understood"));
  data_->put("/t/digest-key", "1 " + base::hex(std::string(32, 'k')));
  EXPECT_THAT(tokyo_.recorded('b', mail('m')), HasSubstr("digest-key-name in etcd is not the name"));
}

// Somebody has emptied etcd: a new hub must not make another key beside that of those who run.
TEST_F(Shared, AKeyThatEtcdHasLostIsPutThereAgain) {
  EXPECT_EQ(tokyo_.recorded('a', mail('m')), "first");
  for (const auto& [key, row] : support::FakeEtcdData::Rows(data_->rows()))
    data_->erase(key);
  EXPECT_EQ(tokyo_.recorded('b', mail('n')), "first");
  EXPECT_EQ(data_->value("/t/digest-key"), "1 " + base::hex(std::string(32, 'k')));
}

TEST_F(Shared, AKeyThatWasReplacedInEtcdIsNoticedByTheNextMail) {
  EXPECT_EQ(tokyo_.recorded('a', mail('m')), "first");
  data_->put("/t/digest-key", "1 " + base::hex(std::string(32, 'y')));
  data_->put("/t/digest-key-name", "name " + base::hex("y"));
  EXPECT_EQ(tokyo_.recorded('b', mail('n')), "first");
  EXPECT_EQ(tokyo_.key.key(), std::string(32, 'y'));
}

TEST_F(Shared, ADoubtThatIsNotUnderstoodPutsItsMailOff) {
  EXPECT_EQ(tokyo_.recorded('a', mail('m')), "first");
  const std::string of_mail = shared_doubts_of_mail("/t", "birl", mail('n')[0].mail);
  data_->put(of_mail + base::hex(transaction('z')) + "/0", "2 of a later version");
  EXPECT_THAT(tokyo_.recorded('b', mail('n')), HasSubstr("a doubt that cannot be understood"));
}

TEST_F(Shared, NothingIsCalledAfterItsEnd) {
  auto hub = std::make_unique<SharingHub>("kyoto", data_);
  const auto said = hub->record('a', mail('m'));
  hub.reset();
  EXPECT_EQ(*said, "-");
}

TEST(SharedDoubtText, IsReadAsItWasWritten) {
  const base::WallTime recorded{std::chrono::microseconds(1'764'468'450'123'456)};
  const std::string digest(32, '\xd1');
  const ledger::DoubtKey key{.transaction = std::string(16, '\x07'), .index = 999};
  const std::string text = shared_doubt_value(
      {.recorded = recorded, .recipients = 3, .address = std::string(32, '\xad'), .hub = "tokyo"});
  EXPECT_EQ(text, "1 1764468450123456 3 " + base::hex(std::string(32, '\xad')) + " tokyo - - 0");
  const std::string name = shared_doubt_key("/tsmtp", "birl", digest, key);
  const std::string of_mail = shared_doubts_of_mail("/tsmtp", "birl", digest);
  for (const char* more : {"", " and fields of a later version"}) {
    const auto read = read_shared_doubt(of_mail, digest, name, text + more);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->key, key);
    EXPECT_EQ(read->mail, digest);
    EXPECT_EQ(read->address, std::string(32, '\xad'));
    EXPECT_EQ(read->hub, "tokyo");
    EXPECT_EQ(read->recorded, recorded);
    EXPECT_FALSE(read->is_alone);
    EXPECT_EQ(read->place, ledger::DoubtPlace());
  }
}

TEST(SharedDoubtText, SaysWhichHubItWentTo) {
  const std::string digest(32, '\xd1');
  const ledger::DoubtKey key{.transaction = std::string(16, '\x07'), .index = 0};
  const ledger::DoubtPlace place{.pin = std::string(32, '\xcc'), .hub = "mail2", .is_shared = true};
  const std::string text =
      shared_doubt_value({.recorded = {}, .address = digest, .hub = "tokyo", .place = place});
  const std::string of_mail = shared_doubts_of_mail("/tsmtp", "birl", digest);
  const auto read = read_shared_doubt(of_mail, digest, shared_doubt_key("/tsmtp", "birl", digest, key), text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->place, place);
}

TEST(SharedDoubtText, WhatIsNoneIsNotRead) {
  const std::string digest(32, 'd');
  const std::string of_mail = shared_doubts_of_mail("/tsmtp", "birl", digest);
  const std::string id = base::hex(std::string(16, 't'));
  const std::string good = "1 5 1 " + base::hex(digest) + " tokyo";
  EXPECT_TRUE(read_shared_doubt(of_mail, digest, of_mail + id + "/0", good));
  for (const std::string& key : {of_mail + id, of_mail + id + "/", of_mail + id + "/x",
                                 of_mail + id + "/70000", of_mail + id.substr(1) + "/0",
                                 of_mail + "X" + id.substr(1) + "/0", "/other/" + id + "/0", std::string()})
    EXPECT_FALSE(read_shared_doubt(of_mail, digest, key, good)) << key;
  for (const char* start : {"", "1", "1 ", "1 x", "1 -5 1 ", "1 99999999999999999 1 ", "1 5 0 ", "1 5 x "})
    EXPECT_FALSE(read_shared_doubt(of_mail, digest, of_mail + id + "/0",
                                   std::string(start) + base::hex(digest) + " tokyo"))
        << start;
  EXPECT_FALSE(read_shared_doubt(of_mail, digest, of_mail + id + "/0", "1 5 1 " + base::hex(digest)));
}

}  // namespace
}  // namespace tsmtp::net
