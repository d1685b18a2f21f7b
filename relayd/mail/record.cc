#include "relayd/mail/record.h"

#include <algorithm>
#include <cassert>

#include "relayd/base/bytes.h"

namespace tsmtp::mail {
namespace {

// Header: u8 kind, u32 length of the payload.
constexpr std::size_t kHeaderBytes = 5;
// One stage of a Traced: u8 which, u32 milliseconds.
constexpr std::size_t kStageBytes = 5;

// What smtp::ReplyReader lets in, and no more: a reply becomes as many lines towards our MTA.
constexpr std::size_t kMaxReplyLines = 128;
constexpr std::size_t kMaxReplyLineBytes = 2048;

enum class Kind : std::uint8_t {
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

std::string encode_reply(const smtp::Reply& reply) {
  std::string out;
  base::put_u16(out, static_cast<std::uint16_t>(reply.code));
  for (std::size_t i = 0; i < reply.lines.size(); ++i) {
    if (i > 0) out += '\n';
    out += reply.lines[i];
  }
  return out;
}

std::string header(Kind kind, std::size_t payload_bytes) {
  std::string out;
  base::put_u8(out, static_cast<std::uint8_t>(kind));
  base::put_u32(out, static_cast<std::uint32_t>(payload_bytes));
  return out;
}

std::string framed(Kind kind, std::string_view payload) {
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
    return framed(Kind::kMail, r.transaction + with_length(r.helo) + r.argument);
  }
  std::string operator()(const Rcpt& r) const { return framed(Kind::kRcpt, r.argument); }
  std::string operator()(const Data&) const { return framed(Kind::kData, {}); }
  std::string operator()(const Content& r) const { return framed(Kind::kContent, r.bytes); }
  std::string operator()(const Commit&) const { return framed(Kind::kCommit, {}); }
  std::string operator()(const Ask& r) const {
    std::string payload = r.transaction;
    if (r.went != Ask::Went::kUnsaid) base::put_u8(payload, static_cast<std::uint8_t>(r.went));
    return framed(Kind::kAsk, payload);
  }
  std::string operator()(const Settled& r) const { return framed(Kind::kSettled, r.transaction); }
  std::string operator()(const Trace& r) const { return framed(Kind::kTrace, r.transaction); }
  std::string operator()(const MailVerdict& r) const {
    return framed(Kind::kMailVerdict, encode_reply(r.reply));
  }
  std::string operator()(const RcptVerdict& r) const {
    std::string payload;
    base::put_u16(payload, r.index);
    return framed(Kind::kRcptVerdict, payload + encode_reply(r.reply));
  }
  std::string operator()(const DataVerdict& r) const {
    return framed(Kind::kDataVerdict, encode_reply(r.reply));
  }
  std::string operator()(const FinalVerdict& r) const {
    std::string payload;
    base::put_u32(payload, r.took_ms);
    return framed(Kind::kFinalVerdict, payload + encode_reply(r.reply));
  }
  std::string operator()(const Outcome& r) const {
    std::string payload;
    base::put_u8(payload, static_cast<std::uint8_t>(r.kind));
    if (r.kind == Outcome::Kind::kKnown) payload += encode_known(r);
    if (r.kind == Outcome::Kind::kPending) payload += r.reason.substr(0, kMaxReasonBytes);
    return framed(Kind::kOutcome, payload);
  }
  std::string operator()(const Traced& r) const {
    std::string payload;
    base::put_u8(payload, static_cast<std::uint8_t>(r.state));
    if (r.state == Traced::State::kUnknown) return framed(Kind::kTraced, payload);
    base::put_u64(payload, r.begun_ms);
    std::string stages;
    for (std::size_t stage = 0; stage < kStages; ++stage) {
      if (!r.after_ms.at(stage)) continue;
      base::put_u8(stages, static_cast<std::uint8_t>(stage));
      base::put_u32(stages, *r.after_ms.at(stage));
    }
    base::put_u8(payload, static_cast<std::uint8_t>(stages.size() / kStageBytes));
    return framed(Kind::kTraced, payload + stages + r.reply.substr(0, kMaxTracedReplyBytes));
  }
};

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

bool is_content(Kind kind) {
  return kind == Kind::kContent || kind == Kind::kCompressed;
}

base::Result<Record> decode(Kind kind, std::string_view payload) {
  switch (kind) {
    case Kind::kMail:
      return decode_mail(payload);
    case Kind::kRcpt:
      if (!is_argument(payload)) return malformed("Rcpt");
      return Record{Rcpt{std::string(payload)}};
    case Kind::kData:
    case Kind::kCommit:
      if (!payload.empty()) return malformed("Data or Commit");
      if (kind == Kind::kData) return Record{Data{}};
      return Record{Commit{}};
    case Kind::kContent:
    case Kind::kCompressed:
      break;  // never gathered
    case Kind::kAsk:
      return decode_ask(payload);
    case Kind::kSettled:
      if (payload.size() != kTransactionIdBytes) return malformed("Settled");
      return Record{Settled{std::string(payload)}};
    case Kind::kTrace:
      if (payload.size() != kTransactionIdBytes) return malformed("Trace");
      return Record{Trace{std::string(payload)}};
    case Kind::kTraced:
      return decode_traced(payload);
    case Kind::kMailVerdict:
      return decode_verdict<MailVerdict>(payload);
    case Kind::kRcptVerdict:
      return decode_rcpt_verdict(payload);
    case Kind::kDataVerdict:
      return decode_verdict<DataVerdict>(payload);
    case Kind::kFinalVerdict:
      return decode_final_verdict(payload);
    case Kind::kOutcome:
      return decode_outcome(payload);
  }
  return base::Error{"peer sent a record of unknown kind " + std::to_string(static_cast<int>(kind))};
}

}  // namespace

std::string pending_text(const Outcome& outcome) {
  return outcome.reason.empty() ? "an earlier try of this mail is still being delivered"
                                : base::escaped(outcome.reason, kMaxReasonBytes);
}

std::string encode(const Record& record) {
  return std::visit(Encoder{}, record);
}

std::string encode_content_header(std::size_t content_bytes) {
  return header(Kind::kContent, content_bytes);
}

std::string encode_compressed_header(std::size_t compressed_bytes) {
  return header(Kind::kCompressed, compressed_bytes);
}

std::string encode_known(const Outcome& outcome) {
  std::string out;
  base::put_u16(out, static_cast<std::uint16_t>(outcome.refused.size()));
  for (const std::uint16_t index : outcome.refused)
    base::put_u16(out, index);
  return out + encode_reply(outcome.reply);
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
  const auto header = begin_of_record(input, kHeaderBytes);
  if (!header) return header;
  const std::uint32_t length = base::get_u32(header->substr(1));
  const auto kind = static_cast<Kind>(header->front());
  if (kind != Kind::kCompressed && decompressor_ && !decompressor_->is_at_end())
    return base::Error{"peer sent compressed content without its end"};
  if (is_content(kind)) {
    content_left_ = length;
    is_compressed_ = kind == Kind::kCompressed;
    return header;
  }
  if (length > kMaxRecordBytes)
    return base::Error{"peer sent a record of " + std::to_string(length) + " bytes"};
  return begin_of_record(input, kHeaderBytes + length);
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
    const auto kind = static_cast<Kind>((*record)->front());
    if (is_content(kind)) {
      drop_record(input, **record);
      if (const auto ok = begin_content(); !ok) return ok.error();
      continue;
    }
    auto decoded = decode(kind, (*record)->substr(kHeaderBytes));
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
