// Two sessions, a connection that delivers bytes in pieces as it likes, and owners that write, read, finish
// and give up as they like, in virtual time. Whatever the schedule: every byte once and in order, no more
// held than the windows allow, and both sides agree how each stream ended.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "tests/unit/mux/raw_peer.h"

namespace tsmtp::mux {
namespace {

using Random = std::mt19937_64;

// Byte `offset` of what the side `role` sends on a stream.
char content(Role role, StreamId stream, std::size_t offset) {
  const std::uint64_t mixed =
      (offset + 1) * 0x9e3779b97f4a7c15U ^ stream * 0xbf58476d1ce4e5b9U ^ static_cast<std::uint64_t>(role);
  return static_cast<char>(mixed >> 56);
}

enum class End { kOpen, kFinished, kResetByUs, kResetByPeer };

struct Conversation {
  std::size_t to_write = 0;  // in all
  std::size_t written = 0;
  std::size_t received = 0;
  std::size_t unconsumed = 0;
  bool we_finished = false;
  bool peer_finished = false;
  End end = End::kOpen;
};

class Owner {
 public:
  Owner(Role role, Random& random)
      : role_(role), random_(random), settings_(make_settings(role, random)), session_(settings_, {}) {}

  /// Does a little of everything. A stream is given up one time in `reset_one_in`, with 0 never.
  void act(std::size_t max_streams, std::uint64_t reset_one_in) {
    if (session_.established() && opened_ < max_streams && random_() % 4 == 0)
      if (const auto id = session_.open(Service::kTransaction)) {
        ++opened_;
        start(*id);
      }
    for (auto& [id, conversation] : conversations_) {
      if (conversation.end != End::kOpen) continue;
      if (reset_one_in > 0 && random_() % reset_one_in == 0) {
        session_.reset(id, ResetCode::kCancelled, "at random");
        conversation.end = End::kResetByUs;
        continue;
      }
      if (random_() % 3 == 0) write_some(id, conversation);
      if (random_() % 3 == 0) consume_some(id, conversation);
    }
  }

  void tick(base::TimePoint now) {
    if (now < session_.deadline()) return;
    const auto ok = session_.tick(now);
    ASSERT_TRUE(ok) << ok.error().message;
    EXPECT_GT(session_.deadline(), now) << "the owner would spin";
  }

