// The near side's part of compression: decides, mail by mail and while it passes, whether its content is
// worth compressing. It must never hold back what came more than a second before what comes now, nor
// the end of content at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/byte_budget.h"
#include "relayd/base/clock.h"
#include "relayd/base/result.h"
#include "relayd/compress/compressor.h"

namespace tsmtp::mail {

/// The memory that the mails of a site may use together for being compressed. Those for which there is none
/// are sent as they are.
inline constexpr std::size_t kCompressionBytes = std::size_t{64} << 20;

class ContentPacker {
 public:
  /// Null: there is no memory for it. `declared_bytes`: what the mail's SIZE says, 0 if nothing. `budget` is
  /// borrowed and outlives it.
  [[nodiscard]] static std::unique_ptr<ContentPacker> make(base::ByteBudget& budget,
                                                           std::uint64_t declared_bytes, base::TimePoint now);
  ~ContentPacker();
  ContentPacker(const ContentPacker&) = delete;
  ContentPacker& operator=(const ContentPacker&) = delete;

  // Each appends to `out` the compressed bytes that are to be sent now, if any.
  /// Takes content.
  [[nodiscard]] base::Result<void> pack(std::string_view content, base::TimePoint now, std::string& out);
  /// The end of what was taken. pack() must not be called any more.
  [[nodiscard]] base::Result<void> finish(std::string& out) { return compressor_.finish(out); }
  /// False: what came last had been compressed before. The rest is to be sent as it is, behind finish().
  [[nodiscard]] bool is_worth_it() const { return worth_it_; }

 private:
  static constexpr std::size_t kMostOfAMail = std::size_t{2} << 20;
  // The header of a mail is always text, so the first is short: what stands behind it counts soon.
  static constexpr std::size_t kFirstPartBytes = std::size_t{16} * 1024;

  // kMostOfAMail is taken of the budget.
  ContentPacker(base::ByteBudget& budget, compress::Compressor compressor, base::TimePoint now)
      : budget_(budget), compressor_(std::move(compressor)), flushed_(now) {}
  void give_back_surplus();
  void judge();

  base::ByteBudget& budget_;
  std::size_t taken_bytes_ = kMostOfAMail;  // of the budget; what it really needs is known later
  compress::Compressor compressor_;
  base::TimePoint flushed_;
  bool worth_it_ = true;
  // Parts of the content are judged by what became of them.
  std::size_t judged_at_bytes_ = kFirstPartBytes;
  std::size_t part_in_bytes_ = 0;
  std::size_t part_out_bytes_ = 0;
};

}  // namespace tsmtp::mail
