// Three hubs of one site over one etcd, and a near side that gives transactions up, asks any hub and commits
// anew: hubs are killed with and without their witness, boots lose what was not synced, and etcd answers
// late, twice, or not at all. Whatever happens, no MTA takes a mail twice, and when all is well again every
// mail ends, save those of which only an MTA can tell.
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "relayd/base/bytes.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/ledger/site_outcomes.h"
#include "tests/support/fake_etcd.h"

namespace tsmtp::net {
namespace {

using support::FakeEtcd;
using support::FakeEtcdData;
using Random = std::mt19937;
using Kind = mail::Outcome::Kind;

class NoLog : public base::Logger {
 public:
  void log(base::LogLevel, std::string_view) override {}
};

const std::string kKnown =
    mail::encode_known({.kind = Kind::kKnown, .reply = {250, {"2.0.0 queued"}}, .refused = {}});

std::string id_of(int number) {
  std::string id(16, '\0');
  id[0] = static_cast<char>(number >> 8);
  id[1] = static_cast<char>(number);
  return id;
}

/// How its MTA's answer to an end of content stands in the book of commits.
enum class Reply { kAwaited, kTaken, kRefused, kLost };

/// One hub: what outlives its relayd, and its relayd.
class HubModel {
 public:
  HubModel(std::string name, std::shared_ptr<FakeEtcdData> data, settings::Ledger settings)
      : name_(std::move(name)), data_(std::move(data)), settings_(std::move(settings)) {
    lose_memory();
    start();
  }

  void start() {
    etcd = std::make_unique<FakeEtcd>(data_);
    outcomes = std::make_unique<SiteOutcomes>(SiteOutcomes::Means{
        .store = *etcd, .log = log_, .hub = name_, .settings = settings_, .memory = memory_});
    outcomes->set_callbacks({.own_end = [this](const claims::Name& name, const claims::Claim& claim) {
      return own_end(name.transaction, claim);
    }});
    earlier = std::exchange(book, {});
    take_in();
  }
  /// Whether the witness lives on is seen when the MTA answers.
  void kill() {
    outcomes.reset();  // what it asked for may be done or not
    graveyard.push_back(std::move(etcd));
    book.insert(earlier.begin(), earlier.end());
    earlier.clear();
    open.clear();
    under_way.clear();
    commits.clear();
    disowned.clear();
  }
  void lose_memory() {
    memory_ = std::string(16, static_cast<char>('a' + ++boots_ % 20));
    memory_[0] = name_.back();
    book.clear();
    earlier.clear();
  }
  [[nodiscard]] bool is_up() const { return outcomes != nullptr; }

  /// What earlier relayds left: in the ledger, refused, or lost for good.
  void take_in() {
    for (auto entry = earlier.begin(); entry != earlier.end();) {
      const auto& [id, reply] = *entry;
      if (reply == Reply::kAwaited) {
        ++entry;
        continue;
      }
      if (reply == Reply::kTaken) ledger.insert(id);
      if (reply == Reply::kLost) {
        if (unanswered.insert(id).second)
          outcomes->cannot_tell({.site = "tokyo", .transaction = id}, [this, id = id] { earlier.erase(id); });
        ++entry;
      } else {
        entry = earlier.erase(entry);
      }
    }
  }

  [[nodiscard]] claims::OwnEnd own_end(const std::string& id, const claims::Claim& claim) const {
    using End = claims::OwnEnd::Kind;
    if (under_way.contains(id)) return {.kind = End::kUnderWay};
    if (ledger.contains(id)) return {.kind = End::kDelivered, .known = kKnown};
    if (const auto entry = earlier.find(id); entry != earlier.end() && entry->second == Reply::kAwaited)
      return {.kind = End::kUnderWay};
    if (unanswered.contains(id) || claim.is_undecided || claim.memory != memory_)
      return {.kind = End::kUndecided};
    return {.kind = End::kNotDelivered};
  }

  std::unique_ptr<FakeEtcd> etcd;
  std::unique_ptr<SiteOutcomes> outcomes;
  std::vector<std::unique_ptr<FakeEtcd>> graveyard;  // requests of relayds that were killed
  std::set<std::string> ledger;                      // on disk
  std::map<std::string, Reply> book, earlier;        // of this relayd, and of those before
  std::set<std::string> unanswered;
  std::deque<std::string> commits;  // on their way to it
  std::map<std::string, std::unique_ptr<OpenClaim>> open;
  std::set<std::string> under_way;  // is_committing()
  std::set<std::string> disowned;

