// Who gets which connection, with an MTA of the test's own, in virtual time: it takes so many connections,
// refuses some names, is away, hangs. Connections and greetings take a millisecond.
#include "relayd/mail/mta_slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace tsmtp::mail {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;
using Stage = MtaSlots::Failure::Stage;

/// What all sites together have of one MTA.
struct Mta {
  std::size_t limit = 1'000;
  std::size_t open = 0;
  std::size_t most = 0;
  bool is_away = false;
  bool hangs = false;
  std::string greeting;  // that refuses everybody
  std::set<std::string> refused_names;
  int refusals = 0;
};

/// A site with its transactions. Each keeps its connection for `mail_time`, unless that is zero.
class Site {
 public:
  Site(Mta& mta, base::TimePoint& now, MtaSlots::Settings settings) : mta_(mta), now_(now), slots(settings) {}

  MtaSlots::Request request(const std::string& helo = "mx.example", bool fresh = false) {
    slots.request(++last_request_, helo, fresh, now_);
    return last_request_;
  }

  // All that happens at this instant.
  void step() {
    for (auto event = events_.begin(); event != events_.end() && event->first <= now_;) {
      const auto what = std::move(event->second);
      event = events_.erase(event);
      what();
    }
    for (bool again = true; again;) {
      const auto actions = slots.act(now_);
      again = !actions.empty();
      for (const auto& action : actions)
        std::visit([this](const auto& known) { on(known); }, action);
    }
    most_connections = std::max(most_connections, slots.counts().all());
  }

  void give_back(MtaSlots::Connection connection) { slots.idle(connection, now_); }
  /// The MTA is killed.
  void lose_all() {
    for (const auto connection : std::exchange(open_, {}))
      slots.gone(connection, {}, false, now_), --mta_.open;
  }

  std::map<MtaSlots::Request, MtaSlots::Connection> lent;
  std::map<MtaSlots::Connection, std::string> names;
  std::vector<std::string> refused, notes;
  std::vector<std::string> told;  // "" for reachable
  int mails = 0, connects = 0;
  std::size_t most_connections = 0;
  milliseconds mail_time{0};
  bool comes_again = false;  // each client with its next mail
  bool none_here = false;
  Site* neighbour = nullptr;

 private:
  void later(base::Duration time, std::function<void()> what) {
    events_.emplace(now_ + time, std::move(what));
  }
  [[nodiscard]] bool neighbours_work() const {
    return neighbour != nullptr && neighbour->slots.counts().serving() > 0;
  }
  void fail(MtaSlots::Connection connection, Stage stage, const std::string& cause, int code = 0,
            bool timed_out = false) {
    MtaSlots::Failure failure{.stage = stage, .cause = cause, .said = {}, .timed_out = timed_out};
    if (code != 0) failure.said = smtp::Reply{code, {cause.substr(4)}};  // the cause begins with the code
    slots.gone(connection, failure, neighbours_work(), now_);
  }

  void on(const MtaSlots::Connect& action) {
    ++connects;
    names[action.connection] = action.helo;
    later(milliseconds(1), [this, action] { connect(action); });
  }
  void connect(const MtaSlots::Connect& action) {
    const auto id = action.connection;
    if (none_here) return fail(id, Stage::kHere, "Too many open files");
    if (mta_.is_away) return fail(id, Stage::kConnect, "Connection refused");
    if (mta_.hangs)
      return later(seconds(120), [this, id] { fail(id, Stage::kGreeting, "no greeting", 0, true); });
    if (!mta_.greeting.empty()) return fail(id, Stage::kGreeting, mta_.greeting, std::stoi(mta_.greeting));
    if (mta_.open >= mta_.limit) {
      ++mta_.refusals;
      return fail(id, Stage::kGreeting, "421 too many connections", 421);
    }
    if (mta_.refused_names.contains(action.helo)) return fail(id, Stage::kHello, "501 bad name", 501);
    mta_.most = std::max(mta_.most, ++mta_.open);
    open_.insert(id);
    slots.ready(id, {}, now_);
  }
  void on(const MtaSlots::Lend& action) {
    lent[action.request] = action.connection;
    if (mail_time == milliseconds(0)) return;
    later(mail_time, [this, action] {
      ++mails;
      lent.erase(action.request);
      give_back(action.connection);
      if (comes_again) request();
    });
  }
  void on(const MtaSlots::Refuse& action) { refused.push_back(action.cause); }
  void on(const MtaSlots::Quit& action) {
    open_.erase(action.connection);
    later(milliseconds(1), [this, action] { slots.gone(action.connection, {}, false, now_); });
    later(milliseconds(50), [this] { --mta_.open; });  // the process is reaped
  }
  void on(const MtaSlots::AskWay&) {
    if (neighbour == nullptr || neighbour->slots.counts().all() <= slots.counts().all() + 1) return;
    neighbour->slots.give_way(now_);
    slots.way_given(now_);
  }
  void on(const MtaSlots::Tell& action) { told.push_back(action.mta.cause); }
  void on(const MtaSlots::Note& action) { notes.push_back(action.text); }

