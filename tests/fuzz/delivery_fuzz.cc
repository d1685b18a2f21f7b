// Delivery and the SMTP client session: a near side and an MTA that say anything. Steps:
//   N KIND text    a record of the near side: m helo TAB argument, r argument, d, c content, z content to be
//   compressed,
//                  Z content to be compressed and its end, C, a, s
//   n bytes        bytes of the stream, as they are
//   K flags        the connection that was asked for stands; the MTA offers p PIPELINING, c CHUNKING, 8
//   8BITMIME,
//                  s SIZE, d DSN, u SMTPUTF8; k: another mail went over it before,
//                  unless it must be a new one
//   k text         it could not be made
//   M bytes        the MTA says; what we have written it has read
//   W              it reads, and says nothing
//   B text         its connection is lost
//   D              the ledger has recorded
//   o KIND         what an Ask hears from now on: k known, p pending, u unknown
//   S              outcomes are the site's: claims and questions are answered later, by
//   c, f, a        the claim is made, the claim fails, the question is answered
//   X, E           the stream is lost, is finished by the near side
//   T SECONDS      time passes, in tens
#include <optional>
#include <string>

#include "relayd/compress/compressor.h"
#include "relayd/mail/delivery.h"
#include "tests/fuzz/far_host.h"
#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

using Connection = FarHost::Connection;

constexpr std::size_t kMaxMessageBytes = 1 << 16;

mail::DeliverySettings settings() {
  mail::DeliverySettings settings{.site = "tokyo", .hub = "birl", .mta = "127.0.0.1:25", .rules = {}};
  must(settings.rules.domains.add("tokyo.example").has_value(), "tokyo.example is a domain");
  must(settings.rules.local.add("birl.example").has_value(), "birl.example is a domain");
  settings.rules.max_message_bytes = kMaxMessageBytes;
  settings.takes_compressed = true;
  settings.takes_questions = true;
  settings.takes_traces = true;
  return settings;
}

std::string greeting(std::string_view flags) {
  std::string text = "220 mx.birl.example ESMTP\r\n250-mx.birl.example\r\n";
  for (const auto& [flag, keyword] :
       {std::pair{'p', "PIPELINING"}, std::pair{'c', "CHUNKING"}, std::pair{'8', "8BITMIME"},
        std::pair{'s', "SIZE 1000"}, std::pair{'d', "DSN"}, std::pair{'u', "SMTPUTF8"}})
    if (flags.find(flag) != std::string_view::npos) text += std::string("250-") + keyword + "\r\n";
  return text + "250 HELP\r\n";
}

std::optional<mail::Record> near_record(std::string_view text) {
  constexpr char kId[] = "0123456789abcdef";
  const auto kind = static_cast<char>(take_byte(text));
  switch (kind) {
    case 'm': {
      const std::size_t tab = text.find('\t');
      return mail::Mail{.transaction = kId,
                        .helo = std::string(text.substr(0, tab)),
                        .argument = std::string(tab < text.size() ? text.substr(tab + 1) : "")};
    }
    case 'r':
      return mail::Rcpt{std::string(text)};
    case 'd':
      return mail::Data{};
    case 'c':
      return mail::Content{text};
    case 'C':
      return mail::Commit{};
    case 'a':
      return mail::Ask{"fedcba9876543210"};
    case 's':
      return mail::Settled{kId};
    case 't':
      return mail::Trace{kId};
    default:
      return {};
  }
}

class Far {
 public:
  void play(const Step& step) {
    std::string_view rest = step.payload;
    switch (step.kind) {
      case 'N':
        if (rest.starts_with('z') || rest.starts_with('Z'))
          compress(rest.substr(1), rest.front() == 'Z');
        else if (const auto record = near_record(rest))
          receive(mail::encode(*record));
        break;
      case 'n':
        receive(rest);
        break;
      case 'K':
        if (host_.connection == Connection::kAsked) connect(rest);
        break;
      case 'k':
        fail_to_connect(rest);
        break;
      case 'M':
        say(rest);
        break;
      case 'W':
        write();
        break;
      case 'B':
        lose_connection(std::string(rest));
        break;
      case 'D':
        recorded();
        break;
      case 'o':
        host_.earlier = rest.starts_with('k') ? mail::Outcome{.kind = mail::Outcome::Kind::kKnown,
                                                              .reply = smtp::make_reply(250, "", "before")}
                        : rest.starts_with('p')
                            ? mail::Outcome{.kind = mail::Outcome::Kind::kPending, .reply = {}}
                            : mail::Outcome{};
        break;
      case 'S':
        host_.shares_outcomes = true;
        break;
      case 'c':
      case 'f':
        claimed(step.kind == 'c');
        break;
      case 'a':
        answer();
        break;
      case 'X':
        lose_stream();
        break;
      case 'E':
        if (host_.stream_open) delivery_.peer_finished(now_);
        break;
      case 'T':
        now_ += std::chrono::seconds(10 * static_cast<std::uint8_t>(take_byte(rest) - '0'));
        delivery_.tick(now_);
        break;
      default:
        break;
    }
    write();
    check();
  }

  // Whatever it was in the middle of, it comes to an end.
  void end() {
    lose_stream();
    answer();
    claimed(true);
    recorded();
    lose_connection("the end");
    recorded();
    fail_to_connect("the end");
    must(delivery_.is_over(), "a delivery without stream and connection is over");
  }

