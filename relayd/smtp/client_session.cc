#include "relayd/smtp/client_session.h"

#include <cassert>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::smtp {
namespace {

// As much content goes into one BDAT: enough to make its command line and its reply cost nothing, little
// enough to hold one for each mail under way.
constexpr std::size_t kChunkBytes = 64 * 1024;

// RFC 2920 section 3.1: the last of a group. BDAT is none (RFC 3030 section 4.2).
bool ends_group(Verb verb) {
  switch (verb) {
    case Verb::kMail:
    case Verb::kRcpt:
    case Verb::kRset:
    case Verb::kBdat:
      return false;
    case Verb::kHelo:
    case Verb::kEhlo:
    case Verb::kLhlo:
    case Verb::kData:
    case Verb::kNoop:
    case Verb::kQuit:
    case Verb::kVrfy:
    case Verb::kExpn:
    case Verb::kHelp:
    case Verb::kStarttls:
    case Verb::kAuth:
    case Verb::kEtrn:
    case Verb::kUnknown:
      break;
  }
  return true;
}

}  // namespace

void ClientSession::receive(std::string_view bytes) {
  while (state_ != State::kFailed && !bytes.empty()) {
    auto reply = reader_.read(bytes);
    if (!reply)
      fail(reply.error().message, std::nullopt);
    else if (*reply)
      on_reply(**std::move(reply));
  }
}

