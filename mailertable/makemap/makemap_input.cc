#include "mailertable/makemap/makemap_input.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

}  // namespace

MakemapLine parse_makemap_line(std::string_view piece, bool at_end_of_file, const MakemapOptions& options) {
  using Kind = MakemapLine::Kind;
  const std::string_view text = piece.substr(0, piece.find('\0'));
  const std::size_t line_end = text.find('\n');
  // A NUL hides the line end behind it.
  if (line_end == std::string_view::npos && !at_end_of_file) return {Kind::kTooLong, "", ""};
  const std::string_view line = text.substr(0, line_end);
  if (line.empty() || line.front() == options.comment) return {Kind::kNothing, "", ""};
  if (options.separator == '\0' && is_space(line.front())) return {Kind::kLeadingBlank, "", ""};

  const auto separates = [&](char c) {
    return options.separator == '\0' ? is_space(c) : c == options.separator;
  };
  const auto* const key_end = std::find_if(line.begin(), line.end(), separates);
  const auto* const value = std::find_if_not(key_end, line.end(), separates);
  std::string key(line.begin(), key_end);
  if (options.fold_case) key = base::ascii_lower(key);
  const bool no_value = value == line.end() && !options.allow_empty;
  return {no_value ? Kind::kNoValue : Kind::kEntry, std::move(key), std::string(value, line.end())};
}

std::optional<std::string_view> PieceReader::next() {
  at_end_ = false;
  while (true) {
    const std::string_view there = std::string_view(buffer_).substr(begin_, kMakemapPieceBytes);
    const std::size_t line_end = there.find('\n');
    const bool is_whole = line_end != std::string_view::npos || there.size() == kMakemapPieceBytes;
    if (!is_whole && !at_end_) {
      at_end_ = !refill();
      continue;
    }
    at_end_ = !is_whole;
    if (there.empty()) return std::nullopt;
    const std::size_t size = line_end == std::string_view::npos ? there.size() : line_end + 1;
    begin_ += size;
    return there.substr(0, size);
  }
}

bool PieceReader::refill() {
  constexpr std::size_t kBlock = 64 * 1024;
  buffer_.erase(0, begin_);
  begin_ = 0;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kBlock);
  ssize_t got = 0;
  do {
    got = ::read(fd_, buffer_.data() + before, kBlock);
  } while (got < 0 && errno == EINTR);
  buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return got > 0;
}

}  // namespace tsmtp::mailertable
