// One mail's content made smaller: one zstd frame (RFC 8878), piece by piece. A compressor is for one mail
// and never for another: the text of one mail must not show in the length of the next (docs/threat-model.md).
// It must never hold more than its window, whatever comes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "relayd/base/result.h"

struct ZSTD_CCtx_s;

namespace tsmtp::compress {

class Compressor {
 public:
  /// `expected_bytes` will come, as far as is known; 0: nothing is. Less is needed for a small mail, and one
  /// that turns out larger is only compressed less well. Fails for want of memory.
  [[nodiscard]] static base::Result<Compressor> make(std::uint64_t expected_bytes);

  // Each appends to `out` what there is to be sent. After an error the frame is worth nothing.
  /// Takes `bytes`; up to 128 KiB may wait for more.
  [[nodiscard]] base::Result<void> compress(std::string_view bytes, std::string& out);
  /// Nothing that was taken waits any more.
  [[nodiscard]] base::Result<void> flush(std::string& out);
  /// The end of the frame. Nothing may be called afterwards.
  [[nodiscard]] base::Result<void> finish(std::string& out);

  /// What it holds now. It grows with the first piece, and not after that.
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  explicit Compressor(ZSTD_CCtx_s* context) : context_(context) {}
  [[nodiscard]] base::Result<void> run(std::string_view bytes, int directive, std::string& out);

  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
};

}  // namespace tsmtp::compress
