#include "relayd/mail/record_reader.h"

#include <algorithm>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/mail/record_decoding.h"

namespace tsmtp::mail {
namespace {

bool is_content(RecordKind kind) {
  return kind == RecordKind::kContent || kind == RecordKind::kCompressed;
}

}  // namespace

// The first so many bytes of the record under way, if they are here: where they lie in `input`, or gathered.
std::optional<std::string_view> RecordReader::begin_of_record(std::string_view& input, std::size_t wanted) {
  if (pending_.empty() && input.size() >= wanted) return input.substr(0, wanted);
  if (pending_.size() < wanted) {
    const std::size_t bytes = std::min(input.size(), wanted - pending_.size());
    pending_ += input.substr(0, bytes);
    input.remove_prefix(bytes);
  }
  return pending_.size() < wanted ? std::nullopt : std::optional<std::string_view>(pending_);
}

// The same of all of it; of content the header only.
base::Result<std::optional<std::string_view>> RecordReader::next_record(std::string_view& input) {
  const auto header = begin_of_record(input, kRecordHeaderBytes);
  if (!header) return header;
  const std::uint32_t length = base::get_u32(header->substr(1));
  const auto kind = static_cast<RecordKind>(header->front());
  if (kind != RecordKind::kCompressed && decompressor_ && !decompressor_->is_at_end())
    return base::Error{"peer sent compressed content without its end"};
  if (is_content(kind)) {
    content_left_ = length;
    is_compressed_ = kind == RecordKind::kCompressed;
    return header;
  }
  if (length > kMaxRecordBytes)
    return base::Error{"peer sent a record of " + std::to_string(length) + " bytes"};
  return begin_of_record(input, kRecordHeaderBytes + length);
}

base::Result<std::optional<Record>> RecordReader::read(std::string_view& input) {
  for (;;) {
    while (content_left_ > 0 || has_more()) {
      const auto content = read_content(input);
      if (!content) return content.error();
      if (!content->empty()) return std::optional<Record>(Content{*content});
      if (content_left_ > 0) return std::optional<Record>{};
    }
    const auto record = next_record(input);
    if (!record) return record.error();
    if (!*record) return std::optional<Record>{};
    const auto kind = static_cast<RecordKind>((*record)->front());
    if (is_content(kind)) {
      drop_record(input, **record);
      if (const auto ok = begin_content(); !ok) return ok.error();
      continue;
    }
    auto decoded = decode(kind, (*record)->substr(kRecordHeaderBytes));
    if (!decoded) return decoded.error();
    drop_record(input, **record);
    return std::optional<Record>(std::move(*decoded));
  }
}

void RecordReader::drop_record(std::string_view& input, std::string_view record) {
  if (pending_.empty())
    input.remove_prefix(record.size());
  else
    std::string().swap(pending_);
}

// There is one frame at most: content that is not compressed may follow it, and none may stand before it.
base::Result<void> RecordReader::begin_content() {
  if (!is_compressed_) {
    had_plain_ = had_plain_ || content_left_ > 0;
    return {};
  }
  if (!takes_compressed_) return base::Error{"peer sent compressed content, which was not agreed on"};
  if (content_left_ == 0 || passes_over_ || decompressor_) return {};
  if (had_plain_) return base::Error{"peer sent compressed content behind other content"};
  auto made = compress::Decompressor::make();
  if (!made) return made.error();
  decompressor_ = std::move(*made);
  return {};
}

// Takes no more than the record under way holds.
base::Result<std::string_view> RecordReader::read_content(std::string_view& input) {
  std::string_view offered = input.substr(0, content_left_);
  const std::size_t before = offered.size();
  base::Result<std::string_view> content = offered;
  if (is_compressed_ && !passes_over_) {
    content = decompressor_->read(offered);
  } else {
    offered = {};
  }
  const std::size_t bytes = before - offered.size();
  input.remove_prefix(bytes);
  content_left_ -= static_cast<std::uint32_t>(bytes);
  content_bytes_ += bytes;
  return content;
}

void RecordReader::pass_over_content() {
  passes_over_ = true;
  decompressor_.reset();
}

}  // namespace tsmtp::mail