  void send(std::string& pipe, base::TimePoint now) {
    if (!session_.wants_to_send()) return;
    const std::size_t before = pipe.size();
    session_.produce(pipe, pipe.size() + random_() % 50'000 + 1, now);
    EXPECT_GT(pipe.size(), before) << "wants_to_send() promised";
    look_at_events();
  }

  void receive(std::string& pipe, base::TimePoint now) {
    const std::size_t bytes = pipe.size() > 5 && random_() % 3 != 0 ? random_() % pipe.size() : pipe.size();
    const auto ok = session_.receive(std::string_view(pipe).substr(0, bytes), now);
    ASSERT_TRUE(ok) << ok.error().message;
    pipe.erase(0, bytes);
    look_at_events();
  }

  [[nodiscard]] bool done(std::size_t max_streams) const {
    if (opened_ < max_streams) return false;
    for (const auto& [id, conversation] : conversations_)
      if (conversation.end == End::kOpen) return false;
    return true;
  }

  [[nodiscard]] const std::map<StreamId, Conversation>& conversations() const { return conversations_; }
  [[nodiscard]] const Session& session() const { return session_; }

 private:
  static Settings make_settings(Role role, Random& random) {
    Settings settings = RawPeer::settings();
    settings.role = role;
    settings.max_streams = 1 + static_cast<std::uint32_t>(random() % 20);
    settings.stream_window_bytes =
        1024 + static_cast<std::uint32_t>(random() % (random() % 2 == 0 ? 3000 : 60'000));
    return settings;
  }

  void start(StreamId id) {
    Conversation conversation;
    conversation.to_write = random_() % (random_() % 5 == 0 ? 150'000 : 3000);
    EXPECT_TRUE(conversations_.emplace(id, conversation).second) << "stream " << id << " came twice";
  }

  void write_some(StreamId id, Conversation& conversation) {
    if (conversation.we_finished) return;
    std::size_t bytes = std::min(conversation.to_write - conversation.written, session_.writable(id));
    if (bytes > 0 && random_() % 2 == 0) bytes = 1 + random_() % bytes;
    std::string piece;
    for (std::size_t i = 0; i < bytes; ++i)
      piece += content(role_, id, conversation.written + i);
    session_.write(id, piece);
    conversation.written += bytes;
    if (conversation.written < conversation.to_write) return;
    session_.finish(id);
    conversation.we_finished = true;
    end_if_finished(conversation);
  }

  void consume_some(StreamId id, Conversation& conversation) {
    if (conversation.unconsumed == 0) return;
    const std::size_t bytes = 1 + random_() % conversation.unconsumed;
    session_.consumed(id, bytes);
    conversation.unconsumed -= bytes;
  }

  static void end_if_finished(Conversation& conversation) {
    if (conversation.we_finished && conversation.peer_finished) conversation.end = End::kFinished;
  }

  void look_at_events() {
    for (const Event& event : events(session_))
      std::visit([this](const auto& e) { on(e); }, event);
  }

  void on(const Opened& event) { start(event.stream); }
  void on(const Received& event) {
    Conversation& conversation = conversations_.at(event.stream);
    EXPECT_EQ(conversation.end, End::kOpen);
    EXPECT_FALSE(conversation.peer_finished);
    const Role peer = role_ == Role::kDialer ? Role::kListener : Role::kDialer;
    std::string expected;
    for (std::size_t i = 0; i < event.bytes.size(); ++i)
      expected += content(peer, event.stream, conversation.received + i);
    EXPECT_TRUE(event.bytes == expected) << "stream " << event.stream << " at " << conversation.received;
    conversation.received += event.bytes.size();
    conversation.unconsumed += event.bytes.size();
    EXPECT_LE(conversation.unconsumed, settings_.stream_window_bytes);
  }
  void on(const PeerFinished& event) {
    Conversation& conversation = conversations_.at(event.stream);
    EXPECT_FALSE(conversation.peer_finished);
    conversation.peer_finished = true;
    end_if_finished(conversation);
  }
  void on(const PeerReset& event) {
    Conversation& conversation = conversations_.at(event.stream);
    EXPECT_NE(conversation.end, End::kResetByUs);
    EXPECT_NE(event.code, ResetCode::kRefused) << "we keep to the limit";
    conversation.end = End::kResetByPeer;
  }
  void on(const Writable& event) { EXPECT_GT(session_.writable(event.stream), 0U); }
  void on(const Established&) {}
  void on(const Noticed&) { ADD_FAILURE(); }
  void on(const PeerDrains&) { ADD_FAILURE(); }

  Role role_;
  Random& random_;
  Settings settings_;
  Session session_;
  std::map<StreamId, Conversation> conversations_;
  std::size_t opened_ = 0;
};

// The peer of a stream that one side reset either heard of it or had seen the stream end before.
void expect_agreement(const Owner& one, const Owner& other) {
  for (const auto& [id, mine] : one.conversations()) {
    const auto found = other.conversations().find(id);
    if (found == other.conversations().end()) {
      EXPECT_EQ(mine.end, End::kResetByUs)
          << "only a stream that was reset before its Open was sent is unknown";
      continue;
    }
    const Conversation& theirs = found->second;
    switch (mine.end) {
      case End::kOpen:
        ADD_FAILURE() << "stream " << id << " did not end";
        break;
      case End::kFinished:
        EXPECT_EQ(mine.received, theirs.to_write) << "stream " << id;
        EXPECT_TRUE(theirs.end == End::kFinished || theirs.we_finished) << "stream " << id;
        break;
      case End::kResetByUs:
        EXPECT_NE(theirs.end, End::kOpen) << "stream " << id;
        break;
      case End::kResetByPeer:
        EXPECT_EQ(theirs.end, End::kResetByUs) << "stream " << id;
        break;
    }
  }
}

void run_schedule(std::uint64_t seed, bool may_reset) {
  SCOPED_TRACE("seed " + std::to_string(seed) + ", again with TSMTP_SEED=" + std::to_string(seed));
  Random random(seed);
  Owner dialer(Role::kDialer, random);
  Owner listener(Role::kListener, random);
  std::string there, back;
  base::TimePoint now{};
  const std::size_t streams = 1 + random() % 40;
  const std::uint64_t reset_one_in = may_reset ? 10 + random() % (random() % 2 == 0 ? 40 : 2000) : 0;
  const auto all_done = [&] {
    return dialer.done(streams) && listener.done(streams) && there.empty() && back.empty() &&
           !dialer.session().wants_to_send() && !listener.session().wants_to_send();
  };
  for (int step = 0; !all_done(); ++step) {
    ASSERT_LT(step, 200'000) << "the schedule does not end";
    ASSERT_FALSE(::testing::Test::HasFailure());
    now += std::chrono::microseconds(random() % 20'000);
    dialer.tick(now);
    listener.tick(now);
    dialer.act(streams, reset_one_in);
    listener.act(streams, reset_one_in);
    if (random() % 3 != 0 && there.size() < 300'000) dialer.send(there, now);
    if (random() % 3 != 0 && back.size() < 300'000) listener.send(back, now);
    if (random() % 3 != 0) listener.receive(there, now);
    if (random() % 3 != 0) dialer.receive(back, now);
  }
  expect_agreement(dialer, listener);
  expect_agreement(listener, dialer);
  EXPECT_EQ(dialer.session().open_streams(), 0U);
  EXPECT_EQ(listener.session().open_streams(), 0U);
  EXPECT_EQ(dialer.session().counters().bytes_out, listener.session().counters().bytes_in);
  EXPECT_EQ(dialer.session().counters().frames_in, listener.session().counters().frames_out);
}

std::vector<std::uint64_t> seeds(std::size_t count) {
  if (const char* const fixed = std::getenv("TSMTP_SEED")) return {std::strtoull(fixed, nullptr, 10)};
  std::random_device device;
  std::vector<std::uint64_t> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(device());
  return out;
}

TEST(Transfer, EveryByteOnceAndInOrder) {
  for (const std::uint64_t seed : seeds(15)) {
    run_schedule(seed, false);
    if (HasFailure()) return;
  }
}

TEST(Transfer, BothSidesAgreeHowStreamsEnd) {
  for (const std::uint64_t seed : seeds(40)) {
    run_schedule(seed, true);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace tsmtp::mux
