// A link, its session and the connections that carry it, with a peer that sends anything, and an owner that
// keeps to its contract. Steps:
//   G              the peer's Hello, as it should be
//   F TYPE STREAM payload   a frame of the peer with the right sequence; TYPE as in kTypes or any byte
//   b bytes        bytes of the peer, as they are
//   p COUNT        we may write: about COUNT KiB
//   o, O           we open a stream of the first service, of another
//   w STREAM COUNT, c STREAM COUNT, e STREAM, r STREAM   we write, have dealt with, finish, reset
//   n bytes        we notice
//   T SECONDS      time passes
//   d, x           we drain, close
//   k COUNT        the connection breaks, our last COUNT frames with it, and the peer resumes the session
// The first step's letter is D if we dialled. Numbers are bytes less '0'.
#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "relayd/base/bytes.h"
#include "relayd/link/process_notice.h"
#include "relayd/link/version_notice.h"
#include "relayd/mux/connection.h"
#include "relayd/mux/session.h"
#include "relayd/wire/encoder.h"
#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

using wire::FrameType;

constexpr std::uint32_t kMaxStreams = 4;
constexpr std::uint32_t kWindowBytes = 4096;
constexpr mux::Service kOtherService{2};
constexpr std::size_t kMaxPendingBytes = 1 << 20;

const std::map<char, FrameType> kTypes{
    {'H', FrameType::kHello},  {'P', FrameType::kPing},  {'Q', FrameType::kPong},   {'A', FrameType::kAck},
    {'C', FrameType::kCredit}, {'D', FrameType::kDrain}, {'X', FrameType::kClose},  {'N', FrameType::kNotice},
    {'o', FrameType::kOpen},   {'d', FrameType::kData},  {'f', FrameType::kFinish}, {'r', FrameType::kReset}};

std::uint8_t take_number(std::string_view& bytes) {
  return static_cast<std::uint8_t>(take_byte(bytes) - '0');
}

void read_process_notice(std::string_view bytes) {
  if (!link::is_about_processes(bytes)) return;
  const auto notice = link::decode_process_notice(bytes);
  if (!notice) return;
  const auto again = link::decode_process_notice(link::encode_notice(*notice));
  must(again && *again == *notice, "a notice that was read can be said again");
}

void read_version_notice(std::string_view bytes) {
  if (!link::is_about_version(bytes)) return;
  const auto version = link::decode_version_notice(bytes);
  if (!version) return;
  const bool is_printable =
      std::all_of(version->begin(), version->end(), [](char c) { return c >= ' ' && c <= '~'; });
  must(!version->empty() && version->size() <= link::kMaxVersionBytes && is_printable,
       "a version is short, and can be printed");
  must(bytes.starts_with(link::encode_version_notice(*version)), "a version that was read can be said again");
}

class Link {
 public:
  explicit Link(mux::Role role)
      : role_(role),
        session_(std::make_unique<mux::Session>(role, settings().limits)),
        connection_(std::make_unique<mux::Connection>(settings(), now_)) {}

  void play(const Step& step) {
    std::string_view rest = step.payload;
    switch (step.kind) {
      case 'G':
        receive(frame(FrameType::kHello, 0, mux::encode_hello(hello())));
        break;
      case 'F': {
        const char letter = static_cast<char>(take_byte(rest));
        const auto known = kTypes.find(letter);
        const auto type = known != kTypes.end() ? known->second : static_cast<FrameType>(letter);
        const std::uint32_t stream = take_number(rest);
        if (type == FrameType::kHello) is_sane_ = false;
        if (type == FrameType::kCredit && rest.size() == 8) {
          auto& credit = credit_.try_emplace(stream, kWindowBytes).first->second;
          credit = std::max(credit, base::get_u64(rest));
        }
        receive(frame(type, stream, rest.substr(0, wire::kMaxPayloadBytes)));
        break;
      }
      case 'b':
        is_sane_ = false;
        receive(rest);
        break;
      case 'p':
        produce(static_cast<std::size_t>(take_number(rest)) * 1024 + 1);
        break;
      case 'o':
        open(mux::kFirstService);
        break;
      case 'O':
        open(kOtherService);
        break;
      case 'w': {
        const std::uint32_t stream = take_number(rest);
        const std::size_t count = static_cast<std::size_t>(take_byte(rest)) * 16;
        session_->write(stream, std::string(std::min(count, session_->writable(stream)), 'x'));
        break;
      }
      case 'c': {
        const auto stream = streams_.find(take_number(rest));
        if (stream == streams_.end()) break;
        const std::size_t count = std::min<std::size_t>(std::size_t{take_byte(rest)} * 16, stream->second);
        stream->second -= count;
        session_->consumed(stream->first, count);
        break;
      }
      case 'e': {
        const std::uint32_t stream = take_number(rest);
        session_->finish(stream);
        if (const auto other = others_.find(stream); other != others_.end()) other->second.by_us = true;
        break;
      }
      case 'r': {
        const std::uint32_t stream = take_number(rest);
        session_->reset(stream, mux::ResetCode::kCancelled, rest);
        streams_.erase(stream);
        others_.erase(stream);
        break;
      }
      case 'n':
        session_->notice(rest.substr(0, wire::kMaxPayloadBytes));
        break;
      case 'T':
        now_ += std::chrono::seconds(take_number(rest));
        if (!failed_ && !closed_ && connection_->deadline() <= now_)
          failed_ = !connection_->tick(now_) && !session_->established();
        break;
      case 'd':
        session_->drain();
        break;
      case 'x':
        connection_->close(rest);
        closed_ = true;
        break;
      case 'k':
        break_and_resume(take_number(rest));
        break;
      default:
        break;
    }
    draw_events();
    check();
  }

