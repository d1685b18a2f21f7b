#include "relayd/base/lifetime.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

namespace tsmtp::base {
namespace {

struct Owner {
  std::function<int(int)> adder() {
    return lifetime.guard([this](int more) { return sum += more; });
  }
  int sum = 0;
  Lifetime lifetime;
};

TEST(Lifetime, CallsWhileItsOwnerLives) {
  Owner owner;
  const auto add = owner.adder();
  EXPECT_EQ(add(2), 2);
  EXPECT_EQ(add(3), 5);
}

TEST(Lifetime, CallsNothingWhenItsOwnerIsGone) {
  auto owner = std::make_unique<Owner>();
  const auto add = owner->adder();
  owner.reset();
  EXPECT_EQ(add(2), 0);
}

TEST(Lifetime, CallsNothingAfterItsEnd) {
  Owner owner;
  const auto add = owner.adder();
  owner.lifetime.end();
  EXPECT_EQ(add(2), 0);
  EXPECT_EQ(owner.sum, 0);
}

TEST(Lifetime, PassesArgumentsThatCanOnlyBeMoved) {
  Owner owner;
  const std::function<std::size_t(std::unique_ptr<std::string>)> length =
      owner.lifetime.guard([](std::unique_ptr<std::string> text) { return text->size(); });
  EXPECT_EQ(length(std::make_unique<std::string>("abc")), 3U);
}

}  // namespace
}  // namespace tsmtp::base