 private:
  std::string name_;
  std::shared_ptr<FakeEtcdData> data_;
  settings::Ledger settings_;
  std::string memory_;
  int boots_ = 0;
  NoLog log_;
};

class StormOfHubs {
 public:
  StormOfHubs(unsigned seed, settings::Ledger settings)
      : random_(seed), is_local_(settings.on_engine_loss == settings::OnEngineLoss::kLocal) {
    for (const char* name : {"birl1", "birl2", "birl3"})
      hubs_.push_back(std::make_unique<HubModel>(name, data_, settings));
    for (auto& mail : mails_)
      mail.number = &mail - mails_.data();
  }

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i)
      step();
  }
  /// All is well again: what can end, ends.
  void settle() {
    for (auto& hub : hubs_) {
      if (!hub->is_up()) hub->start();
      hub->etcd->come_back();
    }
    for (auto& mail : mails_) {
      mail.is_asking = false;
      mail.under_way.clear();
    }
    for (int i = 0; i < 400 && !testing::Test::HasFailure(); ++i) {
      for (auto& hub : hubs_)
        for (auto& dead : hub->graveyard)
          dead->do_late();
      for (auto& hub : hubs_) {
        hub->outcomes->tick(base::TimePoint(std::chrono::seconds(i)));
        hub->etcd->answer_all();
        for (auto& one : std::map(hub->earlier))
          if (one.second == Reply::kAwaited)
            hub->earlier[one.first] = taken_.contains(one.first) ? Reply::kTaken : Reply::kRefused;
        hub->take_in();
        while (!hub->commits.empty())
          commit(*hub);
        hub->etcd->answer_all();
        for (const auto& id : std::map(hub->book))
          if (id.second == Reply::kAwaited) answer_of_mta(*hub, id.first, true);
        hub->etcd->answer_all();
      }
      for (auto& mail : mails_)
        near(mail);
    }
    for (const auto& mail : mails_)
      EXPECT_TRUE(mail.is_done || is_undecided(mail.doubt)) << "mail " << mail.number << " waits for nothing";
  }

  [[nodiscard]] int taken() const { return static_cast<int>(taken_by_.size()); }
  [[nodiscard]] int waiting() const {
    int waiting = 0;
    for (const auto& mail : mails_)
      waiting += mail.is_done ? 0 : 1;
    return waiting;
  }

 private:
  struct Mail {
    std::ptrdiff_t number = 0;
    std::string doubt{};  // the transaction whose end is not known
    std::size_t went_to = 0;
    std::string under_way{};  // that is awaited
    bool is_asking = false;
    bool is_done = false;
  };

  [[nodiscard]] unsigned any(unsigned below) { return static_cast<unsigned>(random_() % below); }
  [[nodiscard]] HubModel& any_hub() { return *hubs_[any(static_cast<unsigned>(hubs_.size()))]; }
  [[nodiscard]] std::size_t index_of(const HubModel& hub) const {
    std::size_t index = 0;
    while (hubs_[index].get() != &hub)
      ++index;
    return index;
  }

