#include "relayd/smtp/server_session.h"

#include <cassert>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::smtp {
namespace {

constexpr std::size_t kMaxUnreadBytes = 65'536;
constexpr std::size_t kMaxOutputBytes = 262'144;
constexpr std::size_t kMaxOwedReplies = 1100;
constexpr std::size_t kIdleBufferBytes = 8'192;

}  // namespace

ServerSession::ServerSession(ServerOptions options)
    : options_(std::move(options)), lines_(options_.max_line_bytes) {
  output_ = make_reply(220, "", options_.name + " ESMTP tsmtp").wire();
}

ServerSession::ServerSession(ServerOptions options, Resting where)
    : options_(std::move(options)), lines_(options_.max_line_bytes), resting_(std::move(where)) {}

std::optional<Resting> ServerSession::resting() const {
  const bool rests = state_ == State::kCommands && !in_transaction() && owed_.empty() && output_.empty() &&
                     unread().empty() && !lines_.is_within_line();
  return rests ? std::optional(resting_) : std::nullopt;
}

ServerSession ServerSession::refusing(const Reply& greeting) {
  ServerSession session;
  session.output_ = greeting.wire();
  session.leave();
  return session;
}

void ServerSession::receive(std::string_view bytes) {
  if (state_ == State::kLeaving || state_ == State::kOver) return;
  // Content is not kept to be decoded later, but decoded now.
  if (state_ == State::kContent && unread().empty()) decode_content(bytes);
  input_.erase(0, std::exchange(read_bytes_, 0));
  input_ += bytes;
}

bool ServerSession::wants_input() const {
  return state_ != State::kLeaving && state_ != State::kOver &&
         unread().size() + content_.undrawn.size() < kMaxUnreadBytes && output_.size() < kMaxOutputBytes;
}

bool ServerSession::was_told_quit() const {
  if (state_ == State::kLeaving || state_ == State::kOver) return true;
  constexpr std::string_view kQuit = "quit\r\n";
  const std::string_view rest = unread();
  if (rest.size() < kQuit.size()) return false;
  const std::size_t before = rest.size() - kQuit.size();
  return base::ascii_lower(rest.substr(before)) == kQuit && (before == 0 || rest[before - 1] == '\n');
}

std::optional<Request> ServerSession::next() {
  for (;;) {
    switch (state_) {
      case State::kCommands:
        if (auto request = next_command()) return request;
        if (state_ != State::kCommands) continue;
        return std::nullopt;
      case State::kContent:
        if (auto request = next_piece()) return request;
        if (state_ != State::kContent) continue;
        return std::nullopt;
      case State::kChunk:
        if (auto request = next_chunk_piece()) return request;
        if (state_ != State::kChunk) continue;
        return std::nullopt;
      case State::kRefusedChunk:
        skip_chunk();
        if (state_ != State::kRefusedChunk) continue;
        return std::nullopt;
      case State::kContentEnded:
        if (!content_.undrawn.empty()) return as_piece(std::exchange(content_.undrawn, {}));
        state_ = State::kFinalAsked;
        return end_content();
      case State::kLeaving:
        if (!owed_.empty()) return std::nullopt;
        state_ = State::kOver;
        transaction_ = {};
        return Finished{};
      case State::kDataAsked:
      case State::kChunkAsked:
      case State::kFinalAsked:
      case State::kOver:
        return std::nullopt;
    }
  }
}

std::optional<Request> ServerSession::next_command() {
  while (state_ == State::kCommands && owed_.size() < kMaxOwedReplies) {
    std::string_view rest = unread();
    const std::size_t before = rest.size();
    const auto line = lines_.read(rest);
    mark_read(before - rest.size());
    if (!line) return std::nullopt;
    if (auto request = on_line(*line)) return request;
  }
  return std::nullopt;
}

void ServerSession::mark_read(std::size_t bytes) {
  read_bytes_ += bytes;
  if (read_bytes_ < input_.size()) return;
  read_bytes_ = 0;
  input_.clear();
  // Between mails a dialogue may idle for long, and there may be a thousand of them.
  const bool in_content = state_ == State::kContent || state_ == State::kChunk;
  if (!in_content && input_.capacity() > kIdleBufferBytes) std::string().swap(input_);
}

void ServerSession::reply(Ticket ticket, Reply reply) {
  OwedReplies::Owed* const owed = owed_.find(ticket);
  if (!owed) return;  // closed meanwhile
  assert(!owed->reply);
  if (owed->kind == Kind::kMail && ticket == transaction_.mail_ticket) {
    if (reply.is_positive())
      transaction_.phase = Transaction::Phase::kOpen;
    else
      transaction_ = {};
  }
  if (owed->kind == Kind::kRcpt && in_transaction() && ticket > transaction_.mail_ticket) {
    --transaction_.asked_recipients;
    if (reply.is_positive()) ++transaction_.recipients;
  }
  owed->reply = std::move(reply);
  flush();
}

void ServerSession::flush() {
  while (const auto owed = owed_.take_ready()) {
    if (owed->kind == Kind::kData && owed->reply->code == 354 && !unread().empty()) {
      output_ += make_reply(503, "5.5.0", "bytes behind DATA before its 354; closing").wire();
      leave();
      return;
    }
    // BDAT knows no 354, and a refusal follows its chunk.
    const bool waits = owed->kind == Kind::kChunk && owed->reply->code != 421;
    if (!waits) output_ += owed->reply->wire();
    after_leaving(owed->kind, *owed->reply);
  }
}

void ServerSession::after_leaving(Kind kind, const Reply& reply) {
  if (kind == Kind::kFinal && !owed_.empty()) {  // LMTP: other recipients' verdicts are still to be told
    said_421_ |= reply.code == 421;
    return;
  }
  if (reply.code == 421 || said_421_) return leave();
  switch (kind) {
    case Kind::kData:
      if (reply.code == 354) {
        content_ = {};
        state_ = State::kContent;
        break;
      }
      transaction_ = {};
      state_ = State::kCommands;
      break;
    case Kind::kChunk:
      if (reply.code == 354) {
        content_ = {};
        transaction_.in_chunks = true;
        state_ = State::kChunk;
        break;
      }
      transaction_ = {};
      refuse_chunk(reply);
      break;
    case Kind::kFinal:
      transaction_ = {};
      resting_.idle_commands = 0;
      if (reply.is_positive()) resting_.errors = 0;
      state_ = State::kCommands;
      break;
    case Kind::kMail:
    case Kind::kRcpt:
    case Kind::kOther:
      break;
  }
}

void ServerSession::close(const Reply& reply) {
  if (state_ == State::kOver) return;
  const bool is_told = state_ == State::kLeaving && owed_.empty();
  if (!is_told) output_ += reply.wire();
  leave();
}

void ServerSession::leave() {
  state_ = State::kLeaving;
  owed_.drop();
  read_bytes_ = 0;
  std::string().swap(input_);
  std::string().swap(content_.undrawn);
}

}  // namespace tsmtp::smtp
