// Which connection stays, as a table; and that both sides always say the same.
#include "relayd/link/election.h"

#include <gtest/gtest.h>

namespace tsmtp::link {
namespace {

using Kind = Verdict::Kind;
using mux::Role;

constexpr char kSmaller[] = "pin-a", kOwn[] = "pin-m", kLarger[] = "pin-z";

Challenger challenger(Role role, const std::string& pin, Named named = Named::kNone,
                      const std::string& instance = "1") {
  return {.role = role, .pin = pin, .instance = instance, .named = named};
}

Incumbent incumbent(Role role, bool is_open = true, bool is_same_peer = true) {
  return {.role = role, .is_same_peer = is_same_peer, .instance = "1", .is_open = is_open};
}

TEST(Election, FirstConnectionBegins) {
  for (const Role role : {Role::kDialer, Role::kListener})
    for (const char* pin : {kSmaller, kLarger})
      EXPECT_EQ(elect(kOwn, challenger(role, pin), false, {}).kind, Kind::kBegin);
}

TEST(Election, OfTwoAtOnceTheOneOfTheSmallerPinStays) {
  const Verdict ours = elect(kOwn, challenger(Role::kListener, kLarger), true, {});
  EXPECT_EQ(ours.kind, Kind::kRefuse);
  EXPECT_EQ(ours.reason, "another connection of this link is being made");
  EXPECT_EQ(elect(kOwn, challenger(Role::kListener, kSmaller), true, {}).kind, Kind::kBegin);
  EXPECT_EQ(elect(kOwn, challenger(Role::kDialer, kLarger), true, {}).kind, Kind::kBegin);
}

TEST(Election, BesideAConnectionThatIsUp) {
  struct Row {
    Role role;
    const char* pin;
    Role up;
    Kind kind;
  };
  for (const Row& row : {
           Row{Role::kListener, kLarger, Role::kDialer, Kind::kRefuse},
           Row{Role::kListener, kSmaller, Role::kDialer, Kind::kBegin},
           Row{Role::kDialer, kLarger, Role::kListener, Kind::kBegin},
           Row{Role::kDialer, kSmaller, Role::kListener, Kind::kRefuse},
           // The same side has dialled again: it has begun anew.
           Row{Role::kListener, kLarger, Role::kListener, Kind::kBegin},
           Row{Role::kDialer, kSmaller, Role::kDialer, Kind::kBegin},
       })
    EXPECT_EQ(elect(kOwn, challenger(row.role, row.pin), false, incumbent(row.up)).kind, row.kind)
        << row.pin << ' ' << static_cast<int>(row.role);
}

TEST(Election, ASuccessorBeginsBesideWhoeverDialled) {
  for (const Role role : {Role::kDialer, Role::kListener})
    for (const Role up : {Role::kDialer, Role::kListener})
      for (const char* pin : {kSmaller, kLarger}) {
        Challenger successor = challenger(role, pin, Named::kNone, "2");
        successor.succeeds = true;
        EXPECT_EQ(elect(kOwn, successor, false, incumbent(up)).kind, Kind::kBeginBeside);
        EXPECT_EQ(elect(kOwn, successor, false, {}).kind, Kind::kBeginBeside)
            << "it comes on another lane first";
      }
}

TEST(Election, AProcessThatHasASuccessorMayAnswerWhatWeHaveSaidBefore) {
  Challenger earlier = challenger(Role::kDialer, kLarger);
  earlier.is_succeeded = true;
  EXPECT_EQ(elect(kOwn, earlier, false, {}).kind, Kind::kBeginLeaving);
  EXPECT_EQ(elect(kOwn, earlier, false, incumbent(Role::kDialer)).kind, Kind::kRefuse);
  earlier.role = Role::kListener;
  EXPECT_EQ(elect(kOwn, earlier, false, {}).kind, Kind::kRefuse);
}

TEST(Election, AProcessThatHasASuccessorOnlyGoesOn) {
  for (const Named named : {Named::kNone, Named::kUnknown, Named::kOurs, Named::kOursNoLonger}) {
    Challenger earlier = challenger(Role::kListener, kSmaller, named);
    earlier.is_succeeded = true;
    EXPECT_EQ(elect(kOwn, earlier, false, incumbent(Role::kDialer)).kind,
              named == Named::kOurs ? Kind::kResume : Kind::kRefuse);
  }
}

TEST(Election, AnInterruptedOneOrAnotherInstanceIsNoRival) {
  EXPECT_EQ(elect(kOwn, challenger(Role::kListener, kLarger), false, incumbent(Role::kDialer, false)).kind,
            Kind::kBegin);
  EXPECT_EQ(
      elect(kOwn, challenger(Role::kListener, kLarger, Named::kNone, "2"), false, incumbent(Role::kDialer))
          .kind,
      Kind::kBegin);
}

TEST(Election, ANamedSessionGoesOnWhoeverDials) {
  for (const Role role : {Role::kDialer, Role::kListener})
    for (const bool is_open : {false, true})
      EXPECT_EQ(
          elect(kOwn, challenger(role, kLarger, Named::kOurs), false, incumbent(Role::kDialer, is_open)).kind,
          Kind::kResume);
  const Verdict late = elect(kOwn, challenger(Role::kListener, kLarger, Named::kOursNoLonger), false,
                             incumbent(Role::kListener));
  EXPECT_EQ(late.kind, Kind::kRefuse);
  EXPECT_EQ(late.reason, "the session cannot go on from there");
}

TEST(Election, NeverGoesOnWithAnotherKey) {
  EXPECT_EQ(elect(kOwn, challenger(Role::kListener, kSmaller, Named::kOurs), false,
                  incumbent(Role::kDialer, false, false))
                .kind,
            Kind::kBegin);
  EXPECT_EQ(elect(kOwn, challenger(Role::kDialer, kSmaller, Named::kOurs), false,
                  incumbent(Role::kDialer, false, false))
                .kind,
            Kind::kRefuse);
}

TEST(Election, AnAnswerThatResumesWhatWeHaveGivenUp) {
  for (const Named named : {Named::kOurs, Named::kOursNoLonger, Named::kUnknown}) {
    const Verdict verdict = elect(kOwn, challenger(Role::kDialer, kLarger, named), false, {});
    EXPECT_EQ(verdict.kind, Kind::kRefuse);
    EXPECT_EQ(verdict.reason, "the session is over");
  }
  EXPECT_EQ(elect(kOwn, challenger(Role::kListener, kLarger, Named::kUnknown), false, {}).kind, Kind::kBegin);
}

// Whatever each has: of two connections that cross, exactly one is begun, or the same one replaces the other.
TEST(Election, BothSidesSayTheSame) {
  for (const bool first_is_smaller : {true, false}) {
    const std::string a = first_is_smaller ? kSmaller : kLarger, b = first_is_smaller ? kLarger : kSmaller;
    const auto at_a = elect(a, challenger(Role::kListener, b), true, {});
    const auto at_b = elect(b, challenger(Role::kListener, a), true, {});
    EXPECT_NE(at_a.kind, at_b.kind);
    EXPECT_EQ(at_a.kind == Kind::kBegin, !first_is_smaller) << "the connection that b dialled";
  }
}

}  // namespace
}  // namespace tsmtp::link
