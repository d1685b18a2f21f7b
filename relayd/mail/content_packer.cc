#include "relayd/mail/content_packer.h"

namespace tsmtp::mail {
namespace {

// As long as zstd makes a block.
constexpr std::size_t kPartBytes = std::size_t{128} * 1024;
// Base64 of whatever was compressed before shrinks to 76 %, bytes that were compressed before not at all.
constexpr std::size_t kLeastSaved = 16;  // one part in so many
// A client that sends a little now and then must be heard of at the far side.
constexpr std::chrono::seconds kHeldBack{1};

}  // namespace

std::unique_ptr<ContentPacker> ContentPacker::make(CompressionBudget& budget, std::uint64_t declared_bytes,
                                                   base::TimePoint now) {
  if (!budget.has_room()) return nullptr;
  auto compressor = compress::Compressor::make(declared_bytes);
  if (!compressor) return nullptr;
  return std::unique_ptr<ContentPacker>(new ContentPacker(budget, std::move(*compressor), now));
}

ContentPacker::~ContentPacker() {
  budget_.give_back(taken_bytes_);
}

base::Result<void> ContentPacker::pack(std::string_view content, base::TimePoint now, std::string& out) {
  const std::size_t before = out.size();
  if (auto ok = compressor_.compress(content, out); !ok) return ok;
  if (taken_bytes_ == 0) {  // what it needs it has from now on
    taken_bytes_ = compressor_.memory_bytes();
    budget_.take(taken_bytes_);
  }
  part_in_bytes_ += content.size();
  const bool is_judged = part_in_bytes_ >= judged_at_bytes_;
  if (is_judged || now - flushed_ >= kHeldBack) {
    if (auto ok = compressor_.flush(out); !ok) return ok;
    flushed_ = now;
  }
  part_out_bytes_ += out.size() - before;
  if (is_judged) judge();
  return {};
}

void ContentPacker::judge() {
  worth_it_ = part_out_bytes_ + part_in_bytes_ / kLeastSaved <= part_in_bytes_;
  judged_at_bytes_ = kPartBytes;
  part_in_bytes_ = 0;
  part_out_bytes_ = 0;
}

}  // namespace tsmtp::mail
