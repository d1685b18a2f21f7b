// Two hubs, a connection that delivers bytes in pieces as it likes and breaks wherever it likes, and owners
// that do as they like, in virtual time. Whatever the schedule: every byte once and in order, no more held
// than the windows allow, and both sides agree how each stream ended.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/unit/mux/simulated_hub.h"

namespace tsmtp::mux {
namespace {

struct Schedule {
  std::uint64_t reset_one_in = 0;  // 0: streams are never given up
  std::uint64_t cut_one_in = 0;    // 0: the connection holds
  bool is_small = false;           // few streams with little in them
};

class Network {
 public:
  Network(const Schedule& schedule, Random& random)
      : schedule_(schedule),
        random_(random),
        streams_(1 + random() % (schedule.is_small ? 4 : 40)),
        dialer_(Role::kDialer, schedule.cut_one_in != 0, schedule.is_small, random),
        listener_(Role::kListener, schedule.cut_one_in != 0, schedule.is_small, random) {}

  void run() {
    for (int step = 0; !(dialer_.done(streams_) && listener_.done(streams_)); ++step) {
      ASSERT_LT(step, 200'000) << "the schedule does not end";
      ASSERT_FALSE(::testing::Test::HasFailure());
      now_ += std::chrono::microseconds(random_() % 20'000);
      if (schedule_.cut_one_in != 0 && random_() % schedule_.cut_one_in == 0) cut();
      if (!dialer_.has_connection() && random_() % 4 == 0) dial();
      if (unnoticed_ && random_() % 20 == 0) listener_.notice_cut(std::exchange(unnoticed_, nullptr));
      dialer_.tick(now_);
      listener_.tick(now_);
      dialer_.act(streams_, schedule_.reset_one_in);
      listener_.act(streams_, schedule_.reset_one_in);
      if (random_() % 3 != 0) dialer_.send(now_);
      if (random_() % 3 != 0) listener_.send(now_);
      if (random_() % 3 != 0) listener_.receive(now_);
      if (random_() % 3 != 0) dialer_.receive(now_);
    }
    check();
  }

 private:
  void dial() {
    const auto wire = std::make_shared<Wire>();
    dialer_.connect(wire, now_);
    listener_.connect(wire, now_);
  }

  // Some of what is under way arrives, the rest never will. The dialling side notices at once; the listening
  // side now, later, or when it is dialled again.
  void cut() {
    const auto wire = dialer_.wire();
    if (!wire || dialer_.sessions_begun() == 0) return;
    if (random_() % 2 == 0) listener_.receive(now_);
    if (random_() % 2 == 0) dialer_.receive(now_);
    if (unnoticed_) listener_.notice_cut(std::exchange(unnoticed_, nullptr));
    dialer_.notice_cut(wire);
    wire->to_dialer.clear();
    wire->to_listener.clear();
    if (random_() % 2 == 0) {
      listener_.notice_cut(wire);
    } else {
      unnoticed_ = wire;
    }
  }

  void check() {
    expect_agreement(dialer_, listener_);
    expect_agreement(listener_, dialer_);
    EXPECT_EQ(dialer_.sessions_begun(), 1) << "all of it was one session";
    EXPECT_EQ(dialer_.session().open_streams(), 0U);
    EXPECT_EQ(listener_.session().open_streams(), 0U);
    if (schedule_.cut_one_in != 0) return;
    EXPECT_EQ(dialer_.session().counters().bytes_out, listener_.session().counters().bytes_in);
    EXPECT_EQ(dialer_.session().counters().frames_in, listener_.session().counters().frames_out);
  }

  Schedule schedule_;
  Random& random_;
  base::TimePoint now_{};
  std::size_t streams_;
  SimulatedHub dialer_;
  SimulatedHub listener_;
  std::shared_ptr<Wire> unnoticed_;  // cut, and the listener does not know
};

template <typename MakeSchedule>
void run_schedules(std::size_t count, const MakeSchedule& make) {
  const char* const fixed = std::getenv("TSMTP_SEED");
  std::random_device device;
  for (std::size_t i = 0; i < (fixed != nullptr ? 1 : count); ++i) {
    const std::uint64_t seed = fixed != nullptr ? std::strtoull(fixed, nullptr, 10) : device();
    SCOPED_TRACE("seed " + std::to_string(seed) + ", again with TSMTP_SEED=" + std::to_string(seed));
    Random random(seed);
    Network(make(random), random).run();
    if (::testing::Test::HasFailure()) return;
  }
}

std::uint64_t seldom_or_often(Random& random) {
  return 10 + random() % (random() % 2 == 0 ? 40 : 2000);
}

TEST(Transfer, EveryByteOnceAndInOrder) {
  run_schedules(15, [](Random&) { return Schedule{}; });
}

TEST(Transfer, BothSidesAgreeHowStreamsEnd) {
  run_schedules(40, [](Random& random) { return Schedule{.reset_one_in = seldom_or_often(random)}; });
}

TEST(Transfer, EveryByteOnceAndInOrderWhereverTheConnectionIsCut) {
  run_schedules(40, [](Random& random) { return Schedule{.cut_one_in = seldom_or_often(random)}; });
}

TEST(Transfer, BothSidesAgreeHowStreamsEndWhereverTheConnectionIsCut) {
  run_schedules(80, [](Random& random) {
    return Schedule{.reset_one_in = seldom_or_often(random), .cut_one_in = seldom_or_often(random)};
  });
}

TEST(Transfer, ThousandsOfSmallSchedules) {
  run_schedules(2000, [](Random& random) {
    return Schedule{.reset_one_in = random() % 2 == 0 ? 0 : 10 + random() % 100,
                    .cut_one_in = random() % 4 == 0 ? 0 : 4 + random() % 60,
                    .is_small = true};
  });
}

}  // namespace
}  // namespace tsmtp::mux
