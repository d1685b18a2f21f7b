// ServerSession's content: what DATA sends up to its CRLF.CRLF, and what BDAT counts (RFC 3030). A chunk that
// is refused is read to its end all the same, so that none of it is ever taken for a command.
#include <utility>

#include "relayd/smtp/server_session.h"

namespace tsmtp::smtp {

// Takes from the front of `bytes` what is content.
void ServerSession::decode_content(std::string_view& bytes) {
  if (content_.decoder.decode(bytes, content_.undrawn)) state_ = State::kContentEnded;
}

std::optional<Request> ServerSession::next_piece() {
  std::string_view rest = unread();
  const std::size_t before = rest.size();
  decode_content(rest);
  mark_read(before - rest.size());
  return as_piece(std::exchange(content_.undrawn, {}));
}

std::optional<Request> ServerSession::next_chunk_piece() {
  std::string content(chunk_.take(unread()));
  mark_read(content.size());
  if (chunk_.left_bytes == 0 && chunk_.is_last) {
    state_ = State::kContentEnded;
  } else if (chunk_.left_bytes == 0) {
    state_ = State::kCommands;
    answer(make_reply(250, "2.0.0", std::to_string(chunk_.bytes) + " bytes received"));
  }
  return as_piece(std::move(content));
}

// All content leaves by here, however it came.
std::optional<Request> ServerSession::as_piece(std::string bytes) {
  if (bytes.empty()) return std::nullopt;
  if (options_.sessions.canonical_line_ends)
    bytes = content_.canonical.convert(bytes);
  else
    content_.line_ends.look_at(bytes);
  return ContentPiece{std::move(bytes)};
}

ContentEnd ServerSession::end_content() {
  content_.line_ends.finish();
  ContentEnd end{.tickets = {}, .bare_line_end = content_.line_ends.found_bare()};
  for (std::size_t i = is_lmtp() ? transaction_.recipients : 1; i > 0; --i)
    end.tickets.push_back(owed_.owe(Kind::kFinal));
  return end;
}

std::optional<Request> ServerSession::on_bdat(const std::string& argument) {
  auto chunk = parse_chunk(argument);
  if (!chunk) {  // how much of what follows is content cannot be told
    refuse(make_reply(501, "5.5.4", "the form is BDAT size [LAST]; closing"));
    state_ = State::kLeaving;
    return std::nullopt;
  }
  chunk_ = *std::move(chunk);
  if (!options_.offered.chunking) {
    refuse_chunk(make_reply(502, "5.5.1", "command not offered here"));
    return std::nullopt;
  }
  if (!in_transaction()) {
    refuse_chunk(make_reply(503, "5.5.1", "MAIL first"));
    return std::nullopt;
  }
  if (transaction_.in_chunks) {
    state_ = State::kChunk;
    return std::nullopt;
  }
  if (transaction_.possible_recipients() == 0) {
    transaction_ = {};
    refuse_chunk(make_reply(503, "5.5.1", "no valid recipients"));
    return Abandoned{};
  }
  state_ = State::kChunkAsked;
  return DataRequest{owed_.owe(Kind::kChunk)};
}

void ServerSession::refuse_chunk(Reply reply) {
  chunk_.refusal = std::move(reply);
  state_ = State::kRefusedChunk;
}

void ServerSession::skip_chunk() {
  mark_read(chunk_.take(unread()).size());
  if (chunk_.left_bytes > 0) return;
  state_ = State::kCommands;
  refuse(*std::exchange(chunk_.refusal, {}));
}

}  // namespace tsmtp::smtp
