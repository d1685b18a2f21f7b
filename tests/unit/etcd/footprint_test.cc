#include "relayd/etcd/footprint.h"

#include <gtest/gtest.h>

namespace tsmtp::etcd {
namespace {

Footprint of(const Transaction& transaction) {
  Footprint out;
  out.add(transaction);
  return out;
}

Transaction reads(const Range& range) {
  return {.then = {Get{.range = range}}};
}
Transaction asks(const Range& range) {
  return {.when = {Compare{.range = range}}};
}
Transaction puts(const std::string& key) {
  return {.otherwise = {Put{.key = key, .value = {}}}};
}
Transaction deletes(const Range& range) {
  return {.then = {Delete{.range = range}}};
}

bool conflict(const Transaction& one, const Transaction& other) {
  EXPECT_EQ(of(one).conflicts_with(of(other)), of(other).conflicts_with(of(one)));
  return of(one).conflicts_with(of(other));
}

TEST(Footprint, OneWritesWhatTheOtherTouches) {
  const Range b{.key = "b"}, a_to_c{.key = "a", .end = "c"}, c_to_d{.key = "c", .end = "d"};
  for (const auto& write : {puts("b"), deletes(b), deletes(a_to_c)})
    for (const auto& touch :
         {reads(b), asks(b), reads(a_to_c), asks(a_to_c), puts("b"), deletes(b), deletes(a_to_c)})
      EXPECT_TRUE(conflict(write, touch));
  for (const auto& write : {puts("b"), deletes(b), deletes(a_to_c)})
    for (const auto& touch : {reads({.key = "c"}), asks(c_to_d), puts("c"), deletes(c_to_d), reads(c_to_d)})
      EXPECT_FALSE(conflict(write, touch));
}

TEST(Footprint, ReadersDoNotMind) {
  const Range range{.key = "a", .end = "c"};
  EXPECT_FALSE(conflict(reads(range), reads(range)));
  EXPECT_FALSE(conflict(asks(range), reads({.key = "b"})));
}

}  // namespace
}  // namespace tsmtp::etcd
