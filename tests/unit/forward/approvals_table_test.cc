// Every state of a connection that asked × every event.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "relayd/forward/approvals.h"

namespace tsmtp::forward {
namespace {

using namespace std::chrono_literals;

enum State { kWaiting, kAnswered, kTaken, kGone, kHolds, kStates };
enum Event { kApprove, kApproveFor, kDeny, kWithdraw, kTakeBack, kTooLate, kAskAgain, kEvents };

constexpr const char* kStateNames[] = {"waiting", "answered", "verdict taken", "withdrawn",
                                       "a yes that stands"};
constexpr const char* kEventNames[] = {"approve",   "approve --for", "deny",     "withdraw",
                                       "take back", "too late",      "ask again"};

// What comes of it: '-' an error, '.' nothing; then the verdicts: 'y' a yes, 'u' one that was given before,
// 'n' a no, 'x' nobody's; then how many wait, and how many yeses stand.
constexpr const char* kExpected[kStates][kEvents] = {
    // approve  for       deny      withdraw  take back  too late  ask again
    {". y 00", ". y 01", ". n 00", ".  00", ".  10", ". x 00", ".  20"},    // waiting
    {"- y 00", "- y 00", "- y 00", ".  00", ". y 00", ". y 00", ". y 10"},  // answered
    {"-  00", "-  00", "-  00", ".  00", ".  00", ".  00", ".  10"},        // verdict taken
    {"-  00", "-  00", "-  00", ".  00", ".  00", ".  00", ".  10"},        // withdrawn
    {"-  01", "-  01", ".  00", ".  01", ".  00", ".  00", ". u 01"},       // a yes that stands
};

constexpr base::Duration kTime = 60s;
const Approvals::Question kQuestion{
    .site = "tokyo", .service = "pop3", .user = {}, .client = {}, .connection = 0};

char letter_of(const Approvals::Verdict& verdict) {
  switch (verdict.outcome) {
    case Approvals::Outcome::kGranted:
      return verdict.until ? 'u' : 'y';
    case Approvals::Outcome::kDenied:
      return 'n';
    case Approvals::Outcome::kExpired:
      return 'x';
  }
  return '?';
}

Approvals::Id bring_to(State state, Approvals& approvals, base::TimePoint now) {
  const Approvals::Id id = *approvals.ask(kQuestion, kTime, now);
  if (state == kGone) approvals.withdraw(id);
  if (state == kAnswered || state == kTaken) (void)approvals.approve(id, "root", now);
  if (state == kHolds) (void)approvals.approve(id, "root", now, kTime);
  if (state == kTaken || state == kHolds) (void)approvals.next();
  return state == kHolds ? approvals.standing().front().id : id;
}

bool apply(Event event, Approvals& approvals, Approvals::Id id, base::TimePoint now) {
  switch (event) {
    case kApprove:
      return approvals.approve(id, "root", now).has_value();
    case kApproveFor:
      return approvals.approve(id, "root", now, kTime).has_value();
    case kDeny:
      return approvals.deny(id, "no", now).has_value();
    case kWithdraw:
      approvals.withdraw(id);
      return true;
    case kTakeBack:
      approvals.take_back("tokyo", "pop3");
      return true;
    case kTooLate:
      approvals.tick(now + kTime);
      return true;
    case kAskAgain:
      return approvals.ask(kQuestion, kTime, now).has_value();
    case kEvents:
      break;
  }
  return false;
}

TEST(StateEventTable, OfAnApproval) {
  for (int state = 0; state < kStates; ++state)
    for (int event = 0; event < kEvents; ++event) {
      Approvals approvals({});
      const base::TimePoint now = base::TimePoint() + 1h;
      const Approvals::Id id = bring_to(static_cast<State>(state), approvals, now);
      std::string seen = apply(static_cast<Event>(event), approvals, id, now) ? ". " : "- ";
      while (const auto verdict = approvals.next())
        seen += letter_of(*verdict);
      seen += ' ' + std::to_string(approvals.waiting().size()) + std::to_string(approvals.standing().size());
      EXPECT_EQ(seen, kExpected[state][event]) << kStateNames[state] << " × " << kEventNames[event];
    }
}

// Whatever happens in whatever order: each connection that was not withdrawn gets one verdict, none a second,
// and the bounds hold.
TEST(StateEventTable, RandomWalksOfApprovals) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const Approvals::Limits limits{.of_a_site = 4, .in_all = 6};
    Approvals approvals(limits);
    base::TimePoint now;
    std::set<Approvals::Id> open;
    Approvals::Id last = 0;
    const auto take = [&] {
      while (const auto verdict = approvals.next())
        ASSERT_EQ(open.erase(verdict->id), 1U) << "seed " << seed << ", ID " << verdict->id;
    };
    for (int step = 0; step < 300; ++step) {
      now += std::chrono::seconds(random() % 20);
      Approvals::Question question = kQuestion;
      question.site = random() % 2 == 0 ? "tokyo" : "kyoto";
      const auto event = static_cast<Event>(random() % kEvents);
      const Approvals::Id id = last == 0 ? 1 : 1 + random() % last;
      if (event == kAskAgain) {
        if (const auto asked = approvals.ask(question, kTime, now)) {
          ASSERT_GT(*asked, last);
          open.insert(last = *asked);
        }
      } else {
        (void)apply(event, approvals, id, now);
        if (event == kWithdraw) open.erase(id);
        if (event == kTooLate) now += kTime;
      }
      for (const auto& yes : approvals.standing())
        last = std::max(last, yes.id);
      ASSERT_LE(approvals.waiting().size(), limits.in_all);
      if (random() % 3 == 0) take();
    }
    approvals.tick(now + 2 * kTime);
    take();
    EXPECT_TRUE(open.empty()) << "seed " << seed;
    EXPECT_FALSE(approvals.deadline()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tsmtp::forward
