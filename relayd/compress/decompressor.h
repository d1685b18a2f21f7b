// One mail's content as it was before Compressor made it smaller: one zstd frame (RFC 8878) from a peer that
// may send anything. It hands out a small piece at a time, however much a few bytes stand for, so that its
// user can stop at any moment; and refuses a frame that needs more memory than agreed before it is allocated.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "relayd/base/result.h"

struct ZSTD_DCtx_s;

namespace tsmtp::compress {

class Decompressor {
 public:
  /// No piece is larger.
  static constexpr std::size_t kPieceBytes = std::size_t{16} * 1024;

  /// Fails for want of memory.
  [[nodiscard]] static base::Result<Decompressor> make();

  /// Consumes from the front of `input` and returns a piece, valid until the next call. Empty: all of `input`
  /// is consumed, and has come to nothing more. An error says what is wrong with the frame; nothing may be
  /// called after it.
  [[nodiscard]] base::Result<std::string_view> read(std::string_view& input);
  /// read() may have another piece without more input.
  [[nodiscard]] bool has_more() const { return has_more_; }
  /// The frame has come to its end; more input is an error.
  [[nodiscard]] bool is_at_end() const { return at_end_; }

  /// What it holds now.
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  explicit Decompressor(ZSTD_DCtx_s* context);
  [[nodiscard]] base::Result<void> check_magic(std::string_view input);

  std::unique_ptr<ZSTD_DCtx_s, Free> context_;  // none at the end
  std::unique_ptr<char[]> piece_;
  std::size_t magic_seen_ = 0;  // bytes of it
  bool has_more_ = false;
  bool at_end_ = false;
};

}  // namespace tsmtp::compress
