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

#include "relayd/base/clock.h"
#include "relayd/base/result.h"
#include "relayd/compress/compressor.h"

namespace tsmtp::mail {

/// The memory that the mails of a site may use together for being compressed. Those for which there is none
/// are sent as they are.
class CompressionBudget {
 public:
  explicit CompressionBudget(std::size_t bytes = std::size_t{64} << 20) : left_bytes_(bytes) {}

  /// Enough for any mail.
  [[nodiscard]] bool has_room() const { return left_bytes_ >= kMostOfAMail; }
  void take(std::size_t bytes) { left_bytes_ -= bytes; }
  void give_back(std::size_t bytes) { left_bytes_ += bytes; }

 private:
  static constexpr std::size_t kMostOfAMail = std::size_t{2} << 20;
  std::size_t left_bytes_;
};

class ContentPacker {
 public:
  /// Null: there is no memory for it. `declared_bytes`: what the mail's SIZE says, 0 if nothing. `budget` is
  /// borrowed and outlives it.
  [[nodiscard]] static std::unique_ptr<ContentPacker> make(CompressionBudget& budget,
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
  // The header of a mail is always text, so the first is short: what stands behind it counts soon.
  static constexpr std::size_t kFirstPartBytes = std::size_t{16} * 1024;

  ContentPacker(CompressionBudget& budget, compress::Compressor compressor, base::TimePoint now)
      : budget_(budget), compressor_(std::move(compressor)), flushed_(now) {}
  void judge();

  CompressionBudget& budget_;
  std::size_t taken_bytes_ = 0;  // of the budget
  compress::Compressor compressor_;
  base::TimePoint flushed_;
  bool worth_it_ = true;
  // Parts of the content are judged by what became of them.
  std::size_t judged_at_bytes_ = kFirstPartBytes;
  std::size_t part_in_bytes_ = 0;
  std::size_t part_out_bytes_ = 0;
};

}  // namespace tsmtp::mail
