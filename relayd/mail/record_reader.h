// Takes records out of a stream's bytes, however they come in pieces. Bounded: all but content is at most
// kMaxRecordBytes, and content is never gathered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/result.h"
#include "relayd/compress/decompressor.h"
#include "relayd/mail/record.h"

namespace tsmtp::mail {

/// Compressed content is handed out as the content it stands for.
class RecordReader {
 public:
  /// Without `takes_compressed` compressed content is an error.
  explicit RecordReader(bool takes_compressed = false) : takes_compressed_(takes_compressed) {}

  /// Consumes from the front of `input`, which must stay valid while the returned record is used. Nothing:
  /// more bytes are needed. An error means that the peer broke the protocol.
  [[nodiscard]] base::Result<std::optional<Record>> read(std::string_view& input);
  /// read() may have another record without more input.
  [[nodiscard]] bool has_more() const { return decompressor_ && decompressor_->has_more(); }
  /// Nobody will look at content any more: it is handed out as it comes, compressed or not.
  void pass_over_content();
  /// Of content, as it came over the link.
  [[nodiscard]] std::uint64_t content_bytes() const { return content_bytes_; }

 private:
  [[nodiscard]] std::optional<std::string_view> begin_of_record(std::string_view& input, std::size_t wanted);
  [[nodiscard]] base::Result<std::optional<std::string_view>> next_record(std::string_view& input);
  void drop_record(std::string_view& input, std::string_view record);
  [[nodiscard]] base::Result<void> begin_content();
  [[nodiscard]] base::Result<std::string_view> read_content(std::string_view& input);

  bool takes_compressed_;
  bool passes_over_ = false;
  std::string pending_;             // header and payload of a record that came in pieces
  std::uint32_t content_left_ = 0;  // of the record of content under way
  bool is_compressed_ = false;      // it
  bool had_plain_ = false;
  std::uint64_t content_bytes_ = 0;
  std::optional<compress::Decompressor> decompressor_;  // from the first piece on
};

}  // namespace tsmtp::mail
