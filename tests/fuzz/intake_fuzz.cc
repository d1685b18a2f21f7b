// Intake, with the SMTP server session in it: clients, far side and ledger that do anything. Steps:
//   s flags        (first only) e no early replies, l canonical line ends, L LMTP, n no EHLO is said for us,
//                  z small max_message, and what the far MTA offers: c CHUNKING, u SMTPUTF8, 8 8BITMIME, d
//                  DSN; p content may go compressed
//   C bytes        the client sends
//   R              the client reads what we have said
//   F KIND text    the far side's record on the newest stream (NearHost::verdict); f KIND text: on the oldest
//   b bytes        bytes on the newest stream, as they are
//   D, E           the ledger has recorded, has failed
//   X, Y           the newest stream is lost, the link is lost (Z: it is up again)
//   W, V           the link takes no content, takes it again
//   T SECONDS      time passes, in tens
//   Q, q           the client closes in order, or not; a new one comes
//   S              relayd shuts down
// In the end everything that is owed is given: then nothing may be owed to the client.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/mail/intake.h"
#include "tests/fuzz/client_model.h"
#include "tests/fuzz/digests.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/near_host.h"

namespace tsmtp::fuzz {
namespace {

// ServerSession's bound, and what one event may add to it.
constexpr std::size_t kMaxOutputBytes = 2 * 262'144;

mail::IntakeSettings settings_of(std::string_view flags) {
  const auto has = [flags](char flag) { return flags.find(flag) != std::string_view::npos; };
  mail::IntakeSettings settings;
  settings.site = "birl";
  must(settings.rules.domains.add("birl.example").has_value(), "birl.example is a domain");
  must(settings.rules.local.add("tokyo.example").has_value(), "tokyo.example is a domain");
  settings.rules.max_message_bytes = has('z') ? 100 : 1 << 20;
  settings.sessions.early_reply = !has('e');
  settings.sessions.canonical_line_ends = has('l');
  settings.offered.pipelining = true;
  settings.offered.enhanced_status_codes = true;
  settings.offered.chunking = has('c');
  settings.offered.smtputf8 = has('u');
  settings.offered.eight_bit_mime = has('8');
  settings.offered.dsn = has('d');
  settings.offered.size = settings.rules.max_message_bytes;
  return settings;
}

class Near {
 public:
  explicit Near(std::string_view flags) : flags_(flags) { connect(); }

  void play(const Step& step) {
    std::string_view rest = step.payload;
    const auto streams = host_.open_streams();
    switch (step.kind) {
      case 'C':
        send(rest);
        break;
      case 'R':
        read();
        break;
      case 'F':
      case 'f':
        if (!streams.empty()) far(step.kind == 'F' ? streams.back() : streams.front(), rest);
        break;
      case 'b':
        is_in_step_ = false;
        if (!streams.empty()) intake_->stream_received(streams.back(), rest, now_);
        break;
      case 'D':
        recorded({});
        break;
      case 'E':
        recorded(base::Error{"cannot write to the ledger: fuzzed"});
        break;
      case 'X':
        if (!streams.empty()) lose(streams.back());
        break;
      case 'Y':
        host_.link_is_down = true;
        for (const mux::StreamKey stream : streams)
          lose(stream);
        break;
      case 'Z':
        host_.link_is_down = false;
        break;
      case 'W':
        host_.writable_bytes = 0;
        break;
      case 'V':
        host_.writable_bytes = 1 << 20;
        break;
      case 'T':
        now_ += std::chrono::seconds(10 * static_cast<std::uint8_t>(take_byte(rest) - '0'));
        intake_->tick(now_);
        break;
      case 'Q':
      case 'q':
        reconnect(step.kind == 'Q');
        break;
      case 'S':
        intake_->shut_down(smtp::make_reply(421, "4.3.2", "birl: this relayd is shutting down"), now_);
        break;
      default:
        break;
    }
    look();
  }

