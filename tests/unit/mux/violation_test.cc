// Each way to break the protocol: what the peer sends, and the sentence that the administrator reads.
#include <gtest/gtest.h>

#include <functional>
#include <ostream>

#include "tests/unit/mux/raw_peer.h"

namespace tsmtp::mux {
namespace {

using wire::FrameType;

struct Violation {
  std::string name;
  std::function<std::string(RawPeer&, Side&)> bytes;
  std::string error;
};

void PrintTo(const Violation& violation, std::ostream* out) {
  *out << violation.name;
}

// After both Hellos; the session listens, so the peer opens odd streams. Both state 4 streams and 4096 bytes.
const std::vector<Violation> kAfterHello = {
    {"HelloTwice", [](RawPeer& p, Side&) { return p.greeting(); }, "peer sent Hello twice"},
    {"OverlongFrame", [](RawPeer&, Side&) { return std::string("\x40\x00", 2); },
     "peer announced a frame with 16384 bytes of payload, at most 16360 are allowed"},
    {"UnknownType", [](RawPeer& p, Side&) { return p.frame(FrameType{77}); },
     "peer sent a frame of unknown type 77"},
    {"UnknownFlags",
     [](RawPeer&, Side&) {
       return encoded({.type = FrameType::kAck,
                       .flags = 0x82,
                       .stream = 0,
                       .sequence = 0,
                       .acknowledgement = 0,
                       .payload = {}});
     },
     "peer sent Ack with unknown flags 0x82"},
    {"SequenceSkipped",
     [](RawPeer& p, Side&) {
       p.sequence = 1;
       return p.open(1);
     },
     "peer sent Open with sequence 2 where 1 was expected"},
    {"SequenceRepeated",
     [](RawPeer& p, Side&) {
       std::string open = p.open(1);
       p.sequence = 0;
       return open + p.data(1, "x");
     },
     "peer sent Data with sequence 1 where 2 was expected"},
    {"SequenceMissing",
     [](RawPeer&, Side&) {
       return encoded({.type = FrameType::kOpen,
                       .flags = 0,
                       .stream = 1,
                       .sequence = 0,
                       .acknowledgement = 0,
                       .payload = "\x01"});
     },
     "peer sent Open with sequence 0 where 1 was expected"},
    {"SequenceOfAnUnknownTypeSkipped",
     [](RawPeer&, Side&) {
       return encoded({.type = FrameType{77},
                       .flags = 1,
                       .stream = 1,
                       .sequence = 5,
                       .acknowledgement = 0,
                       .payload = {}});
     },
     "peer sent type 77 with sequence 5 where 1 was expected"},
    {"SequenceOnPing",
     [](RawPeer&, Side&) {
       return encoded({.type = FrameType::kPing,
                       .flags = 0,
                       .stream = 0,
                       .sequence = 1,
                       .acknowledgement = 0,
                       .payload = {}});
     },
     "peer sent Ping with sequence 1, but frames of that type have none"},
    {"AcknowledgedWhatWasNotSent",
     [](RawPeer& p, Side& s) {
       (void)s.session.open(kFirstService);
       p.read(s.connection);
       p.acknowledgement = 2;
       return p.frame(FrameType::kAck);
     },
     "peer acknowledged frame 2, but only 1 were sent"},
    {"AcknowledgementTakenBack",
     [](RawPeer& p, Side& s) {
       (void)s.session.open(kFirstService);
       p.read(s.connection);
       std::string ack = p.frame(FrameType::kAck);
       p.acknowledgement = 0;
       return ack + p.frame(FrameType::kAck);
     },
     "peer took back its acknowledgement of frame 1 and acknowledges only 0"},
    {"OpenOfOurNumber", [](RawPeer& p, Side&) { return p.open(2); },
     "peer opened stream 2, a number that is ours to open"},
    {"OpenOfAnOldNumber",
     [](RawPeer& p, Side&) {
       return joined({p.open(5), p.open(3)});
     },
     "peer opened stream 3 after stream 5"},
    {"OpenTwice",
     [](RawPeer& p, Side&) {
       return joined({p.open(5), p.open(5)});
     },
     "peer opened stream 5 after stream 5"},
    {"OpenWithoutService", [](RawPeer& p, Side&) { return p.frame(FrameType::kOpen, 1); },
     "peer sent Open with 0 bytes of payload, 1 were expected"},
    {"OpenAfterDrain",
     [](RawPeer& p, Side&) {
       return joined({p.frame(FrameType::kDrain), p.open(1)});
     },
     "peer opened stream 1 after it had announced to drain"},
    {"DrainTwice",
     [](RawPeer& p, Side&) {
       return joined({p.frame(FrameType::kDrain), p.frame(FrameType::kDrain)});
     },
     "peer sent Drain twice"},
    {"DataNowhere", [](RawPeer& p, Side&) { return p.data(1, "x"); },
     "peer sent Data on stream 1, which is not open"},
    {"DataOnOurStreamBeforeItsOpenWasSent",
     [](RawPeer& p, Side& s) { return p.data(*s.session.open(kFirstService), "x"); },
     "peer sent Data on stream 2, which is not open"},
    {"DataWithoutStream", [](RawPeer& p, Side&) { return p.data(0, "x"); },
     "peer sent Data without a stream"},
    {"DataEmpty",
     [](RawPeer& p, Side&) {
       return joined({p.open(1), p.data(1, "")});
     },
     "peer sent Data with 0 bytes of payload, 1 to 16360 were expected"},
    {"DataBeyondCredit",
     [](RawPeer& p, Side&) {
       return joined({p.open(5), p.data(5, std::string(4166, 'x'))});
     },
     "peer sent 70 bytes beyond the credit of stream 5"},
    {"DataBeyondCreditOnAStreamWeReset",
     [](RawPeer& p, Side& s) {
       EXPECT_TRUE(s.receive(p.open(5), {}));
       s.session.reset(5, ResetCode::kCancelled, "");
       return joined({p.data(5, std::string(4000, 'x')), p.data(5, std::string(97, 'x'))});
     },
     "peer sent 1 bytes beyond the credit of stream 5"},
    {"DataAfterFinish",
     [](RawPeer& p, Side&) {
       return joined({p.open(1), p.frame(FrameType::kFinish, 1), p.data(1, "x")});
     },
     "peer sent Data after Finish of stream 1"},
    {"DataAfterReset",
     [](RawPeer& p, Side&) {
       return joined({p.open(1), p.reset(1), p.data(1, "x")});
     },
     "peer sent Data on stream 1, which is not open"},
    {"DataAfterItKnowsOfOurReset",
     [](RawPeer& p, Side& s) {
       EXPECT_TRUE(s.receive(p.open(1), {}));
       s.session.reset(1, ResetCode::kCancelled, "");
       p.read(s.connection);
       return p.data(1, "x");
     },
     "peer sent Data on stream 1, which is not open"},
    {"FinishTwice",
     [](RawPeer& p, Side&) {
       return joined({p.open(1), p.frame(FrameType::kFinish, 1), p.frame(FrameType::kFinish, 1)});
     },
     "peer sent Finish after Finish of stream 1"},
    {"ResetWithoutCode",
     [](RawPeer& p, Side&) {
       return joined({p.open(1), p.frame(FrameType::kReset, 1)});
     },
     "peer sent Reset with 0 bytes of payload, 1 to 256 were expected"},
    {"ResetOverlong",
     [](RawPeer& p, Side&) {
       return joined({p.open(1), p.reset(1, std::string(256, 'x'))});
     },
     "peer sent Reset with 257 bytes of payload, 1 to 256 were expected"},
    {"CreditBeyondReason",
     [](RawPeer& p, Side&) {
       return joined({p.open(1), p.credit(1, 0x100000001)});
     },
     "peer gave credit up to byte 4294967297 where 0 have been sent of stream 1"},
    {"CreditCut",
     [](RawPeer& p, Side&) {
       return joined({p.open(1), p.frame(FrameType::kCredit, 1, "1234567")});
     },
     "peer sent Credit with 7 bytes of payload, 8 were expected"},
    {"CreditNowhere", [](RawPeer& p, Side&) { return p.credit(3, 10); },
     "peer sent Credit on stream 3, which is not open"},
    {"PingOnAStream", [](RawPeer& p, Side&) { return p.frame(FrameType::kPing, 4); },
     "peer sent Ping on stream 4, but it belongs to the link"},
    {"PingOverlong", [](RawPeer& p, Side&) { return p.frame(FrameType::kPing, 0, std::string(65, 'p')); },
     "peer sent Ping with 65 bytes of payload, 0 to 64 were expected"},
    {"PingFlood",
     [](RawPeer& p, Side&) {
       std::string out;
       for (int i = 0; i < 9; ++i)
         out += p.frame(FrameType::kPing);
       return out;
     },
     "peer sent more than 8 pings without reading the answers"},
    {"PongUnasked", [](RawPeer& p, Side&) { return p.frame(FrameType::kPong, 0, "12345678"); },
     "peer answered a ping that was not sent"},
    {"PongWrong",
     [](RawPeer& p, Side& s) {
       EXPECT_TRUE(s.connection.tick(base::TimePoint{} + std::chrono::seconds{10}));
       p.read(s.connection);
       return p.frame(FrameType::kPong, 0, "12345678");
     },
     "peer answered a ping that was not sent"},
    {"AckWithPayload", [](RawPeer& p, Side&) { return p.frame(FrameType::kAck, 0, "x"); },
     "peer sent Ack with 1 bytes of payload, 0 were expected"},
    {"OpensWithoutEnd",
     [](RawPeer& p, Side&) {
       std::string out;
       for (std::uint32_t stream = 1; stream < 100; stream += 2)
         out += p.open(stream);
       return out;
     },
     "peer opened streams far beyond its limit of 4"},
    {"CloseWithoutReason", [](RawPeer& p, Side&) { return p.frame(FrameType::kClose); }, "closed by peer"},
    {"CloseOverlong", [](RawPeer& p, Side&) { return p.frame(FrameType::kClose, 0, std::string(256, 'x')); },
     "peer sent Close with 256 bytes of payload, 0 to 255 were expected"},
    {"Close", [](RawPeer& p, Side&) { return p.frame(FrameType::kClose, 0, "going down\r\n\x80"); },
     "closed by peer: going down\\x0d\\x0a\\x80"},
};

class AfterHello : public ::testing::TestWithParam<Violation> {};

TEST_P(AfterHello, EndsTheLinkWithASentence) {
  Side side(RawPeer::settings(), {});
  RawPeer peer;
  ASSERT_TRUE(side.receive(peer.greeting(), {}));
  ASSERT_EQ(summary(peer.read(side.connection)), "Hello");

  const std::string bytes = GetParam().bytes(peer, side);
  const auto result = side.receive(bytes, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, GetParam().error);
  EXPECT_FALSE(side.session.established());
  EXPECT_EQ(side.session.open_streams(), 0U);

  if (GetParam().error.starts_with("closed by peer")) {
    EXPECT_FALSE(side.connection.wants_to_send());
  } else {
    EXPECT_TRUE(side.connection.wants_to_send());
    const auto frames = peer.read(side.connection);
    ASSERT_EQ(summary(frames), "Close");
    EXPECT_EQ(frames[0].payload, GetParam().error);
  }
  EXPECT_FALSE(side.connection.wants_to_send());
  EXPECT_EQ(output(side.connection), "");
  const auto again = side.receive(peer.frame(FrameType::kPing), {});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, GetParam().error);
  EXPECT_FALSE(side.session.open(kFirstService));
}

std::string test_name(const ::testing::TestParamInfo<Violation>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Violation, AfterHello, ::testing::ValuesIn(kAfterHello), test_name);

std::string hello_with(const std::function<void(Hello&)>& change) {
  Hello hello = RawPeer::hello();
  change(hello);
  return RawPeer{}.frame(FrameType::kHello, 0, encode_hello(hello));
}

const std::vector<Violation> kAtHello = {
    {"NotHello", [](RawPeer& p, Side&) { return p.frame(FrameType::kPing); }, "peer sent Ping before Hello"},
    {"SkippableUnknown",
     [](RawPeer&, Side&) {
       return encoded({.type = FrameType{99},
                       .flags = 1,
                       .stream = 0,
                       .sequence = 0,
                       .acknowledgement = 0,
                       .payload = {}});
     },
     "peer sent type 99 before Hello"},
    {"Http", [](RawPeer&, Side&) { return std::string("GET / HTTP/1.1\r\n\r\n"); },
     "peer announced a frame with 18245 bytes of payload, at most 16360 are allowed"},
    {"OtherMagic", [](RawPeer& p, Side&) { return p.frame(FrameType::kHello, 0, std::string(60, 'x')); },
     "peer does not speak the tsmtp link protocol"},
    {"Empty", [](RawPeer& p, Side&) { return p.frame(FrameType::kHello); },
     "peer does not speak the tsmtp link protocol"},
    {"Short", [](RawPeer& p, Side&) { return p.frame(FrameType::kHello, 0, "tsmtp\x01\x01\x05"); },
     "peer's Hello has 8 bytes, at least 40 are needed"},
    {"NameCut",
     [](RawPeer& p, Side&) {
       return p.frame(FrameType::kHello, 0, encode_hello(RawPeer::hello()).substr(0, 44));
     },
     "peer's Hello ends before the end of its name"},
    {"LaterVersion",
     [](RawPeer&, Side&) {
       return hello_with([](Hello& h) { h.lowest_version = 2, h.highest_version = 4; });
     },
     "no common protocol version: this side speaks 1, the peer 2 to 4"},
    {"VersionZero", [](RawPeer&, Side&) { return hello_with([](Hello& h) { h.lowest_version = 0; }); },
     "peer's Hello states protocol versions 0 to 1, which is no range"},
    {"VersionsTurnedRound",
     [](RawPeer&, Side&) { return hello_with([](Hello& h) { h.lowest_version = 3; }); },
     "peer's Hello states protocol versions 3 to 1, which is no range"},
    {"WindowTooSmall",
     [](RawPeer&, Side&) { return hello_with([](Hello& h) { h.stream_window_bytes = 1023; }); },
     "peer's Hello states a stream window of 1023 bytes, at least 1024 are needed"},
    {"SequenceOnHello",
     [](RawPeer&, Side&) {
       return encoded({.type = FrameType::kHello,
                       .flags = 0,
                       .stream = 0,
                       .sequence = 1,
                       .acknowledgement = 0,
                       .payload = encode_hello(RawPeer::hello())});
     },
     "peer sent Hello with sequence 1, but frames of that type have none"},
    {"Closed", [](RawPeer& p, Side&) { return p.frame(FrameType::kClose, 0, "who are you"); },
     "closed by peer: who are you"},
};

class AtHello : public ::testing::TestWithParam<Violation> {};

TEST_P(AtHello, EndsTheLinkWithASentence) {
  Side side(RawPeer::settings(), {});
  RawPeer peer;
  const auto result = side.receive(GetParam().bytes(peer, side), {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, GetParam().error);
  EXPECT_TRUE(events(side.session).empty());
  const bool by_peer = GetParam().error.starts_with("closed by peer");
  const auto frames = peer.read(side.connection);
  EXPECT_EQ(summary(frames), by_peer ? "" : "Close");
  if (!by_peer) {
    EXPECT_EQ(frames.back().payload, GetParam().error);
  }
}

INSTANTIATE_TEST_SUITE_P(Violation, AtHello, ::testing::ValuesIn(kAtHello), test_name);

}  // namespace
}  // namespace tsmtp::mux
