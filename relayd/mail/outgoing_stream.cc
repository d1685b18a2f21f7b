#include "relayd/mail/outgoing_stream.h"

#include <utility>

namespace tsmtp::mail {
namespace {

// A mail up to so large crosses the link when all of it is here: a frame's worth.
constexpr std::size_t kSmallMailBytes = 16 * 1024;

}  // namespace

void OutgoingStream::flush() {
  if (is_open_ && !unsent_.empty()) {
    has_sent_ = true;
    host_.write_stream(key_, unsent_);
  }
  unsent_ = {};
}

void OutgoingStream::send(const Record& record) {
  has_sent_ = true;
  if (is_open_) host_.write_stream(key_, encode(record));
}

base::Result<void> OutgoingStream::content(std::string_view bytes, std::uint64_t declared_bytes,
                                           base::TimePoint now) {
  const bool is_first = !std::exchange(has_content_, true);
  if (is_first && compression_ != nullptr && host_.stream_takes_compressed(key_))
    packer_ = ContentPacker::make(*compression_, declared_bytes, now);
  if (packer_) return pack(bytes, now);
  link_bytes_ += bytes.size();
  queue_content(encode_content_header(bytes.size()), bytes);
  return {};
}

base::Result<void> OutgoingStream::pack(std::string_view bytes, base::TimePoint now) {
  std::string packed;
  if (auto ok = packer_->pack(bytes, now, packed); !ok) return ok;
  queue_packed(packed);
  return packer_->is_worth_it() ? base::Result<void>() : end_content();
}

base::Result<void> OutgoingStream::end_content() {
  const auto packer = std::exchange(packer_, nullptr);
  if (!packer) return {};
  std::string packed;
  if (auto ok = packer->finish(packed); !ok) return ok;
  queue_packed(packed);
  return {};
}

void OutgoingStream::queue_packed(std::string_view packed) {
  if (packed.empty() || !is_open_) return;
  link_bytes_ += packed.size();
  queue_content(encode_compressed_header(packed.size()), packed);
}

void OutgoingStream::queue_content(std::string_view header, std::string_view bytes) {
  unsent_ += header;
  if (unsent_.size() + bytes.size() <= kSmallMailBytes) {
    unsent_ += bytes;
  } else {
    flush();
    has_sent_ = true;
    host_.write_stream(key_, bytes);
  }
}

void OutgoingStream::reset() {
  if (is_open_) host_.reset_stream(key_);
  is_open_ = false;
  packer_.reset();
}

void OutgoingStream::finish() {
  if (is_open_) host_.finish_stream(key_);
  is_open_ = false;
}

void OutgoingStream::begin_anew(mux::StreamKey other) {
  reset();
  key_ = other;
  is_open_ = true;
  has_sent_ = false;
  unsent_.clear();
}

}  // namespace tsmtp::mail
