// The records that run inside a transaction's stream, docs/protocol.md section "Transactions". The near side
// sends what its MTA asks, the far side the verdicts. Bounded: all but content is at most kMaxRecordBytes,
// and content is never gathered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::mail {

inline constexpr std::size_t kTransactionIdBytes = 16;
inline constexpr std::size_t kMaxRecordBytes = 256 * 1024;  ///< a reply of 128 lines fits
inline constexpr std::size_t kMaxRecipients = 1000;         ///< Rcpt records of one transaction
/// Of what stands behind MAIL or RCPT, and of a hub's name for itself: two command lines of an MTA, joined.
inline constexpr std::size_t kMaxArgumentBytes = 8 * 1024;

// From near to far.
struct Mail {
  std::string transaction;  ///< kTransactionIdBytes, new for each try
  std::string helo;         ///< the near MTA's own name
  std::string argument;     ///< what stood behind MAIL, "FROM:<a@b> SIZE=1"
};
struct Rcpt {
  std::string argument;
};  ///< what stood behind RCPT
struct Data {};
struct Content {
  std::string_view bytes;
};                 ///< a piece, unstuffed; borrows
struct Commit {};  ///< the end of content: deliver it
struct Ask {
  std::string transaction;
};  ///< how did this earlier one end?
struct Settled {
  std::string transaction;
};  ///< the near MTA has the reply; it may be forgotten

// From far to near.
struct MailVerdict {
  smtp::Reply reply;
};
struct RcptVerdict {
  std::uint16_t index;
  smtp::Reply reply;
};  ///< in the order of Rcpt records, from 0
struct DataVerdict {
  smtp::Reply reply;
};
struct FinalVerdict {
  smtp::Reply reply;
  std::uint32_t took_ms = 0;  ///< from Commit to the far MTA's reply
};                            ///< follows every Commit
struct Outcome {
  enum class Kind : std::uint8_t { kUnknown = 0, kPending = 1, kKnown = 2 };
  Kind kind = Kind::kUnknown;
  smtp::Reply reply;                     ///< for kKnown
  std::vector<std::uint16_t> refused{};  ///< recipients, by index, that it does not speak for; ascending
};

using Record = std::variant<Mail, Rcpt, Data, Content, Commit, Ask, Settled, MailVerdict, RcptVerdict,
                            DataVerdict, FinalVerdict, Outcome>;

/// One record as bytes.
[[nodiscard]] std::string encode(const Record& record);
/// What stands before so many bytes of content: with them, encode() of a Content.
[[nodiscard]] std::string encode_content_header(std::size_t content_bytes);

/// A known outcome as it is kept in the ledger and sent in records, and back.
[[nodiscard]] std::string encode_known(const Outcome& outcome);
[[nodiscard]] base::Result<Outcome> decode_known(std::string_view bytes);

/// Records out of a stream's bytes.
class RecordReader {
 public:
  /// Consumes from the front of `input`, which must stay valid while the returned record is used. Nothing:
  /// more bytes are needed. An error means that the peer broke the protocol.
  [[nodiscard]] base::Result<std::optional<Record>> read(std::string_view& input);

 private:
  [[nodiscard]] base::Result<bool> gather(std::string_view& input);

  std::string pending_;             // header and payload of an incomplete record
  std::uint32_t content_left_ = 0;  // of the content record under way
};

}  // namespace tsmtp::mail