  void step() {
    HubModel& hub = any_hub();
    switch (any(20)) {
      case 0:
        return fault(hub);
      case 1: {  // the near side waits no longer
        Mail& mail = mails_[any(static_cast<unsigned>(mails_.size()))];
        mail.is_asking = false;
        mail.under_way.clear();
        return;
      }
      case 2:
        if (hub.is_up()) hub.outcomes->tick(base::TimePoint(std::chrono::seconds(++seconds_)));
        return;
      case 3:
      case 4:
        if (hub.is_up() && any(3) > 0) (void)hub.etcd->fail(static_cast<FakeEtcd::Loss>(any(4)));
        return;
      case 5:
        if (hub.is_up() && !hub.etcd->trouble()) hub.etcd->do_late();
        for (auto& dead : hub.graveyard) {
          dead->do_late();
          if (any(2) == 0) dead->carry_out();
          dead->fail(FakeEtcd::Loss::kNotDone);
        }
        return;
      case 6:
      case 7:
        if (hub.is_up() && !hub.commits.empty()) commit(hub);
        return;
      case 8:
      case 9: {
        if (!hub.is_up()) return;
        for (const auto& entry : std::map(hub.book))
          if (entry.second == Reply::kAwaited) return answer_of_mta(hub, entry.first, any(4) > 0);
        return;
      }
      case 10: {  // the witness hears, or is killed too
        for (auto* book : {&hub.book, &hub.earlier})
          if (book == &hub.earlier || !hub.is_up())
            for (auto& entry : *book)
              if (entry.second == Reply::kAwaited && any(2) == 0) {
                entry.second = !is_local_ && any(4) == 0      ? Reply::kLost
                               : taken_.contains(entry.first) ? Reply::kTaken
                                                              : Reply::kRefused;
              }
        if (hub.is_up()) hub.take_in();
        return;
      }
      case 11:
      case 12:
      case 13:
        return near(mails_[any(static_cast<unsigned>(mails_.size()))]);
      default:
        if (hub.is_up()) (void)hub.etcd->answer();
    }
  }

  void fault(HubModel& hub) {
    if (!hub.is_up()) {
      if (!is_local_ && any(4) == 0) hub.lose_memory();
      return hub.start();
    }
    switch (any(4)) {
      case 0:
        return hub.kill();
      case 1:
        return hub.etcd->go();
      default:
        return hub.etcd->come_back();
    }
  }

  // What an MTA does: it tries until it is told 250.
  void near(Mail& mail) {
    if (mail.is_done || mail.is_asking || !mail.under_way.empty()) return;
    HubModel& hub = any_hub();
    if (!hub.is_up()) return;
    if (mail.doubt.empty()) return send(mail, hub);
    mail.is_asking = true;
    const std::string asked = mail.doubt;
    const auto told = [this, &mail, &hub, asked](const mail::Outcome& outcome, const std::string& value) {
      if (!mail.is_asking || mail.doubt != asked || mail.is_done) return;  // nobody listens any more
      mail.is_asking = false;
      switch (outcome.kind) {
        case Kind::kKnown:
          mail.is_done = true;
          if (!value.empty()) hub.outcomes->settled({.site = "tokyo", .transaction = asked}, value);
          hub.ledger.erase(asked);
          EXPECT_TRUE(taken_.contains(asked)) << "said to be delivered, and was not";
          return;
        case Kind::kUnknown:
          EXPECT_FALSE(is_ours_to_end(asked)) << "said not to be known, with its end of content out";
          mail.doubt.clear();
          return send(mail, hub);
        case Kind::kPending:
          return;
      }
    };
    // As net::Deliveries does it.
    const mail::Outcome pending{.kind = Kind::kPending, .reply = {}};
    if (hub.under_way.contains(asked)) return told(pending, {});
    std::erase(hub.commits, asked);
    if (hub.ledger.contains(asked)) return told({.kind = Kind::kKnown, .reply = {250, {"ok"}}}, {});
    if (const auto entry = hub.earlier.find(asked); entry != hub.earlier.end()) {
      if (entry->second == Reply::kAwaited) return told(pending, {});
    }
    hub.disowned.insert(asked);
    hub.outcomes->ask(
        {.site = "tokyo", .transaction = asked},
        hubs_[mail.went_to].get() == &hub ? mail::Ask::Went::kToThisOne : mail::Ask::Went::kToAnother, told);
  }

  void send(Mail& mail, HubModel& hub) {
    const std::string id = id_of(++last_id_);
    mail_of_[id] = &mail;
    mail.doubt = id;
    mail.under_way = id;
    mail.went_to = index_of(hub);
    hub.commits.push_back(id);
  }

  void commit(HubModel& hub) {
    const std::string id = hub.commits.front();
    hub.commits.pop_front();
    if (hub.disowned.contains(id)) return;
    if (hub.outcomes->refusal()) return refused(id);
    hub.under_way.insert(id);
    auto claim = hub.outcomes->claim({.site = "tokyo", .transaction = id}, true,
                                     [this, &hub, id](const std::optional<smtp::Reply>& refusal) {
                                       refusal ? over(hub, id) : end_content(hub, id);
                                     });
    const bool is_awaited = claim->is_awaited();
    hub.open[id] = std::move(claim);
    if (!is_awaited) end_content(hub, id);
  }

