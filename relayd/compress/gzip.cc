#include "relayd/compress/gzip.h"

#include <zlib.h>

#include <array>

namespace tsmtp::compress {
namespace {

// A page of metrics is the same words again and again: level 1 leaves a fifteenth of it, level 6 a twentieth
// in three times the time, for which the event loop would stand.
constexpr int kPageLevel = 1;
constexpr int kWindowBits = 15;
constexpr int kAsGzip = 16;      // zlib.h, deflateInit2: a gzip header and trailer instead of zlib's
constexpr int kMemoryLevel = 8;  // zlib's own

}  // namespace

void Gzip::End::operator()(z_stream_s* stream) const {
  deflateEnd(stream);
  delete stream;
}

base::Result<Gzip> Gzip::make() {
  auto stream = std::make_unique<z_stream_s>();
  if (deflateInit2(stream.get(), kPageLevel, Z_DEFLATED, kWindowBits + kAsGzip, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    return base::Error{"a page cannot be compressed: out of memory"};
  return Gzip(stream.release());
}

void Gzip::add(std::string_view bytes, std::string& out) {
  run(bytes, Z_NO_FLUSH, out);
}

void Gzip::finish(std::string& out) {
  run({}, Z_FINISH, out);
}

// With a stream that deflateInit2 has made and room for output, deflate() has nothing to refuse.
void Gzip::run(std::string_view bytes, int flush, std::string& out) {
  std::array<unsigned char, std::size_t{16} * 1024> buffer;  // not initialised: zlib fills it
  // zlib.h: "next_in" is not written through.
  stream_->next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  stream_->avail_in = static_cast<unsigned>(bytes.size());
  do {
    stream_->next_out = buffer.data();
    stream_->avail_out = static_cast<unsigned>(buffer.size());
    deflate(stream_.get(), flush);
    out.append(reinterpret_cast<const char*>(buffer.data()), buffer.size() - stream_->avail_out);
  } while (stream_->avail_out == 0);
}

}  // namespace tsmtp::compress