  // Everything that can be sent goes, and then there is nothing left.
  void end() {
    produce(kMaxPendingBytes);
    draw_events();
    must(!connection_->wants_to_send(), "what can be sent is sent");
  }

 private:
  static constexpr std::uint64_t kNumber = 7;  // both sides', of the first session

  mux::ConnectionSettings settings() {
    return {.role = role_,
            .hub_name = "us",
            .limits = {.max_streams = kMaxStreams,
                       .stream_window_bytes = kWindowBytes,
                       .window_budget_bytes = 0,
                       .other_window_budget_bytes = 0,
                       .services = {mux::kFirstService, kOtherService}},
            .can_resume = true,
            .resumption = {.number = kNumber}};
  }

  static mux::Hello hello() {
    return {.capabilities = mux::kCapabilityResumption | mux::kCapabilityServices | mux::kCapabilityBeside,
            .instance = "0123456789abcdef",
            .max_streams = 4,
            .stream_window_bytes = kWindowBytes,
            .name = "p",
            .resumption = {.number = kNumber},
            .predecessor = "fedcba9876543210"};
  }

  void open(mux::Service service) {
    const auto stream = session_->open(service);
    if (!stream) return;
    must(streams_.try_emplace(*stream).second, "a stream's number is new");
    if (service != kOtherService) return;
    others_.try_emplace(*stream);
    must(!is_sane_ || open_others(*stream % 2) <= kMaxStreams / 2, "we leave half of the streams to mails");
  }

  // Streams of the other service with numbers of that parity. One that both sides have finished counts no
  // more, though our Finish may wait.
  std::ptrdiff_t open_others(std::uint32_t parity) const {
    return std::ranges::count_if(others_, [&](const auto& other) {
      return other.first % 2 == parity && !(other.second.by_us && other.second.by_peer);
    });
  }

  // Who dials asks for the session, and is answered; the other side is asked.
  void break_and_resume(std::uint64_t lost) {
    if (!is_sane_ || closed_ || failed_ || !session_->outlives_connection()) return;
    connection_->detach();
    must(session_->state() == mux::Session::State::kDetached, "a session outlives its connection");
    our_sequence_ = std::max(acknowledged_, our_sequence_ - std::min(lost, our_sequence_));
    mux::ConnectionSettings ours = settings();
    if (role_ == mux::Role::kDialer) {
      ours.resumption = session_->ask_to_resume();
      epoch_ = ours.resumption.epoch;
    } else {
      ++epoch_;
    }
    ours.resumption.number = kNumber + 1;
    mux::Hello again = hello();
    again.resumption = {
        .number = kNumber + 1, .own = kNumber, .peer = kNumber, .epoch = epoch_, .received = our_sequence_};
    must(session_->can_resume_with(again), "a session that is detached goes on");
    connection_ = std::make_unique<mux::Connection>(ours, now_);
    std::string out;
    wire::encode({.type = FrameType::kHello, .payload = mux::encode_hello(again)}, out);
    must(connection_->receive(out, now_).has_value(), "its Hello is taken");
    must(connection_->resume(*session_, now_).has_value(), "and answered");
    acknowledged_ = our_sequence_;  // it may forget what the peer says it has
  }

  std::string frame(FrameType type, std::uint32_t stream, std::string_view payload) {
    std::string out;
    wire::encode({.type = type,
                  .flags = 0,
                  .stream = stream,
                  .sequence = wire::is_sequenced(type) ? ++peer_sequence_ : 0,
                  .acknowledgement = our_sequence_,
                  .payload = payload},
                 out);
    acknowledged_ = our_sequence_;
    return out;
  }

  void receive(std::string_view bytes) {
    auto result = connection_->receive(bytes, now_);
    if (connection_->unanswered_hello() != nullptr) {
      must(connection_->unanswered_hello()->name.size() <= mux::kMaxTextBytes, "a name is bounded");
      result = connection_->begin(*session_, now_);
    }
    if (closed_) return;
    must(!failed_ || !result, "a failed session stays failed");
    failed_ = failed_ || !result;
  }

