#include "relayd/smtp/client_session.h"

#include <cassert>
#include <utility>

namespace tsmtp::smtp {
namespace {

// RFC 2920 section 3.1: the last of a group.
bool ends_group(Verb verb) {
  switch (verb) {
    case Verb::kMail:
    case Verb::kRcpt:
    case Verb::kRset:
      return false;
    case Verb::kHelo:
    case Verb::kEhlo:
    case Verb::kLhlo:
    case Verb::kData:
    case Verb::kBdat:
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

void ClientSession::on_answer(Reply reply) {
  const bool closes = reply.code == 421;
  if (outstanding_.empty()) return fail(closes ? "server closes" : "unexpected reply", std::move(reply));
  const Sent command = std::move(outstanding_.front());
  outstanding_.pop_front();
  if (closes) {
    events_.push_back(Answer{command.tag, reply});
    return fail("server closes", std::move(reply));
  }
  if (command.is_data && reply.code == 354) {
    encoder_ = {};
    state_ = State::kContent;
  }
  events_.push_back(Answer{command.tag, std::move(reply)});
  send_queued();
}

void ClientSession::send(std::string line, Tag tag) {
  if (state_ == State::kFailed) return;
  const Verb verb = parse_command(line).verb;
  queued_.push_back({tag, std::move(line), verb == Verb::kData, ends_group(verb)});
  send_queued();
}

void ClientSession::send_queued() {
  while (state_ == State::kReady && !queued_.empty()) {
    const bool may_follow =
        outstanding_.empty() || (extensions_.pipelining && !outstanding_.back().ends_group);
    if (!may_follow) return;
    Sent command = std::move(queued_.front());
    queued_.pop_front();
    write_line(command.line);
    if (state_ == State::kFailed) return;
    command.line.clear();
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

bool ClientSession::content(std::string_view bytes) {
  assert(state_ == State::kContent || state_ == State::kFailed);
  return state_ == State::kContent && encoder_.encode(bytes, output_);
}

bool ClientSession::finish_content(Tag tag) {
  assert(state_ == State::kContent || state_ == State::kFailed);
  if (state_ != State::kContent || !encoder_.finish(output_)) return false;
  state_ = State::kReady;
  outstanding_.push_back({tag, {}});
  send_queued();
  return true;
}

bool ClientSession::is_idle() const {
  return state_ == State::kReady && queued_.empty() && outstanding_.empty();
}

void ClientSession::fail(std::string cause, std::optional<Reply> reply) {
  state_ = State::kFailed;
  queued_.clear();
  outstanding_.clear();
  events_.push_back(Failed{std::move(cause), std::move(reply)});
}

}  // namespace tsmtp::smtp
