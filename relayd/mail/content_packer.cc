#include "relayd/mail/content_packer.h"

#include <algorithm>

namespace tsmtp::mail {
namespace {

// As long as zstd makes a block.
constexpr std::size_t kPartBytes = std::size_t{128} * 1024;
// Base64 of whatever was compressed before shrinks to 76 %, bytes that were compressed before not at all.
constexpr std::size_t kLeastSaved = 16;  // one part in so many
// A client that sends a little now and then must be heard of at the far side.
constexpr std::chrono::seconds kHeldBack{1};

}  // namespace

std::unique_ptr<ContentPacker> ContentPacker::make(base::ByteBudget& budget, std::uint64_t declared_bytes,
                                                   base::TimePoint now) {
  if (!budget.take(kMostOfAMail)) return nullptr;
  auto compressor = compress::Compressor::make(declared_bytes);
  if (!compressor) {
    budget.give(kMostOfAMail);
    return nullptr;
  }
  return std::unique_ptr<ContentPacker>(new ContentPacker(budget, std::move(*compressor), now));
}

ContentPacker::~ContentPacker() {
  budget_.give(taken_bytes_);
}

base::Result<void> ContentPacker::pack(std::string_view content, base::TimePoint now, std::string& out) {
  const std::size_t before = out.size();
  if (auto ok = compressor_.compress(content, out); !ok) return ok;
  give_back_surplus();
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

// The compressor has all the memory that it needs as soon as it has compressed something.
void ContentPacker::give_back_surplus() {
  if (taken_bytes_ != kMostOfAMail) return;
  const std::size_t needed = std::min(compressor_.memory_bytes(), kMostOfAMail);
  budget_.give(kMostOfAMail - needed);
  taken_bytes_ = needed;
}

void ContentPacker::judge() {
  worth_it_ = part_out_bytes_ + part_in_bytes_ / kLeastSaved <= part_in_bytes_;
  judged_at_bytes_ = kPartBytes;
  part_in_bytes_ = 0;
  part_out_bytes_ = 0;
}

}  // namespace tsmtp::mail
