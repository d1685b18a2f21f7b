#include "relayd/mail/record.h"

#include <algorithm>
#include <cassert>

#include "relayd/base/bytes.h"
#include "relayd/mail/record_format.h"

namespace tsmtp::mail {
namespace {

std::string encode_reply(const smtp::Reply& reply) {
  std::string out;
  base::put_u16(out, static_cast<std::uint16_t>(reply.code));
  for (std::size_t i = 0; i < reply.lines.size(); ++i) {
    if (i > 0) out += '\n';
    out += reply.lines[i];
  }
  return out;
}

std::string header(RecordKind kind, std::size_t payload_bytes) {
  std::string out;
  base::put_u8(out, static_cast<std::uint8_t>(kind));
  base::put_u32(out, static_cast<std::uint32_t>(payload_bytes));
  return out;
}

std::string framed(RecordKind kind, std::string_view payload) {
  return header(kind, payload.size()).append(payload);
}

std::string with_length(std::string_view text) {
  std::string out;
  base::put_u16(out, static_cast<std::uint16_t>(std::min<std::size_t>(text.size(), 0xffff)));
  out += text.substr(0, 0xffff);
  return out;
}

struct Encoder {
  std::string operator()(const Mail& r) const {
    assert(r.transaction.size() == kTransactionIdBytes);
    return framed(RecordKind::kMail, r.transaction + with_length(r.helo) + r.argument);
  }
  std::string operator()(const Rcpt& r) const { return framed(RecordKind::kRcpt, r.argument); }
  std::string operator()(const Data&) const { return framed(RecordKind::kData, {}); }
  std::string operator()(const Content& r) const { return framed(RecordKind::kContent, r.bytes); }
  std::string operator()(const Commit&) const { return framed(RecordKind::kCommit, {}); }
  std::string operator()(const Ask& r) const {
    std::string payload = r.transaction;
    if (r.went != Ask::Went::kUnsaid) base::put_u8(payload, static_cast<std::uint8_t>(r.went));
    return framed(RecordKind::kAsk, payload);
  }
  std::string operator()(const Settled& r) const { return framed(RecordKind::kSettled, r.transaction); }
  std::string operator()(const Trace& r) const { return framed(RecordKind::kTrace, r.transaction); }
  std::string operator()(const MailVerdict& r) const {
    return framed(RecordKind::kMailVerdict, encode_reply(r.reply));
  }
  std::string operator()(const RcptVerdict& r) const {
    std::string payload;
    base::put_u16(payload, r.index);
    return framed(RecordKind::kRcptVerdict, payload + encode_reply(r.reply));
  }
  std::string operator()(const DataVerdict& r) const {
    return framed(RecordKind::kDataVerdict, encode_reply(r.reply));
  }
  std::string operator()(const FinalVerdict& r) const {
    std::string payload;
    base::put_u32(payload, r.took_ms);
    return framed(RecordKind::kFinalVerdict, payload + encode_reply(r.reply));
  }
  std::string operator()(const Outcome& r) const {
    std::string payload;
    base::put_u8(payload, static_cast<std::uint8_t>(r.kind));
    if (r.kind == Outcome::Kind::kKnown) payload += encode_known(r);
    if (r.kind == Outcome::Kind::kPending) payload += r.reason.substr(0, kMaxReasonBytes);
    return framed(RecordKind::kOutcome, payload);
  }
  std::string operator()(const Traced& r) const {
    std::string payload;
    base::put_u8(payload, static_cast<std::uint8_t>(r.state));
    if (r.state == Traced::State::kUnknown) return framed(RecordKind::kTraced, payload);
    base::put_u64(payload, r.begun_ms);
    std::string stages;
    for (std::size_t stage = 0; stage < kStages; ++stage) {
      if (!r.after_ms.at(stage)) continue;
      base::put_u8(stages, static_cast<std::uint8_t>(stage));
      base::put_u32(stages, *r.after_ms.at(stage));
    }
    base::put_u8(payload, static_cast<std::uint8_t>(stages.size() / kStageBytes));
    return framed(RecordKind::kTraced, payload + stages + r.reply.substr(0, kMaxTracedReplyBytes));
  }
};

}  // namespace

std::string pending_text(const Outcome& outcome) {
  return outcome.reason.empty() ? "an earlier try of this mail is still being delivered"
                                : base::escaped(outcome.reason, kMaxReasonBytes);
}

std::string encode(const Record& record) {
  return std::visit(Encoder{}, record);
}

std::string encode_content_header(std::size_t content_bytes) {
  return header(RecordKind::kContent, content_bytes);
}

std::string encode_compressed_header(std::size_t compressed_bytes) {
  return header(RecordKind::kCompressed, compressed_bytes);
}

std::string encode_known(const Outcome& outcome) {
  std::string out;
  base::put_u16(out, static_cast<std::uint16_t>(outcome.refused.size()));
  for (const std::uint16_t index : outcome.refused)
    base::put_u16(out, index);
  return out + encode_reply(outcome.reply);
}

}  // namespace tsmtp::mail