  void end() {
    host_.link_is_down = false;
    host_.writable_bytes = 1 << 20;
    give_all();
    send("\r\n.\r\n");  // whatever it was in the middle of
    give_all();
    send("QUIT\r\n");
    give_all();
    // A chunk, refused or not, is as long as BDAT says.
    const bool may_be_in_a_chunk = base::ascii_upper(sent_).find("BDAT") != std::string::npos;
    must(intake_->finished() || may_be_in_a_chunk || !is_in_step_,
         "with all verdicts given, no command waits");
    now_ += std::chrono::hours(1);
    intake_->tick(now_);
    give_all();
    must(intake_->finished(), "a client that says nothing is not waited for");
    intake_->client_closed(true, now_);
    must(host_.open_streams().empty(), "no stream outlives its client");
  }

 private:
  bool has(char flag) const { return flags_.find(flag) != std::string_view::npos; }

  void connect() {
    sent_.clear();
    mail::IntakeSettings settings = settings_of(flags_);
    host_.takes_compressed = has('p');
    if (has('p')) settings.compression = &compression_;
    intake_ = std::make_unique<mail::Intake>(std::move(settings), host_, digests_, now_);
    client_ = std::make_unique<ClientModel>(host_, has('L'));
    if (has('L')) return send("LHLO mx.tokyo.example\r\n");
    if (!has('n')) send("EHLO mx.tokyo.example\r\n");
  }

  void reconnect(bool clean) {
    if (clean) read();
    intake_->client_closed(clean, now_);
    must(host_.open_streams().empty(), "no stream outlives its client");
    host_.recording.reset();
    host_.committed_content.reset();
    connect();
  }

  void send(std::string_view bytes) {
    if (!intake_->wants_input()) return;
    look();
    sent_ += bytes;
    client_->sends(bytes);
    intake_->receive(bytes, now_);
    look();
  }

  // After every event.
  void look() {
    must(intake_->output().size() <= kMaxOutputBytes, "what waits for the client is bounded");
    const auto committed = std::exchange(host_.committed_content, {});
    if (committed && client_->content() && !has('l'))
      must(*committed == *client_->content(), "what is delivered is what was sent");
    client_->look(intake_->output());
  }

  void read() {
    look();
    intake_->output().clear();
    client_->read();
  }

  void far(mux::StreamKey stream, std::string_view text) {
    const auto kind = static_cast<char>(take_byte(text));
    const auto record = host_.verdict(stream, kind, text);
    if (record) intake_->stream_received(stream, mail::encode(*record), now_);
  }

  void recorded(const base::Result<void>& result) {
    if (!host_.recording) return;
    const std::string transaction = std::move(*host_.recording);
    host_.recording.reset();
    intake_->recorded(transaction, result, now_);
    look();
  }

  void lose(mux::StreamKey stream) {
    host_.forget(stream);
    intake_->stream_lost(stream, "link down since 12:00:00 (fuzzed)", now_);
  }

  void give_all() {
    for (int round = 0; round < 5; ++round) {
      recorded({});
      for (const mux::StreamKey stream : host_.open_streams())
        for (const mail::Record& record : host_.all_verdicts(stream)) {
          intake_->stream_received(stream, mail::encode(record), now_);
          look();
        }
      read();
    }
  }

  std::string_view flags_;
  std::string sent_;        // by this client
  bool is_in_step_ = true;  // no bytes on a stream that may be half a record
  base::TimePoint now_{};
  NearHost host_;
  PlainDigests digests_;
  base::ByteBudget compression_{mail::kCompressionBytes};
  std::unique_ptr<mail::Intake> intake_;
  std::unique_ptr<ClientModel> client_;
};

}  // namespace
}  // namespace tsmtp::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tsmtp;
  const auto steps = fuzz::steps_of({reinterpret_cast<const char*>(data), size});
  fuzz::Near near(!steps.empty() && steps.front().kind == 's' ? steps.front().payload : std::string_view());
  for (const fuzz::Step& step : steps)
    near.play(step);
  near.end();
  return 0;
}
