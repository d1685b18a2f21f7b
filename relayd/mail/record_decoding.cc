#include "relayd/mail/record_decoding.h"

#include <algorithm>
#include <string>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::mail {
namespace {

// What smtp::ReplyReader lets in, and no more: a reply becomes as many lines towards our MTA.
constexpr std::size_t kMaxReplyLines = 128;
constexpr std::size_t kMaxReplyLineBytes = 2048;

base::Error malformed(const char* record) {
  return base::Error{std::string("peer sent a malformed ") + record + " record"};
}

base::Result<smtp::Reply> decode_reply(std::string_view bytes) {
  if (bytes.size() < 2) return malformed("reply");
  smtp::Reply reply;
  reply.code = base::get_u16(bytes);
  if (reply.code < 200 || reply.code > 599) return malformed("reply");
  bytes.remove_prefix(2);
  // A reply from the peer becomes a reply to our MTA: only its own lines may end lines there.
  if (bytes.find_first_of(std::string_view("\r\0", 2)) != std::string_view::npos) return malformed("reply");
  for (;;) {
    const std::size_t end = bytes.find('\n');
    const std::string_view line = bytes.substr(0, end);
    if (line.size() > kMaxReplyLineBytes || reply.lines.size() == kMaxReplyLines) return malformed("reply");
    reply.lines.emplace_back(line);
    if (end == std::string_view::npos) return reply;
    bytes.remove_prefix(end + 1);
  }
}

// Text that becomes part of an SMTP command must not be able to end it, nor to make it endless.
bool is_argument(std::string_view text) {
  return text.size() <= kMaxArgumentBytes && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

base::Result<Record> decode_mail(std::string_view payload) {
  if (payload.size() < kTransactionIdBytes + 2) return malformed("Mail");
  Mail mail{.transaction = std::string(payload.substr(0, kTransactionIdBytes)), .helo = {}, .argument = {}};
  payload.remove_prefix(kTransactionIdBytes);
  const std::size_t helo_bytes = base::get_u16(payload);
  payload.remove_prefix(2);
  if (payload.size() < helo_bytes) return malformed("Mail");
  mail.helo = payload.substr(0, helo_bytes);
  mail.argument = payload.substr(helo_bytes);
  if (mail.helo.empty() || !is_argument(mail.helo) || mail.helo.find(' ') != std::string::npos ||
      !is_argument(mail.argument))
    return malformed("Mail");
  return Record{std::move(mail)};
}

base::Result<Record> decode_outcome(std::string_view payload) {
  if (payload.empty()) return malformed("Outcome");
  const auto kind = static_cast<Outcome::Kind>(base::get_u8(payload));
  switch (kind) {
    case Outcome::Kind::kUnknown:
      if (payload.size() != 1) return malformed("Outcome");
      return Record{Outcome{.kind = kind, .reply = {}}};
    case Outcome::Kind::kPending:
      if (payload.size() > 1 + kMaxReasonBytes) return malformed("Outcome");
      return Record{
          Outcome{.kind = kind, .reply = {}, .refused = {}, .reason = std::string(payload.substr(1))}};
    case Outcome::Kind::kKnown: {
      auto known = decode_known(payload.substr(1));
      if (!known) return known.error();
      return Record{std::move(*known)};
    }
  }
  return malformed("Outcome");
}

// What it is said to have gone to beyond what is known here, is not said.
base::Result<Record> decode_ask(std::string_view payload) {
  if (payload.size() != kTransactionIdBytes && payload.size() != kTransactionIdBytes + 1)
    return malformed("Ask");
  Ask ask{.transaction = std::string(payload.substr(0, kTransactionIdBytes))};
  if (payload.size() > kTransactionIdBytes && base::get_u8(payload.substr(kTransactionIdBytes)) <= 1)
    ask.went = static_cast<Ask::Went>(base::get_u8(payload.substr(kTransactionIdBytes)));
  return Record{std::move(ask)};
}

// Stages that are not known here are of a later version, and are passed over.
base::Result<Record> decode_traced(std::string_view payload) {
  constexpr std::size_t kFixedBytes = 10;  // state, begin, count
  Traced traced;
  if (payload.size() == 1 && base::get_u8(payload) == 0) return Record{traced};
  if (payload.size() < kFixedBytes) return malformed("Traced");
  const std::uint8_t state = base::get_u8(payload);
  if (state != 1 && state != 2) return malformed("Traced");
  traced.state = static_cast<Traced::State>(state);
  traced.begun_ms = base::get_u64(payload.substr(1));
  std::size_t count = base::get_u8(payload.substr(kFixedBytes - 1));
  payload.remove_prefix(kFixedBytes);
  if (payload.size() < count * kStageBytes) return malformed("Traced");
  for (; count > 0; --count) {
    const std::size_t stage = base::get_u8(payload);
    if (stage < kStages) traced.after_ms.at(stage) = base::get_u32(payload.substr(1));
    payload.remove_prefix(kStageBytes);
  }
  if (payload.size() > kMaxTracedReplyBytes) return malformed("Traced");
  traced.reply = payload;
  return Record{std::move(traced)};
}

template <typename Verdict>
base::Result<Record> decode_verdict(std::string_view payload) {
  auto reply = decode_reply(payload);
  if (!reply) return reply.error();
  return Record{Verdict{std::move(*reply)}};
}

base::Result<Record> decode_rcpt_verdict(std::string_view payload) {
  if (payload.size() < 2) return malformed("RcptVerdict");
  auto reply = decode_reply(payload.substr(2));
  if (!reply) return reply.error();
  return Record{RcptVerdict{.index = base::get_u16(payload), .reply = std::move(*reply)}};
}

base::Result<Record> decode_final_verdict(std::string_view payload) {
  if (payload.size() < 4) return malformed("FinalVerdict");
  auto reply = decode_reply(payload.substr(4));
  if (!reply) return reply.error();
  return Record{FinalVerdict{.reply = std::move(*reply), .took_ms = base::get_u32(payload)}};
}

}  // namespace

base::Result<Record> decode(RecordKind kind, std::string_view payload) {
  switch (kind) {
    case RecordKind::kMail:
      return decode_mail(payload);
    case RecordKind::kRcpt:
      if (!is_argument(payload)) return malformed("Rcpt");
      return Record{Rcpt{std::string(payload)}};
    case RecordKind::kData:
    case RecordKind::kCommit:
      if (!payload.empty()) return malformed("Data or Commit");
      if (kind == RecordKind::kData) return Record{Data{}};
      return Record{Commit{}};
    case RecordKind::kContent:
    case RecordKind::kCompressed:
      break;  // never gathered
    case RecordKind::kAsk:
      return decode_ask(payload);
    case RecordKind::kSettled:
      if (payload.size() != kTransactionIdBytes) return malformed("Settled");
      return Record{Settled{std::string(payload)}};
    case RecordKind::kTrace:
      if (payload.size() != kTransactionIdBytes) return malformed("Trace");
      return Record{Trace{std::string(payload)}};
    case RecordKind::kTraced:
      return decode_traced(payload);
    case RecordKind::kMailVerdict:
      return decode_verdict<MailVerdict>(payload);
    case RecordKind::kRcptVerdict:
      return decode_rcpt_verdict(payload);
    case RecordKind::kDataVerdict:
      return decode_verdict<DataVerdict>(payload);
    case RecordKind::kFinalVerdict:
      return decode_final_verdict(payload);
    case RecordKind::kOutcome:
      return decode_outcome(payload);
  }
  return base::Error{"peer sent a record of unknown kind " + std::to_string(static_cast<int>(kind))};
}

base::Result<Outcome> decode_known(std::string_view bytes) {
  if (bytes.size() < 2) return malformed("Outcome");
  const std::size_t count = base::get_u16(bytes);
  bytes.remove_prefix(2);
  if (count > kMaxRecipients || bytes.size() < 2 * count) return malformed("Outcome");
  Outcome outcome{.kind = Outcome::Kind::kKnown, .reply = {}};
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint16_t index = base::get_u16(bytes);
    if (i > 0 && index <= outcome.refused.back()) return malformed("Outcome");
    outcome.refused.push_back(index);
    bytes.remove_prefix(2);
  }
  auto reply = decode_reply(bytes);
  if (!reply) return reply.error();
  outcome.reply = std::move(*reply);
  return outcome;
}

}  // namespace tsmtp::mail