 private:
  void compress(std::string_view content, bool ends) {
    if (!compressor_) compressor_.emplace(*compress::Compressor::make(content.size()));
    std::string out;
    must(compressor_->compress(content, out).has_value(), "content can be compressed");
    must((ends ? compressor_->finish(out) : compressor_->flush(out)).has_value(), "and flushed");
    if (ends) compressor_.reset();
    receive(mail::encode_compressed_header(out.size()) + out);
  }

  // What the delivery is given, this model reads too.
  void receive(std::string_view bytes) {
    if (!host_.stream_open || delivery_.is_over()) return;
    host_.fed_bytes += bytes.size();
    std::string_view rest = bytes;
    while (is_readable_) {
      const auto record = reader_.read(rest);
      is_readable_ = record.has_value();
      if (!is_readable_ || !*record) break;
      if (std::holds_alternative<mail::Rcpt>(**record)) ++host_.recipients;
      const auto* content = std::get_if<mail::Content>(&**record);
      // More than max_message is not delivered, so nobody compares it.
      if (content != nullptr && !committed_ && content_.size() < kMaxMessageBytes * 2)
        content_ += content->bytes;
      if (!std::holds_alternative<mail::Commit>(**record)) continue;
      committed_ = true;
      mta_.allow_end();
    }
    delivery_.receive(bytes, now_);
  }

  void connect(std::string_view flags) {
    session_.emplace(host_.helo);
    mta_ = MtaModel();
    if (committed_) mta_.allow_end();
    const std::string text = greeting(flags);
    const std::size_t greeting_bytes = text.find('\n') + 1;
    for (const auto& piece : {text.substr(0, greeting_bytes), text.substr(greeting_bytes)}) {
      mta_.says(piece);
      session_->receive(piece);
      speak();
    }
    const auto event = session_->next_event();
    const bool ready = event && std::holds_alternative<smtp::Ready>(*event);
    if (!ready) {  // a name that cannot be said in EHLO
      session_.reset();
      return fail_to_connect("not ready");
    }
    if (flags.find('k') != std::string_view::npos && !host_.wants_fresh) use();
    host_.connection = Connection::kHeld;
    delivery_.connected(*session_, now_);
  }

  void use() {
    session_->send("RSET", 0);
    speak();
    mta_.says("250 ok\r\n");
    session_->receive("250 ok\r\n");
    (void)session_->next_event();
  }

  [[nodiscard]] bool is_open() const {
    return session_ && (host_.connection == Connection::kHeld || host_.connection == Connection::kReleased);
  }

  void speak() {
    mta_.wrote(session_->output());
    session_->output().clear();
  }

  void fail_to_connect(std::string_view cause) {
    if (host_.connection != Connection::kAsked) return;
    delivery_.connection_failed(smtp::make_reply(451, "4.4.1", cause.substr(0, 1000)), now_);
    must(host_.connection == Connection::kClosed, "a connection that cannot be had is let go of");
  }

  void say(std::string_view bytes) {
    if (!is_open()) return;
    write();
    mta_.says(bytes);
    session_->receive(bytes);
    if (host_.connection == Connection::kHeld) return delivery_.step(now_);
    while (session_->next_event()) {
    }
  }

  void write() {
    if (!is_open()) return;
    speak();
    if (host_.connection == Connection::kHeld && delivery_.wants_step()) delivery_.step(now_);
  }

  void lose_connection(const std::string& cause) {
    if (host_.connection != Connection::kHeld) return;
    delivery_.connection_lost(cause, {}, now_);
    must(host_.connection != Connection::kHeld, "a lost connection is let go of");
  }

  void lose_stream() {
    if (!std::exchange(host_.stream_open, false)) return;
    delivery_.stream_lost(now_);
  }

  void recorded() {
    if (!std::exchange(host_.recording, false)) return;
    host_.recorded = true;
    delivery_.recorded(now_);
  }

  void claimed(bool is_ours) {
    if (!std::exchange(host_.claiming, false)) return;
    std::optional<smtp::Reply> refusal;
    if (!is_ours) refusal = smtp::make_reply(451, "4.3.0", "etcd");
    delivery_.claimed(refusal, now_);
  }

  void answer() {
    if (std::exchange(host_.asking, false)) delivery_.earlier_ended(host_.earlier, now_);
  }

  void check() const {
    must(!mta_.has_ended() || !host_.claiming, "nothing ends before it is claimed");
    if (!mta_.has_ended()) return;
    must(mta_.content() == content_ || mta_.content() == content_ + "\r\n",
         "the MTA has the content, all of it");
  }

  base::TimePoint now_{};
  MtaModel mta_;
  FarHost host_{mta_};
  std::optional<smtp::ClientSession> session_;
  mail::Delivery delivery_{settings(), host_, now_};
  mail::RecordReader reader_{true};
  std::optional<compress::Compressor> compressor_;
  bool is_readable_ = true;
  bool committed_ = false;
  std::string content_;
};

}  // namespace
}  // namespace tsmtp::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tsmtp;
  fuzz::Far far;
  for (const fuzz::Step& step : fuzz::steps_of({reinterpret_cast<const char*>(data), size}))
    far.play(step);
  far.end();
  return 0;
}