  void produce(std::size_t enough_bytes) {
    std::string out;
    connection_->produce(out, enough_bytes, now_);
    must(out.size() < enough_bytes + wire::kMaxFrameBytes, "no more is produced than was asked for");
    std::string_view rest = out;
    while (!rest.empty()) {
      const auto frame = decoder_.decode(rest);
      must(frame && *frame, "whole frames are produced");
      on_frame(**frame);
    }
  }

  void on_frame(const wire::Frame& frame) {
    must(wire::is_known(frame.type), "a known type is sent");
    must(!said_close_, "nothing follows Close");
    said_close_ = frame.type == FrameType::kClose;
    if (wire::is_sequenced(frame.type)) must(frame.sequence == ++our_sequence_, "sequences rise by one");
    const bool is_said_again = wire::is_sequenced(frame.type) && frame.sequence <= highest_sequence_;
    highest_sequence_ = std::max(highest_sequence_, frame.sequence);
    if (is_said_again) return;
    must(!is_sane_ || frame.acknowledgement <= peer_sequence_, "only what was sent is acknowledged");
    if (frame.type != FrameType::kData) return;
    sent_[frame.stream] += frame.payload.size();
    const auto credit = credit_.find(frame.stream);
    const std::uint64_t allowed = credit == credit_.end() ? kWindowBytes : credit->second;
    must(!is_sane_ || sent_[frame.stream] <= allowed, "no more is sent than there is credit for");
  }

  void draw_events() {
    while (const auto event = session_->next_event()) {
      if (const auto* noticed = std::get_if<mux::Noticed>(&*event)) {
        read_process_notice(noticed->bytes);
        read_version_notice(noticed->bytes);
      } else if (const auto* opened = std::get_if<mux::Opened>(&*event)) {
        const bool ours = (opened->stream % 2 == 1) == (role_ == mux::Role::kDialer);
        must(!ours, "the peer opens streams of its own numbers");
        must(streams_.try_emplace(opened->stream).second, "a stream is opened once");
        if (opened->service != kOtherService) continue;
        others_.try_emplace(opened->stream);
        must(open_others(opened->stream % 2) <= kMaxStreams / 2, "a peer has to leave half of them to mails");
      } else if (const auto* received = std::get_if<mux::Received>(&*event)) {
        const auto stream = streams_.find(received->stream);
        must(stream != streams_.end(), "bytes come on streams that are open");
        must(!received->bytes.empty(), "bytes are some");
        stream->second += received->bytes.size();
        must(stream->second <= kWindowBytes, "no more comes than there was credit for");
      } else if (const auto* reset = std::get_if<mux::PeerReset>(&*event)) {
        must(streams_.erase(reset->stream) == 1, "a stream that is reset was there");
        others_.erase(reset->stream);
        must(reset->cause.size() <= mux::kMaxTextBytes, "a cause is bounded");
      } else if (const auto* finished = std::get_if<mux::PeerFinished>(&*event)) {
        must(streams_.contains(finished->stream), "a stream that is finished was there");
        if (const auto other = others_.find(finished->stream); other != others_.end())
          other->second.by_peer = true;
      }
    }
  }

  void check() const {
    // What the peer may open, and what it lets us open; a Hello of its own making may say any number.
    must(!is_sane_ || session_->open_streams() <= 2 * 65'536, "streams are bounded");
    (void)connection_->deadline();
    (void)session_->counters();
  }

  mux::Role role_;
  base::TimePoint now_{};
  std::unique_ptr<mux::Session> session_;
  std::unique_ptr<mux::Connection> connection_;
  wire::Decoder decoder_;
  std::map<mux::StreamId, std::size_t> streams_;  // received and not dealt with
  struct Finished {
    bool by_us = false, by_peer = false;
  };
  std::map<mux::StreamId, Finished> others_;  // streams of the other service that nobody has reset
  std::map<mux::StreamId, std::uint64_t> credit_;
  std::map<mux::StreamId, std::uint64_t> sent_;
  std::uint64_t peer_sequence_ = 0;
  std::uint64_t our_sequence_ = 0;      // that the peer has
  std::uint64_t highest_sequence_ = 0;  // that was ever sent
  std::uint64_t acknowledged_ = 0;
  std::uint64_t epoch_ = 0;
  bool is_sane_ = true;  // no bytes that this model does not understand
  bool failed_ = false;
  bool closed_ = false;
  bool said_close_ = false;
};

}  // namespace
}  // namespace tsmtp::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tsmtp;
  const auto steps = fuzz::steps_of({reinterpret_cast<const char*>(data), size});
  if (steps.empty()) return 0;
  fuzz::Link link(steps.front().kind == 'D' ? mux::Role::kDialer : mux::Role::kListener);
  for (const fuzz::Step& step : steps)
    link.play(step);
  link.end();
  return 0;
}
