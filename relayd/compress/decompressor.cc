#include "relayd/compress/decompressor.h"

#include <zstd.h>

#include <algorithm>
#include <string>

#include "relayd/compress/window.h"

namespace tsmtp::compress {
namespace {

// RFC 8878 section 3.1.1. libzstd may know older formats and frames to be skipped as well; we do not.
constexpr std::string_view kMagic("\x28\xb5\x2f\xfd", 4);

base::Error wrong(const std::string& what) {
  return base::Error{"peer sent compressed content that cannot be read: " + what};
}

}  // namespace

void Decompressor::Free::operator()(ZSTD_DCtx_s* context) const {
  ZSTD_freeDCtx(context);
}

Decompressor::Decompressor(ZSTD_DCtx_s* context)
    : context_(context), piece_(std::make_unique_for_overwrite<char[]>(kPieceBytes)) {}

base::Result<Decompressor> Decompressor::make() {
  Decompressor made(ZSTD_createDCtx());
  if (!made.context_) return base::Error{"content cannot be decompressed: out of memory"};
  const std::size_t code = ZSTD_DCtx_setParameter(made.context_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  if (ZSTD_isError(code) != 0)
    return base::Error{std::string("content cannot be decompressed: ") + ZSTD_getErrorName(code)};
  return made;
}

base::Result<void> Decompressor::check_magic(std::string_view input) {
  const std::size_t bytes = std::min(input.size(), kMagic.size() - magic_seen_);
  if (input.substr(0, bytes) != kMagic.substr(magic_seen_, bytes)) return wrong("not a zstd frame");
  magic_seen_ += bytes;
  return {};
}

base::Result<std::string_view> Decompressor::read(std::string_view& input) {
  if (at_end_ && !input.empty()) return wrong("more behind its end");
  if (auto ok = check_magic(input); !ok) return ok.error();
  while (!at_end_ && (has_more_ || !input.empty())) {
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{piece_.get(), kPieceBytes, 0};
    const std::size_t left = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_isError(left) != 0) return wrong(ZSTD_getErrorName(left));
    input.remove_prefix(in.pos);
    at_end_ = left == 0;
    has_more_ = !at_end_ && out.pos == out.size;
    if (at_end_) context_.reset();
    if (at_end_ && !input.empty()) return wrong("more behind its end");
    if (out.pos > 0) return std::string_view(piece_.get(), out.pos);
  }
  return std::string_view();
}

std::size_t Decompressor::memory_bytes() const {
  return kPieceBytes + (context_ ? ZSTD_sizeof_DCtx(context_.get()) : 0);
}

}  // namespace tsmtp::compress