  Mta& mta_;
  base::TimePoint& now_;
  std::multimap<base::TimePoint, std::function<void()>> events_;
  std::set<MtaSlots::Connection> open_;
  MtaSlots::Request last_request_ = 0;

 public:
  MtaSlots slots;
};

class Slots : public testing::Test {
 protected:
  void run(base::Duration time) {
    for (const auto end = now_ + time; now_ <= end; now_ += milliseconds(1)) {
      site_.step();
      neighbour_.step();
    }
  }
  [[nodiscard]] bool is_reachable() const { return site_.slots.mta() && site_.slots.mta()->reachable; }

  base::TimePoint now_{seconds(1'000)};
  Mta mta_;
  const MtaSlots::Settings settings_{.mta = "127.0.0.1:25", .own_helo = "birl"};
  Site site_{mta_, now_, settings_};
  Site neighbour_{mta_, now_, settings_};
};

TEST_F(Slots, AConnectionIsUsedAgain) {
  site_.mail_time = milliseconds(5);
  for (int i = 0; i < 10; ++i) {
    site_.request();
    run(milliseconds(20));
  }
  EXPECT_EQ(site_.mails, 10);
  EXPECT_EQ(site_.connects, 1);
  run(seconds(21));
  EXPECT_EQ(site_.slots.counts().all(), 0U);
}

// Exim's default. As many mails as by its twenty connections directly, and nobody notices.
TEST_F(Slots, AnMtaThatTakesTwentyAtOnce) {
  mta_.limit = 20;
  site_.mail_time = milliseconds(100);
  site_.comes_again = true;
  site_.slots.probe(now_);
  run(milliseconds(200));
  for (int i = 0; i < 25; ++i)
    site_.request();
  run(seconds(30));
  EXPECT_GT(site_.mails, 20 * 10 * 30 * 9 / 10);
  EXPECT_THAT(site_.refused, testing::IsEmpty());
  EXPECT_THAT(site_.told, testing::ElementsAre("")) << "reachable all the time";
  EXPECT_LT(mta_.refusals, 60);
  EXPECT_GE(site_.slots.counts().learnt.value_or(0), 18U);
}

TEST_F(Slots, ALimitThatIsRaisedIsFound) {
  mta_.limit = 2;
  site_.mail_time = milliseconds(100);
  site_.comes_again = true;
  for (int i = 0; i < 25; ++i)
    site_.request();
  run(seconds(10));
  EXPECT_LE(site_.slots.counts().serving(), 2U);
  mta_.limit = 20;
  run(seconds(90));
  EXPECT_GE(site_.slots.counts().serving(), 15U);
}

TEST_F(Slots, FirstComeFirstServed) {
  mta_.limit = 1;
  const auto first = site_.request();
  run(milliseconds(500));
  ASSERT_TRUE(site_.lent.contains(first));
  const auto second = site_.request();
  const auto third = site_.request();
  run(milliseconds(500));
  site_.give_back(site_.lent[first]);
  run(milliseconds(50));
  EXPECT_TRUE(site_.lent.contains(second));
  EXPECT_FALSE(site_.lent.contains(third));
}

TEST_F(Slots, AWaitIsBounded) {
  mta_.limit = 1;
  site_.request();
  run(milliseconds(100));
  site_.request();
  run(seconds(89));
  EXPECT_THAT(site_.refused, testing::IsEmpty());
  run(seconds(2));
  ASSERT_EQ(site_.refused.size(), 1U);
  EXPECT_THAT(site_.refused[0], StartsWith("no connection came free within 90 s, all 1 are in use"));
  EXPECT_THAT(site_.refused[0], HasSubstr("421 too many connections"));
  EXPECT_TRUE(is_reachable());
}

TEST_F(Slots, NeverMoreThanConfigured) {
  MtaSlots::Settings settings = settings_;
  settings.use.connections = 5;
  site_.slots.update(settings, false, now_);
  for (int i = 0; i < 2'000; ++i) {
    const auto request = site_.request("mx" + std::to_string(i % 7) + ".example");
    if (i % 2 == 0) run(milliseconds(2));
    site_.slots.withdraw(request);
  }
  EXPECT_LE(site_.most_connections, 5U);
  EXPECT_LE(mta_.most, 6U);
}

// An idle connection under another name gives way, and one of many clients does not starve the other.
TEST_F(Slots, AnotherNameFindsRoom) {
  mta_.limit = 2;
  site_.mail_time = milliseconds(10);
  site_.request("one.example");
  run(milliseconds(5));
  site_.request("two.example");
  run(milliseconds(500));
  site_.request("three.example");
  run(seconds(1));
  EXPECT_EQ(site_.mails, 3);
  site_.comes_again = true;
  for (int i = 0; i < 10; ++i)
    site_.request();
  run(seconds(1));
  const int before = static_cast<int>(site_.names.size());
  const auto other = site_.request("four.example");
  site_.comes_again = true;
  bool served = false;
  for (int i = 0; i < 5'000 && !served; ++i) {
    run(milliseconds(1));
    served = site_.lent.contains(other);
  }
  EXPECT_TRUE(served);
  EXPECT_LT(static_cast<int>(site_.names.size()), before + 10) << "not by a storm of connections";
}

TEST_F(Slots, ARefusedNameIsItsClientsTrouble) {
  mta_.refused_names = {"my_host"};
  site_.mail_time = milliseconds(10);
  site_.slots.probe(now_);
  for (int i = 0; i < 20; ++i) {
    site_.request("my_host");
    site_.request("mx.example");
    run(milliseconds(100));
  }
  EXPECT_EQ(site_.mails, 40);
  EXPECT_THAT(site_.told, testing::ElementsAre(""));
  ASSERT_EQ(site_.notes.size(), 1U);
  EXPECT_THAT(site_.notes[0], HasSubstr("my_host"));
  EXPECT_THAT(site_.notes[0], HasSubstr("handed over as birl"));
}

TEST_F(Slots, OurOwnNameRefusedIsTheMtasWord) {
  mta_.refused_names = {"birl"};
  site_.slots.probe(now_);
  run(milliseconds(100));
  EXPECT_THAT(site_.told, testing::ElementsAre("501 bad name, 127.0.0.1:25"));
}

TEST_F(Slots, AnMtaThatIsAwayIsKnownAtOnceAndFoundAgain) {
  site_.mail_time = milliseconds(10);
  site_.slots.probe(now_);
  run(seconds(1));
  EXPECT_TRUE(is_reachable());
  mta_.is_away = true;
  site_.request();
  run(milliseconds(50));
  EXPECT_THAT(site_.told, testing::ElementsAre("", "Connection refused, 127.0.0.1:25"));
  EXPECT_EQ(site_.refused.size(), 1U);
  run(seconds(60));
  mta_.is_away = false;
  run(seconds(11));
  EXPECT_TRUE(is_reachable());
}

TEST_F(Slots, WordsOfAnMtaThatServesNobody) {
  for (const std::string greeting : {"421 shutting down", "554 no service here"}) {
    mta_.greeting = greeting;
    Site site(mta_, now_, settings_);
    for (int i = 0; i < 5; ++i)
      site.request();
    for (int i = 0; i < 1'000; ++i, now_ += milliseconds(1))
      site.step();
    ASSERT_TRUE(site.slots.mta());
    EXPECT_FALSE(site.slots.mta()->reachable);
    EXPECT_EQ(site.slots.mta()->cause, greeting + ", 127.0.0.1:25");
    EXPECT_EQ(site.refused.size(), 5U);
  }
}

TEST_F(Slots, NoGreeting) {
  mta_.hangs = true;
  site_.slots.probe(now_);
  for (int i = 0; i < 3; ++i)
    site_.request();
  run(seconds(91));
  EXPECT_EQ(site_.refused.size(), 3U);
  run(seconds(31));
  EXPECT_THAT(site_.told, testing::ElementsAre("no greeting, 127.0.0.1:25"));
}

TEST_F(Slots, AllConnectionsLost) {
  mta_.limit = 3;
  site_.mail_time = milliseconds(100);
  site_.comes_again = true;
  for (int i = 0; i < 6; ++i)
    site_.request();
  run(seconds(2));
  mta_.is_away = true;
  site_.lose_all();
  run(seconds(1));
  EXPECT_FALSE(is_reachable());
}

// Descriptors: nothing is said of the MTA, those who wait are told the cause, and it heals.
TEST_F(Slots, NothingLeftHere) {
  site_.slots.probe(now_);
  run(seconds(1));
  site_.none_here = true;
  site_.request();
  run(seconds(9));
  EXPECT_THAT(site_.refused, testing::IsEmpty());
  run(seconds(3));
  EXPECT_THAT(site_.refused, testing::ElementsAre("Too many open files"));
  EXPECT_THAT(site_.told, testing::ElementsAre(""));
  site_.none_here = false;
  site_.mail_time = milliseconds(1);
  site_.request();
  run(seconds(3));
  EXPECT_EQ(site_.mails, 1);
}

TEST_F(Slots, OthersAreUsedWhereOneMoreCannotBeMadeHere) {
  const auto first = site_.request();
  run(milliseconds(10));
  site_.none_here = true;
  const auto second = site_.request();
  run(seconds(20));
  EXPECT_THAT(site_.refused, testing::IsEmpty());
  site_.give_back(site_.lent[first]);
  run(milliseconds(10));
  EXPECT_TRUE(site_.lent.contains(second));
}

// Exim counts all sites together.
TEST_F(Slots, IdleConnectionsOfAnotherSiteGiveWay) {
  mta_.limit = 4;
  site_.neighbour = &neighbour_;
  neighbour_.neighbour = &site_;
  neighbour_.mail_time = milliseconds(10);
  for (int i = 0; i < 4; ++i)
    neighbour_.request();
  run(milliseconds(100));
  EXPECT_EQ(neighbour_.slots.counts().idle, 4U);
  site_.mail_time = milliseconds(10);
  site_.request();
  run(seconds(1));
  EXPECT_EQ(site_.mails, 1);
  EXPECT_THAT(site_.told, testing::ElementsAre(""));
}

TEST_F(Slots, BusySitesShareWhatTheMtaTakes) {
  mta_.limit = 6;
  site_.neighbour = &neighbour_;
  neighbour_.neighbour = &site_;
  site_.comes_again = neighbour_.comes_again = true;
  site_.mail_time = neighbour_.mail_time = milliseconds(100);
  for (int i = 0; i < 20; ++i)
    neighbour_.request();
  run(seconds(3));
  for (int i = 0; i < 20; ++i)
    site_.request();
  run(seconds(60));
  EXPECT_GT(site_.mails, 60 * 10 * 6 / 4);
  EXPECT_GT(neighbour_.mails, 60 * 10 * 6 / 4);
  EXPECT_GT(site_.mails + neighbour_.mails, 60 * 10 * 6 * 8 / 10);
  EXPECT_THAT(site_.refused, testing::IsEmpty());
  EXPECT_THAT(site_.told, testing::ElementsAre(""));
}

TEST_F(Slots, ANewMtaIsAskedAndOldConnectionsGo) {
  site_.mail_time = milliseconds(10);
  site_.request();
  run(milliseconds(100));
  EXPECT_EQ(site_.slots.counts().idle, 1U);
  site_.slots.update(settings_, true, now_);
  EXPECT_FALSE(site_.slots.mta());
  run(milliseconds(100));
  EXPECT_TRUE(is_reachable());
  EXPECT_EQ(site_.slots.counts().all(), 0U);
}

}  // namespace
}  // namespace tsmtp::mail