std::optional<ClientEvent> ClientSession::next_event() {
  if (events_.empty()) return std::nullopt;
  ClientEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void ClientSession::on_reply(Reply reply) {
  switch (state_) {
    case State::kGreeting:
      if (!reply.is_positive()) return fail("greeting refused: " + reply.summary(), reply);
      state_ = State::kEhlo;
      is_greeted_ = true;
      return write_line("EHLO " + helo_);
    case State::kXclient:
      if (!reply.is_positive()) return fail("XCLIENT refused: " + reply.summary(), reply);
      state_ = State::kEhlo;
      return write_line("EHLO " + helo_);
    case State::kEhlo:
    case State::kHelo:
      return on_ehlo_reply(reply);
    case State::kReady:
      return on_answer(std::move(reply));
    case State::kContent:
      return fail("reply in the middle of the content", std::move(reply));
    case State::kFailed:
      return;
  }
}

void ClientSession::on_ehlo_reply(const Reply& reply) {
  const bool is_extended = state_ == State::kEhlo;
  if (reply.is_positive() && !origin_.empty()) return tell_origin(reply);
  if (reply.is_positive()) {
    if (is_extended) extensions_ = parse_extensions(reply);
    state_ = State::kReady;
    events_.push_back(Ready{extensions_});
    send_queued();
  } else if (is_extended && reply.is_permanent()) {
    state_ = State::kHelo;
    write_line("HELO " + helo_);
  } else {
    fail((is_extended ? "EHLO refused: " : "HELO refused: ") + reply.summary(), reply);
  }
}

void ClientSession::tell_origin(const Reply& ehlo) {
  for (const std::string& line : ehlo.lines) {
    if (base::ascii_upper(line.substr(0, line.find(' '))) != "XCLIENT") continue;
    state_ = State::kXclient;
    return write_line(xclient_line(std::exchange(origin_, {}), line));
  }
  fail(
      "XCLIENT is not offered; the MTA must be told to take it from us (Postfix: "
      "smtpd_authorized_xclient_hosts)",
      std::nullopt);
}

void ClientSession::on_answer(Reply reply) {
  const bool closes = reply.code == 421;
  if (outstanding_.empty()) return fail(closes ? "server closes" : "unexpected reply", std::move(reply));
  const Sent command = std::move(outstanding_.front());
  outstanding_.pop_front();
  is_fresh_ = false;
  if (closes) {
    events_.push_back(Answer{command.tag, reply});
    return fail("server closes", std::move(reply));
  }
  if (command.is_data && reply.code == 354) {
    encoder_ = {};
    state_ = State::kContent;
  }
  if (command.is_chunk && !reply.is_positive()) give_up_chunks();  // the last one above all
  events_.push_back(Answer{command.tag, std::move(reply)});
  send_queued();
}

void ClientSession::send(std::string line, Tag tag) {
  const Verb verb = parse_command(line).verb;
  enqueue(
      {.tag = tag, .line = std::move(line), .is_data = verb == Verb::kData, .ends_group = ends_group(verb)});
}

void ClientSession::enqueue(Sent command) {
  if (state_ == State::kFailed) return;
  queued_bytes_ += command.line.size() + command.chunk.size();
  queued_.push_back(std::move(command));
  send_queued();
}

void ClientSession::send_queued() {
  while (state_ == State::kReady && !queued_.empty()) {
    const bool may_follow = outstanding_.empty() || (extensions_.pipelining && !queued_.front().waits &&
                                                     !outstanding_.back().ends_group);
    if (!may_follow) return;
    Sent command = std::move(queued_.front());
    queued_.pop_front();
    queued_bytes_ -= command.line.size() + command.chunk.size();
    write_line(command.line);
    if (state_ == State::kFailed) return;
    output_ += command.chunk;
    std::string().swap(command.line);
    std::string().swap(command.chunk);
    outstanding_.push_back(std::move(command));
  }
}

// Paths and names come over the link: whatever the peer put there, it stays one line (no command of its own).
void ClientSession::write_line(std::string_view line) {
  constexpr std::string_view kNeverInLines{"\r\n\0", 3};
  if (line.find_first_of(kNeverInLines) != std::string_view::npos)
    return fail("a command that holds a line end or NUL is not sent", std::nullopt);
  output_ += line;
  output_ += "\r\n";
}

void ClientSession::begin_chunks(Tag tag) {
  chunk_tag_ = tag;
  chunk_line_ends_ = {};
}

void ClientSession::give_up_chunks() {
  chunk_tag_.reset();
  std::string().swap(chunk_);
  std::erase_if(queued_, [this](const Sent& command) {
    if (!command.is_chunk) return false;
    queued_bytes_ -= command.line.size() + command.chunk.size();
    return true;
  });
}

void ClientSession::send_chunk(bool is_last, Tag tag) {
  std::string line = "BDAT " + std::to_string(chunk_.size()) + (is_last ? " LAST" : "");
  enqueue({.tag = tag,
           .line = std::move(line),
           .chunk = std::exchange(chunk_, {}),
           .is_chunk = true,
           .waits = is_last});
}

bool ClientSession::content(std::string_view bytes) {
  if (chunk_tag_) {
    chunk_line_ends_.look_at(bytes);
    if (chunk_line_ends_.found_bare()) return false;
    chunk_ += bytes;
    if (chunk_.size() >= kChunkBytes) send_chunk(false, *chunk_tag_);
    return true;
  }
  assert(state_ == State::kContent || state_ == State::kFailed);
  return state_ != State::kContent || encoder_.encode(bytes, output_);
}

bool ClientSession::finish_content(Tag tag) {
  if (chunk_tag_) {
    chunk_line_ends_.finish();
    if (chunk_line_ends_.found_bare()) return false;
    send_chunk(true, tag);
    chunk_tag_.reset();
    return true;
  }
  assert(state_ == State::kContent || state_ == State::kFailed);
  if (state_ != State::kContent) return true;
  if (!encoder_.finish(output_)) return false;
  state_ = State::kReady;
  outstanding_.push_back({.tag = tag, .line = {}});
  send_queued();
  return true;
}

void ClientSession::stop() {
  chunk_tag_.reset();
  std::string().swap(chunk_);
  queued_.clear();
  queued_bytes_ = 0;
}

bool ClientSession::is_idle() const {
  return state_ == State::kReady && !chunk_tag_ && queued_.empty() && outstanding_.empty();
}

void ClientSession::fail(std::string cause, std::optional<Reply> reply) {
  state_ = State::kFailed;
  queued_.clear();
  queued_bytes_ = 0;
  outstanding_.clear();
  events_.push_back(Failed{std::move(cause), std::move(reply)});
}

}  // namespace tsmtp::smtp
