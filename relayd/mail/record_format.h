// How a record is laid out, for the code that writes records and the code that reads them: docs/protocol.md,
// section "Transactions".
#pragma once

#include <cstddef>
#include <cstdint>

namespace tsmtp::mail {

enum class RecordKind : std::uint8_t {
  kMail = 1,
  kRcpt = 2,
  kData = 3,
  kContent = 4,
  kCommit = 5,
  kAsk = 6,
  kSettled = 7,
  kCompressed = 8,
  kTrace = 9,
  kMailVerdict = 16,
  kRcptVerdict = 17,
  kDataVerdict = 18,
  kFinalVerdict = 19,
  kOutcome = 20,
  kTraced = 21,
};

/// Before each: u8 kind, u32 length of the payload.
inline constexpr std::size_t kRecordHeaderBytes = 5;

/// One stage of a Traced: u8 which, u32 milliseconds.
inline constexpr std::size_t kStageBytes = 5;

}  // namespace tsmtp::mail
