// Content is compressed in a session in which both hubs have said so, for as long as it lives.
#include <gtest/gtest.h>

#include "tests/unit/mux/raw_peer.h"

namespace tsmtp::mux {
namespace {

ConnectionSettings settings(bool can_compress) {
  ConnectionSettings settings = RawPeer::settings();
  settings.can_compress = can_compress;
  settings.can_resume = true;
  settings.resumption.number = 30;
  return settings;
}

Hello hello(std::uint64_t capabilities, Resumption resumption = {.number = 70}) {
  Hello hello = RawPeer::hello();
  hello.capabilities = capabilities;
  hello.resumption = resumption;
  return hello;
}

std::string greeting(const Hello& hello) {
  return encoded({.type = wire::FrameType::kHello, .payload = encode_hello(hello)});
}

// What this side says, with that of a peer.
bool compresses(bool ours, std::uint64_t theirs) {
  Side side(settings(ours), {});
  EXPECT_TRUE(side.receive(greeting(hello(theirs)), {}));
  const auto said = parse_hello(decoded(output(side.connection)).at(0).payload);
  EXPECT_EQ(said->can_compress(), ours);
  EXPECT_TRUE(said->can_resume());
  return side.session.compresses();
}

TEST(Compression, WhereBothSidesWantIt) {
  EXPECT_TRUE(compresses(true, kCapabilityCompression));
  EXPECT_TRUE(compresses(true, kCapabilityCompression | kCapabilityResumption));
  EXPECT_FALSE(compresses(true, 0)) << "a peer that does not know it, or does not want it";
  EXPECT_FALSE(compresses(true, kCapabilityResumption));
  EXPECT_FALSE(compresses(false, kCapabilityCompression));
  EXPECT_FALSE(compresses(false, 0));
}

TEST(Compression, IsOfTheSessionWhateverALaterHelloSays) {
  for (const bool at_first : {false, true}) {
    const auto capabilities = [](bool wanted) {
      return kCapabilityResumption | (wanted ? kCapabilityCompression : 0);
    };
    Side first(settings(at_first));
    ASSERT_TRUE(first.receive(greeting(hello(capabilities(at_first))), {}));
    (void)output(first.connection);
    first.connection.detach();
    Connection second(settings(!at_first), {});
    ASSERT_TRUE(second.receive(
        greeting(hello(capabilities(!at_first), {.number = 71, .own = 70, .peer = 30, .epoch = 1})), {}));
    ASSERT_TRUE(second.resume(first.session, {}));
    EXPECT_EQ(first.session.compresses(), at_first);
  }
}

}  // namespace
}  // namespace tsmtp::mux
