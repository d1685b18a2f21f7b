// P6 and P10: a peer with a good key that sends nothing but work, as fast as it can, of whatever kind:
// another site's mail hardly notices, and log, memory and descriptors stay within their bounds.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <thread>
#include <vector>

#include "tests/support/hostile_peer.h"
#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::StartsWith;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

/// One piece of a flood, on a session that has begun. False when relayd has ended it.
using Wave = std::function<bool(HostilePeer&)>;

constexpr int kFramesAtOnce = 200;
constexpr std::uint8_t kSkippable = 1;
constexpr std::uint8_t kUnknownType = 99;

std::string repeated(int times, const std::function<std::string()>& piece) {
  std::string out;
  for (int i = 0; i < times; ++i)
    out += piece();
  return out;
}

// Streams that are opened, filled with `records`, and ended by `end` (kData: not at all).
Wave streams(std::string records, FrameType end, std::string end_payload, std::string service = "\1") {
  return [=](HostilePeer& peer) {
    return peer.send(repeated(kFramesAtOnce, [&] {
      const std::uint32_t stream = peer.next_stream();
      std::string out = peer.frame(FrameType::kOpen, stream, service);
      if (!records.empty()) out += peer.frame(FrameType::kData, stream, records);
      if (end != FrameType::kData) out += peer.frame(end, stream, end_payload);
      return out;
    }));
  };
}

Wave frames(FrameType type, std::string payload, std::uint8_t flags = 0) {
  return [=](HostilePeer& peer) {
    return peer.send(repeated(kFramesAtOnce, [&] { return peer.frame(type, 0, payload, flags); }));
  };
}

const std::string kId(16, 'i');
const std::string kMail =
    record(RecordType::kMail, kId + std::string("\0\4evil", 6) + "FROM:<x@evil.example>");
const std::string kRcpt = record(RecordType::kRcpt, "TO:<b@birl.example>");
const std::string kData = record(RecordType::kData, "");

// Credit for one byte more each time.
bool tiny_credit(HostilePeer& peer) {
  const std::uint32_t stream = peer.next_stream();
  std::uint64_t offset = 1 << 20;
  if (!peer.send(peer.frame(FrameType::kOpen, stream, "\1"))) return false;
  for (int i = 0; i < 100; ++i)
    if (!peer.send(repeated(kFramesAtOnce,
                            [&] { return peer.frame(FrameType::kCredit, stream, big_endian(++offset, 8)); })))
      return false;
  return peer.send(peer.frame(FrameType::kReset, stream, "\1"));
}

