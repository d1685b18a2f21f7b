// The records that run inside a transaction's stream, docs/protocol.md section "Transactions", and each as
// bytes. The near side sends what its MTA asks, the far side the verdicts. record_reader.h takes them out of
// a stream.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/mail/stages.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::mail {

inline constexpr std::size_t kTransactionIdBytes = 16;
inline constexpr std::size_t kMaxRecordBytes = 256 * 1024;  ///< a reply of 128 lines fits
inline constexpr std::size_t kMaxRecipients = 1000;         ///< Rcpt records of one transaction
/// Of what stands behind MAIL or RCPT, and of a hub's name for itself: two command lines of an MTA, joined.
inline constexpr std::size_t kMaxArgumentBytes = 8 * 1024;
/// Of an outcome that is pending.
inline constexpr std::size_t kMaxReasonBytes = 400;
/// Of the reply in a Traced.
inline constexpr std::size_t kMaxTracedReplyBytes = 1024;

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
};                 ///< a piece, unstuffed; borrows. Behind a reader it may have come compressed
struct Commit {};  ///< the end of content: deliver it
struct Ask {
  /// To which hub of the site the near side had sent that one.
  enum class Went : std::uint8_t { kToAnother = 0, kToThisOne = 1, kUnsaid };
  std::string transaction;
  Went went = Went::kUnsaid;  ///< said only to a peer that knows mux::kCapabilityReasons
};                            ///< how did this earlier one end?
struct Settled {
  std::string transaction;
};  ///< the near MTA has the reply; it may be forgotten
struct Trace {
  std::string transaction;
};  ///< when was what done with this one? Only to a peer that knows mux::kCapabilityTraces

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
  /// For kPending, why; empty: it is being delivered. As with Ask::went; shown escaped.
  std::string reason{};
};

/// What the far side remembers of a transaction's way through it. For people: nothing is decided by it.
struct Traced {
  enum class State : std::uint8_t { kUnknown = 0, kUnderWay = 1, kEnded = 2 };
  State state = State::kUnknown;
  std::uint64_t begun_ms = 0;  ///< by the far side's clock, since 1970
  /// By Stage, since `begun_ms`; nothing: it has not come to that.
  std::array<std::optional<std::uint32_t>, kStages> after_ms{};
  std::string reply{};  ///< the final one, as one line; shown escaped

  friend bool operator==(const Traced&, const Traced&) = default;
};

using Record = std::variant<Mail, Rcpt, Data, Content, Commit, Ask, Settled, Trace, MailVerdict, RcptVerdict,
                            DataVerdict, FinalVerdict, Outcome, Traced>;

/// Why our MTA, or the near side's, is put off by an outcome that is pending: fit for a reply.
[[nodiscard]] std::string pending_text(const Outcome& outcome);

/// One record as bytes.
[[nodiscard]] std::string encode(const Record& record);
/// What stands before so many bytes of content: with them, encode() of a Content.
[[nodiscard]] std::string encode_content_header(std::size_t content_bytes);

/// The same of a Compressed record: a piece of the frame that compress::Compressor makes of content.
[[nodiscard]] std::string encode_compressed_header(std::size_t compressed_bytes);

/// A known outcome as it is kept in the ledger and sent in records, and back.
[[nodiscard]] std::string encode_known(const Outcome& outcome);
[[nodiscard]] base::Result<Outcome> decode_known(std::string_view bytes);

}  // namespace tsmtp::mail
