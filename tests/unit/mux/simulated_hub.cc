#include "tests/unit/mux/simulated_hub.h"

#include <gtest/gtest.h>

#include "tests/unit/mux/raw_peer.h"

namespace tsmtp::mux {
namespace {

constexpr std::size_t kBudgetBytes = 100'000;

// Byte `offset` of what the side `role` sends on a stream.
char content(Role role, StreamId stream, std::size_t offset) {
  const std::uint64_t mixed =
      (offset + 1) * 0x9e3779b97f4a7c15U ^ stream * 0xbf58476d1ce4e5b9U ^ static_cast<std::uint64_t>(role);
  return static_cast<char>(mixed >> 56);
}

void end_if_finished(Conversation& conversation) {
  if (conversation.we_finished && conversation.peer_finished) conversation.end = End::kFinished;
}

}  // namespace

SimulatedHub::SimulatedHub(Role role, bool can_resume, bool is_small, Random& random)
    : role_(role),
      can_resume_(can_resume),
      is_small_(is_small),
      random_(random),
      max_streams_(1 + static_cast<std::uint32_t>(random() % 20)),
      window_bytes_(1024 + static_cast<std::uint32_t>(random() % (random() % 2 == 0 ? 3000 : 60'000))) {}

ConnectionSettings SimulatedHub::settings() {
  ConnectionSettings settings = RawPeer::settings();
  settings.role = role_;
  settings.instance = role_ == Role::kDialer ? "the dialling one" : "the other        ";
  settings.limits = limits();
  settings.can_resume = can_resume_;
  if (session_ && role_ == Role::kDialer) settings.resumption = session_->ask_to_resume();
  settings.resumption.number = ++numbers_;
  return settings;
}

SessionLimits SimulatedHub::limits() const {
  return {.max_streams = max_streams_,
          .stream_window_bytes = window_bytes_,
          .window_budget_bytes = kBudgetBytes,
          .other_window_budget_bytes = kBudgetBytes,
          .services = {kFirstService, kOtherService},
          .grace_period = std::chrono::hours{1}};
}

void SimulatedHub::connect(std::shared_ptr<Wire> wire, base::TimePoint now) {
  candidate_ = std::make_unique<Connection>(settings(), now);
  candidate_wire_ = std::move(wire);
}

void SimulatedHub::answer(const Hello& hello, base::TimePoint now) {
  if (connection_) connection_->detach();  // a later one has come
  connection_ = std::move(candidate_);
  wire_ = std::move(candidate_wire_);
  if (session_ && session_->can_resume_with(hello)) {
    EXPECT_TRUE(connection_->resume(*session_, now));
    return;
  }
  EXPECT_EQ(session_, nullptr) << "it goes on whenever the peer names it";
  ++sessions_begun_;
  session_ = std::make_unique<Session>(role_, limits());
  EXPECT_TRUE(connection_->begin(*session_, now));
}

void SimulatedHub::notice_cut(const std::shared_ptr<Wire>& wire) {
  if (wire == nullptr) return;
  if (wire == candidate_wire_) {
    candidate_.reset();
    candidate_wire_.reset();
  }
  if (wire != wire_) return;
  wire_.reset();
  connection_->detach();
  connection_.reset();
  ASSERT_EQ(session_->state(), Session::State::kDetached);
}

void SimulatedHub::act(std::size_t max_streams, std::uint64_t reset_one_in) {
  if (!session_) return;
  if (session_->established() && opened_ < max_streams && random_() % 4 == 0)
    if (const auto id = session_->open(random_() % 3 == 0 ? kOtherService : kFirstService)) {
      ++opened_;
      start(*id);
    }
  for (auto& [id, conversation] : conversations_) {
    if (conversation.end != End::kOpen) continue;
    if (reset_one_in > 0 && random_() % reset_one_in == 0) {
      session_->reset(id, ResetCode::kCancelled, "at random");
      conversation.end = End::kResetByUs;
      continue;
    }
    if (random_() % 3 == 0) write_some(id, conversation);
    if (random_() % 3 == 0) consume_some(id, conversation);
  }
}

void SimulatedHub::tick(base::TimePoint now) {
  for (Connection* const connection : {connection_.get(), candidate_.get()}) {
    if (connection == nullptr || now < connection->deadline()) continue;
    const auto ok = connection->tick(now);
    // What is silent for long is dead, and a candidate may be: a new connection is made.
    if (!ok && connection == candidate_.get()) {
      candidate_.reset();
      candidate_wire_.reset();
      return;
    }
    ASSERT_TRUE(ok) << ok.error().message;
    EXPECT_GT(connection->deadline(), now) << "the owner would spin";
  }
}

void SimulatedHub::send(base::TimePoint now) {
  if (connection_) send(*connection_, *wire_, now);
  if (candidate_) send(*candidate_, *candidate_wire_, now);
}

void SimulatedHub::send(Connection& connection, Wire& wire, base::TimePoint now) {
  std::string& pipe = role_ == Role::kDialer ? wire.to_listener : wire.to_dialer;
  if (!connection.wants_to_send() || pipe.size() > 300'000) return;
  connection.set_path({.round_trip = std::chrono::milliseconds(random_() % 200),
                       .bytes_per_second = random_() % 3 == 0 ? 0 : random_() % 10'000'000});
  const std::size_t before = pipe.size();
  connection.produce(pipe, pipe.size() + random_() % 50'000 + 1, now);
  EXPECT_GT(pipe.size(), before) << "wants_to_send() promised";
  look_at_events();
}

void SimulatedHub::receive(base::TimePoint now) {
  if (connection_) receive(*connection_, *wire_, now);
  if (candidate_) receive(*candidate_, *candidate_wire_, now);
}

void SimulatedHub::receive(Connection& connection, Wire& wire, base::TimePoint now) {
  std::string& pipe = role_ == Role::kDialer ? wire.to_dialer : wire.to_listener;
  const std::size_t bytes = pipe.size() > 5 && random_() % 3 != 0 ? random_() % pipe.size() : pipe.size();
  const std::string piece = pipe.substr(0, bytes);
  pipe.erase(0, bytes);
  const auto ok = connection.receive(piece, now);
  ASSERT_TRUE(ok) << ok.error().message;
  if (const Hello* const hello = connection.unanswered_hello()) answer(*hello, now);
  look_at_events();
}

bool SimulatedHub::done(std::size_t max_streams) const {
  if (opened_ < max_streams || candidate_) return false;
  for (const auto& [id, conversation] : conversations_)
    if (conversation.end == End::kOpen) return false;
  return connection_ && wire_->to_dialer.empty() && wire_->to_listener.empty() &&
         !connection_->wants_to_send();
}

void SimulatedHub::start(StreamId id) {
  Conversation conversation;
  conversation.to_write = random_() % (random_() % 5 == 0 && !is_small_ ? 150'000 : 3000);
  EXPECT_TRUE(conversations_.emplace(id, conversation).second) << "stream " << id << " came twice";
}

void SimulatedHub::write_some(StreamId id, Conversation& conversation) {
  if (conversation.we_finished) return;
  std::size_t bytes = std::min(conversation.to_write - conversation.written, session_->writable(id));
  if (bytes > 0 && random_() % 2 == 0) bytes = 1 + random_() % bytes;
  std::string piece;
  for (std::size_t i = 0; i < bytes; ++i)
    piece += content(role_, id, conversation.written + i);
  session_->write(id, piece);
  conversation.written += bytes;
  if (conversation.written < conversation.to_write) return;
  session_->finish(id);
  conversation.we_finished = true;
  end_if_finished(conversation);
}

void SimulatedHub::consume_some(StreamId id, Conversation& conversation) {
  if (conversation.unconsumed == 0) return;
  const std::size_t bytes = 1 + random_() % conversation.unconsumed;
  session_->consumed(id, bytes);
  conversation.unconsumed -= bytes;
}

void SimulatedHub::look_at_events() {
  if (!session_) return;
  for (const Event& event : events(*session_))
    std::visit([this](const auto& e) { on(e); }, event);
}

void SimulatedHub::on(const Received& event) {
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
  EXPECT_LE(conversation.unconsumed, window_bytes_ + kBudgetBytes);
}
void SimulatedHub::on(const PeerFinished& event) {
  Conversation& conversation = conversations_.at(event.stream);
  EXPECT_FALSE(conversation.peer_finished);
  conversation.peer_finished = true;
  end_if_finished(conversation);
}
void SimulatedHub::on(const PeerReset& event) {
  Conversation& conversation = conversations_.at(event.stream);
  EXPECT_NE(conversation.end, End::kResetByUs);
  EXPECT_NE(event.code, ResetCode::kRefused) << "we keep to the limit";
  conversation.end = End::kResetByPeer;
}
void SimulatedHub::on(const Writable& event) {
  EXPECT_GT(session_->writable(event.stream), 0U);
}
void SimulatedHub::on(const Noticed&) {
  ADD_FAILURE();
}
void SimulatedHub::on(const PeerDrains&) {
  ADD_FAILURE();
}

void expect_agreement(const SimulatedHub& one, const SimulatedHub& other) {
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

}  // namespace tsmtp::mux
