// ServerSession's content: what DATA sends up to its CRLF.CRLF, and what BDAT counts (RFC 3030). A chunk that
// is refused is read to its end all the same, so that none of it is ever taken for a command.
#include <algorithm>
#include <charconv>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/smtp/server_session.h"

namespace tsmtp::smtp {
namespace {

struct Chunk {
  std::uint64_t bytes = 0;
  bool is_last = false;
};

// "1000" or "1000 LAST".
std::optional<Chunk> parse_chunk(std::string_view argument) {
  Chunk chunk;
  const char* end = argument.data() + argument.size();
  const auto [rest, error] = std::from_chars(argument.data(), end, chunk.bytes);
  if (error != std::errc() || rest == argument.data()) return std::nullopt;
  const std::string_view behind(rest, static_cast<std::size_t>(end - rest));
  if (behind.empty()) return chunk;
  const std::size_t word = behind.find_first_not_of(" \t");
  if (word == 0 || base::ascii_upper(behind.substr(std::min(word, behind.size()))) != "LAST")
    return std::nullopt;
  chunk.is_last = true;
  return chunk;
}

}  // namespace

void ServerSession::begin_content() {
  decoder_ = {};
  line_ends_ = {};
  canonical_ = {};
}

// Takes from the front of `bytes` what is content.
void ServerSession::decode_content(std::string_view& bytes) {
  if (decoder_.decode(bytes, content_)) state_ = State::kContentEnded;
}

std::optional<Request> ServerSession::next_piece() {
  std::string_view rest = unread();
  const std::size_t before = rest.size();
  decode_content(rest);
  mark_read(before - rest.size());
  return as_piece(std::exchange(content_, {}));
}

std::optional<Request> ServerSession::next_chunk_piece() {
  const std::size_t bytes = std::min<std::uint64_t>(unread().size(), chunk_left_);
  std::string content(unread().substr(0, bytes));
  chunk_left_ -= bytes;
  mark_read(bytes);
  if (chunk_left_ == 0 && last_chunk_) {
    state_ = State::kContentEnded;
  } else if (chunk_left_ == 0) {
    state_ = State::kCommands;
    answer(make_reply(250, "2.0.0", std::to_string(chunk_bytes_) + " bytes received"));
  }
  return as_piece(std::move(content));
}

// All content leaves by here, however it came.
std::optional<Request> ServerSession::as_piece(std::string bytes) {
  if (bytes.empty()) return std::nullopt;
  if (options_.sessions.canonical_line_ends)
    bytes = canonical_.convert(bytes);
  else
    line_ends_.look_at(bytes);
  return ContentPiece{std::move(bytes)};
}

ContentEnd ServerSession::end_content() {
  line_ends_.finish();
  ContentEnd end{.tickets = {}, .bare_line_end = line_ends_.found_bare()};
  for (std::size_t i = is_lmtp() ? recipients_ : 1; i > 0; --i)
    end.tickets.push_back(owe(Kind::kFinal));
  return end;
}

std::optional<Request> ServerSession::on_bdat(const std::string& argument) {
  const auto chunk = parse_chunk(argument);
  if (!chunk) {  // how much of what follows is content cannot be told
    refuse(make_reply(501, "5.5.4", "the form is BDAT size [LAST]; closing"));
    state_ = State::kLeaving;
    return std::nullopt;
  }
  chunk_bytes_ = chunk_left_ = chunk->bytes;
  last_chunk_ = chunk->is_last;
  if (!options_.offered.chunking) {
    refuse_chunk(make_reply(502, "5.5.1", "command not offered here"));
    return std::nullopt;
  }
  if (!in_transaction()) {
    refuse_chunk(make_reply(503, "5.5.1", "MAIL first"));
    return std::nullopt;
  }
  if (in_chunks_) {
    state_ = State::kChunk;
    return std::nullopt;
  }
  if (recipients_ + asked_recipients_ == 0) {
    end_transaction();
    refuse_chunk(make_reply(503, "5.5.1", "no valid recipients"));
    return Abandoned{};
  }
  state_ = State::kChunkAsked;
  return DataRequest{owe(Kind::kChunk)};
}

void ServerSession::refuse_chunk(Reply reply) {
  refusal_ = std::move(reply);
  state_ = State::kRefusedChunk;
}

void ServerSession::skip_chunk() {
  const std::size_t bytes = std::min<std::uint64_t>(unread().size(), chunk_left_);
  chunk_left_ -= bytes;
  mark_read(bytes);
  if (chunk_left_ > 0) return;
  state_ = State::kCommands;
  refuse(*std::exchange(refusal_, {}));
}

}  // namespace tsmtp::smtp
