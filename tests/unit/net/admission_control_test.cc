#include "relayd/net/link/admission_control.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace tsmtp::net {
namespace {

/// Connections that have a number, and go when they are told to.
class Room {
 public:
  explicit Room(AdmissionControl::Limits limits) { admission.set_limits(limits); }

  void enter(int number, const char* from) {
    places[number] = admission.admit(boost::asio::ip::make_address(from), [this, number] {
      gone.push_back(number);
      places.erase(number);
    });
  }

  AdmissionControl admission;
  std::map<int, AdmissionControl::Place> places;
  std::vector<int> gone;
};

TEST(AdmissionControl, OldestOfTheSameAddressGoes) {
  Room room({.total = 10, .of_one_address = 2});
  room.enter(1, "192.0.2.1");
  room.enter(2, "192.0.2.2");
  room.enter(3, "192.0.2.1");
  room.enter(4, "192.0.2.1");
  EXPECT_EQ(room.gone, (std::vector{1}));
  room.enter(5, "::ffff:192.0.2.1");  // the same, on a socket of both families
  EXPECT_EQ(room.gone, (std::vector{1, 3}));
  EXPECT_EQ(room.admission.count(), 3U);
  EXPECT_EQ(room.admission.driven_out(), 2U);
}

TEST(AdmissionControl, WhenThereAreTooManyTheAddressWithMostOfThemLosesOne) {
  Room room({.total = 4, .of_one_address = 3});
  room.enter(1, "192.0.2.9");
  room.enter(2, "192.0.2.1");
  room.enter(3, "192.0.2.1");
  room.enter(4, "192.0.2.2");
  room.enter(5, "192.0.2.3");
  EXPECT_EQ(room.gone, (std::vector{2}));
  room.enter(6, "192.0.2.4");  // now all have one
  EXPECT_EQ(room.gone, (std::vector{2, 1}));
  EXPECT_EQ(room.admission.count(), 4U);
}

TEST(AdmissionControl, NetworkOfIpv6IsOneAddress) {
  Room room({.total = 10, .of_one_address = 1});
  room.enter(1, "2001:db8::1");
  room.enter(2, "2001:db8:0:1::1");
  EXPECT_TRUE(room.gone.empty());
  room.enter(3, "2001:db8::ffff:ffff:ffff:ffff");
  EXPECT_EQ(room.gone, (std::vector{1}));
}

TEST(AdmissionControl, AnAddressGetsSoManyHandshakesInTenSeconds) {
  AdmissionControl admission;
  admission.set_limits({.handshakes_of_one_address = 2});
  const auto one = boost::asio::ip::make_address("192.0.2.1"),
             other = boost::asio::ip::make_address("192.0.2.2");
  const base::TimePoint begin = base::TimePoint{} + std::chrono::hours(1);
  EXPECT_TRUE(admission.begin_handshake(one, begin));
  EXPECT_TRUE(admission.begin_handshake(one, begin));
  EXPECT_FALSE(admission.begin_handshake(one, begin + std::chrono::milliseconds(9999)));
  EXPECT_TRUE(admission.begin_handshake(other, begin));
  EXPECT_TRUE(admission.begin_handshake(one, begin + std::chrono::seconds(10)));
}

TEST(AdmissionControl, WhoeverIsKnownGivesItsPlaceBack) {
  Room room({.total = 2, .of_one_address = 1});
  room.enter(1, "192.0.2.1");
  room.places.erase(1);
  EXPECT_EQ(room.admission.count(), 0U);
  room.enter(2, "192.0.2.1");
  EXPECT_TRUE(room.gone.empty());
}

TEST(AdmissionControl, PlacesMayOutliveThem) {
  AdmissionControl::Place place;
  {
    AdmissionControl admission;
    place = admission.admit(boost::asio::ip::make_address("192.0.2.1"), [] {});
  }
  place = {};
}

}  // namespace
}  // namespace tsmtp::net