// A mail's content, a byte a frame and `in_a_record` frames in a TLS record.
Wave tiny_data(int in_a_record) {
  return [=](HostilePeer& peer) {
    const std::uint32_t stream = peer.next_stream();
    std::string begin = peer.frame(FrameType::kOpen, stream, "\1");
    begin += peer.frame(FrameType::kData, stream, kMail + kRcpt + kData + "\4" + big_endian(1'000'000, 4));
    if (!peer.send(begin)) return false;
    for (int i = 0; i < 20'000 / in_a_record; ++i)
      if (!peer.send(repeated(in_a_record, [&] { return peer.frame(FrameType::kData, stream, "x"); })))
        return false;
    return peer.send(peer.frame(FrameType::kReset, stream, "\1"));
  };
}

bool key_updates(HostilePeer& peer) {
  for (int i = 0; i < kFramesAtOnce; ++i)
    if (!peer.update_keys()) return false;
  return true;
}

struct Flood {
  const char* name;
  Wave wave;  ///< again and again, until relayd ends the session
  bool says_hello = true;
  int threads = 1;
};

std::ostream& operator<<(std::ostream& out, const Flood& flood) {
  return out << flood.name;
}

class Floods : public TwoHubs, public ::testing::WithParamInterface<Flood> {
 protected:
  void SetUp() override {
    birl_site_keys = "\n[[site]]\nname = \"evil\"\npin = [\"" + evil_.pin() + "\"]\naddress = \"" +
                     third_address() + "\"\nendpoint = [\"unix:" + evil_.file("endpoint") +
                     "\"]\ndeliver = \"127.0.0.1:" + std::to_string(birl_mta_port) +
                     "\"\ndomains = [\"evil.example\"]\nlocal = [\"birl.example\"]\n";
    start();
  }
  void TearDown() override {
    stop_flood();
    TwoHubs::TearDown();
  }

  void flood(const Flood& kind) {
    for (int i = 0; i < kind.threads; ++i)
      threads_.emplace_back([this, &kind, i] {
        for (int number = 0; !ends_; ++number) {
          // From one address relayd goes through 100 handshakes in ten seconds.
          const std::string from =
              "127.0." + std::to_string(2 + i) + '.' + std::to_string(1 + number / 50 % 250);
          try {
            HostilePeer peer(evil_.file("identity.pem"), link_port, from);
            ++connected;
            if (kind.says_hello && !peer.begin_session()) continue;
            while (!ends_ && kind.wave(peer))
              ++waves;
          } catch (const std::exception&) {  // refused
          }
        }
      });
  }
  // As busy as a flood, and nothing to do with relayd: what the machine alone makes of the latency.
  void keep_the_machine_busy(int threads) {
    for (int i = 0; i < threads; ++i)
      threads_.emplace_back([this] {
        while (!ends_) {
        }
      });
  }
  void stop_flood() {
    ends_ = true;
    for (std::thread& thread : threads_)
      thread.join();
    threads_.clear();
    ends_ = false;
  }

  /// Of mails from tokyo to birl, one after the other on one session: how long the half of them take at most.
  Milliseconds median_mail() {
    constexpr int kMails = 50;
    std::vector<Milliseconds> times;
    Connection client = session();
    for (int i = 0; i < kMails; ++i) {
      const auto begun = Clock::now();
      EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
      times.push_back(Clock::now() - begun);
    }
    std::sort(times.begin(), times.end());
    longest = times.back();
    return times[kMails / 2];
  }
  [[nodiscard]] std::size_t lines_about_evil() const {
    const std::string log = birl.log();
    std::size_t lines = 0;
    for (std::size_t at = log.find("evil"); at != std::string::npos;
         at = log.find("evil", log.find('\n', at)))
      ++lines;
    return lines;
  }

  [[nodiscard]] std::string last_line_about_evil() const {
    const std::string log = birl.log();
    const std::size_t begin = log.rfind('\n', log.rfind("evil")) + 1;
    return log.substr(begin, log.find('\n', begin) - begin);
  }

  std::atomic<int> connected{0}, waves{0};
  Milliseconds longest{};

 private:
  Hub evil_{"evil", 0};
  std::atomic<bool> ends_{false};
  std::vector<std::thread> threads_;
};

constexpr double kTimesSlower = 20;
constexpr Milliseconds kUnnoticed{100};
constexpr std::size_t kMaxLines = 400, kMaxGrowthKib = 160 * 1024, kMaxDescriptors = 160;

TEST_P(Floods, HardlyConcernOthers) {
  const std::size_t descriptors_before = birl.process().open_descriptors();
  const std::size_t kib_before = birl.process().resident_kib();
  keep_the_machine_busy(GetParam().threads);
  const Milliseconds quiet = median_mail();
  const Milliseconds quiet_longest = longest;
  stop_flood();
  flood(GetParam());
  ASSERT_TRUE(wait_until([&] { return connected > 0; }));
  const Milliseconds flooded = median_mail();
  const Finished status = birl.relayctl({"status"});
  const std::size_t descriptors = birl.process().open_descriptors();
  stop_flood();
  std::cout << "quiet " << quiet.count() << " ms (" << quiet_longest.count() << "), flooded "
            << flooded.count() << " ms (" << longest.count() << "), " << connected << " connections, "
            << waves << " waves, " << lines_about_evil() << " lines, " << descriptors - descriptors_before
            << " descriptors, " << birl.process().peak_resident_kib() - kib_before << " KiB; "
            << last_line_about_evil() << '\n';
  EXPECT_EQ(status.status, 0);
  EXPECT_LT(flooded, kTimesSlower * quiet + kUnnoticed);
  EXPECT_LT(lines_about_evil(), kMaxLines);
  EXPECT_LT(descriptors, descriptors_before + kMaxDescriptors);
  // ASan keeps what was freed for a while.
  if (TSMTP_SANITIZED == 0) {
    EXPECT_LT(birl.process().peak_resident_kib(), kib_before + kMaxGrowthKib);
  }
  EXPECT_EQ(birl.site_status("tokyo")["links_up_total"], 1);
  EXPECT_TRUE(wait_until([&] { return birl.process().open_descriptors() <= descriptors_before + 8; }));
}

const Flood kFloods[] = {
    {"Resets", streams("", FrameType::kReset, "\1")},
    {"ProvokedResets", streams(record(static_cast<RecordType>(9), ""), FrameType::kData, "")},
    {"ResetMails", streams(kMail + kRcpt + kData, FrameType::kReset, "\1")},
    {"RefusedStreams", streams("", FrameType::kData, "", "\7")},
    {"EmptyStreams", streams("", FrameType::kFinish, "")},
    {"RefusedMails",
     streams(record(RecordType::kMail, kId + std::string("\0\4evil", 6) + "FROM:<x@other.example>") + kRcpt +
                 kData,
             FrameType::kReset, "\1")},
    {"Settled", streams(record(RecordType::kSettled, kId), FrameType::kFinish, "")},
    {"Asks", streams(kMail + kRcpt + kData + record(RecordType::kAsk, kId), FrameType::kReset, "\1")},
    {"Notices", frames(FrameType::kNotice, "\1\1PIPELINING\n")},
    {"BadNotices", frames(FrameType::kNotice, "\x63what?")},
    {"Pings", frames(FrameType::kPing, "are you there?")},
    {"Acks", frames(FrameType::kAck, "")},
    {"SkippedFrames", frames(static_cast<FrameType>(kUnknownType), "", kSkippable)},
    {"TinyCredit", tiny_credit},
    {"TinyData", tiny_data(400)},
    {"TinyRecords", tiny_data(1)},
    {"KeyUpdates", key_updates},
    {"Redials", [](HostilePeer&) { return false; }},
    {"RedialsWithoutHello", [](HostilePeer&) { return false; }, false, 4},
    {"HalfHellos", [](HostilePeer& peer) { return peer.send(peer.hello().substr(0, 30)) && false; }, false,
     4},
};

INSTANTIATE_TEST_SUITE_P(Peer, Floods, ::testing::ValuesIn(kFloods),
                         [](const auto& flood) { return std::string(flood.param.name); });

}  // namespace
}  // namespace tsmtp::support
