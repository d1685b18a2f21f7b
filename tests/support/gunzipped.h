// What a client's own zlib makes of a page that came compressed.
#pragma once

#include <zlib.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace tsmtp::support {

/// The text of one gzip member with nothing behind it; nothing of anything else.
[[nodiscard]] inline std::optional<std::string> gunzipped(std::string_view member) {
  constexpr int kOnlyGzip = 15 + 16;
  z_stream stream{};
  if (inflateInit2(&stream, kOnlyGzip) != Z_OK) return std::nullopt;
  std::string in(member);
  stream.next_in = reinterpret_cast<unsigned char*>(in.data());
  stream.avail_in = static_cast<unsigned>(in.size());
  std::string out;
  std::array<unsigned char, 4096> buffer{};
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = buffer.data();
    stream.avail_out = static_cast<unsigned>(buffer.size());
    state = inflate(&stream, Z_NO_FLUSH);
    out.append(reinterpret_cast<const char*>(buffer.data()), buffer.size() - stream.avail_out);
  }
  const bool is_whole = state == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  return is_whole ? std::optional(out) : std::nullopt;
}

}  // namespace tsmtp::support