  void end_content(HubModel& hub, const std::string& id) {
    if (any(10) == 0) return over(hub, id);  // its MTA is gone meanwhile
    hub.book[id] = Reply::kAwaited;
    sent_.insert(id);
    if (any(5) == 0) return;  // its MTA will refuse it
    taken_.insert(id);
    const auto [first, is_new] = taken_by_.emplace(mail_of_[id]->number, id);
    EXPECT_TRUE(is_new) << "mail " << mail_of_[id]->number << " was taken twice";
  }

  void answer_of_mta(HubModel& hub, const std::string& id, bool is_whole) {
    if (!hub.under_way.contains(id)) return;
    if (!taken_.contains(id)) {
      hub.book.erase(id);
      return over(hub, id);
    }
    hub.book[id] = Reply::kTaken;
    if (!is_whole) return hub.kill();  // between the reply and the ledger
    hub.ledger.insert(id);
    hub.outcomes->end(*hub.open.at(id), kKnown, [this, &hub, id](bool) {
      hub.book.erase(id);
      hub.open.erase(id);
      hub.under_way.erase(id);
      Mail& mail = *mail_of_[id];
      if (mail.under_way != id) return;
      mail.under_way.clear();
      mail.is_done = true;
      if (any(2) == 0) return;
      hub.ledger.erase(id);
      hub.outcomes->settled({.site = "tokyo", .transaction = id}, hub.outcomes->own_value(kKnown));
    });
  }

  // The FinalVerdict refuses.
  void over(HubModel& hub, const std::string& id) {
    hub.under_way.erase(id);
    hub.open.erase(id);
    refused(id);
  }
  void refused(const std::string& id) {
    Mail& mail = *mail_of_[id];
    if (mail.under_way != id) return;
    mail.under_way.clear();
    mail.doubt.clear();
  }

  /// Its MTA may still take it, or has.
  [[nodiscard]] bool is_ours_to_end(const std::string& id) const {
    if (taken_.contains(id)) return true;
    for (const auto& hub : hubs_)
      if (hub->book.contains(id) && hub->book.at(id) == Reply::kAwaited && hub->under_way.contains(id))
        return true;
    return false;
  }
  [[nodiscard]] bool is_undecided(const std::string& id) const {
    if (is_local_) return true;  // nobody but the hub that had it may know of it
    const auto value = data_->value("/tsmtp/transactions/tokyo/" + base::hex(id));
    if (!value) return false;
    const auto decoded = claims::decode(*value);
    return decoded && std::holds_alternative<claims::Claim>(*decoded);
  }

  Random random_;
  bool is_local_;
  std::shared_ptr<FakeEtcdData> data_ = std::make_shared<FakeEtcdData>();
  std::vector<Mail> mails_{4};
  std::map<std::string, Mail*> mail_of_;
  std::set<std::string> sent_, taken_;
  std::map<std::ptrdiff_t, std::string> taken_by_;
  int last_id_ = 0;
  int seconds_ = 0;
  std::vector<std::unique_ptr<HubModel>> hubs_;
};

void storm(settings::OnEngineLoss on_engine_loss, unsigned seeds) {
  const char* const wanted = std::getenv("TSMTP_SEED");
  const unsigned first = wanted != nullptr ? static_cast<unsigned>(std::stoul(wanted)) : 1;
  int taken = 0, waiting = 0;
  for (unsigned seed = first; seed < first + (wanted != nullptr ? 1 : seeds); ++seed) {
    SCOPED_TRACE(testing::Message() << "TSMTP_SEED=" << seed);
    settings::Ledger settings;
    settings.engine = settings::LedgerEngine::kEtcd;
    settings.on_engine_loss = on_engine_loss;
    StormOfHubs hubs(seed, settings);
    hubs.run(300);
    hubs.settle();
    taken += hubs.taken();
    waiting += hubs.waiting();
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(taken, waiting) << "most mails end";
}

TEST(StormOfOutcomes, NoMailIsTakenTwice) {
  storm(settings::OnEngineLoss::kDefer, 300);
}

TEST(StormOfOutcomes, NorWhereMailGoesOnWithoutEtcd) {
  storm(settings::OnEngineLoss::kLocal, 300);
}

}  // namespace
}  // namespace tsmtp::net
