// The half of Outgoing that deals with content: what of it goes over the link, compressed or as it is. The
// digest is always of what the client sent.
#include <string>

#include "relayd/mail/outgoing.h"
#include "relayd/smtp/extensions.h"

namespace tsmtp::mail {
namespace {

// A mail up to so large crosses the link when all of it is here: a frame's worth.
constexpr std::size_t kSmallMailBytes = 16 * 1024;

}  // namespace

void Outgoing::content(std::string_view bytes, base::TimePoint now) {
  size_bytes_ += bytes.size();
  const std::uint64_t limit = context_.max_message_bytes;
  if (limit > 0 && size_bytes_ > limit && !own_refusal_)
    own_refusal_ =
        own_reply(552, "5.3.4", "message larger than max_message, " + std::to_string(limit) + " bytes");
  stop_content_if_refused();
  if (!stream_open_ && !may_be_known()) return;
  digest_->update(bytes);
  if (stream_open_ && !known_refusal()) send_content(bytes, now);
}

void Outgoing::content_end(const smtp::ContentEnd& end, base::TimePoint now) {
  end_tickets_ = end.tickets;
  handed_over_ = now;
  if (end.bare_line_end && !own_refusal_)
    own_refusal_ =
        own_reply(554, "5.6.0", "content has a CR or LF that is not part of a CRLF (RFC 5321 section 2.3.8)");
  if (!known_refusal()) finish_packing();
  stop_content_if_refused();
  if (const auto refusal = known_refusal(); refusal && !may_be_known()) return answer_end(*refusal, now);
  send_unsent();
  commit_or_ask(now);
}

// Once the verdict is certain, the rest of the content need not cross the link. Recipients that the far MTA
// accepted behind a refused first one were told 452: they must not get this try's content either. The stream
// stays where an earlier try may have to be asked for.
void Outgoing::stop_content_if_refused() {
  if (phase_ == Phase::kContent && known_refusal() && !may_be_known()) reset_stream();
}

void Outgoing::send_content(std::string_view bytes, base::TimePoint now) {
  const bool is_first = size_bytes_ == bytes.size();
  if (is_first && context_.compression != nullptr && context_.host.stream_takes_compressed(stream_))
    packer_ = ContentPacker::make(*context_.compression, smtp::declared_size(mail_), now);
  if (!packer_) {
    link_bytes_ += bytes.size();
    return queue_content(encode_content_header(bytes.size()), bytes);
  }
  std::string packed;
  const auto ok = packer_->pack(bytes, now, packed);
  send_packed(ok, packed);
  if (packer_ && !packer_->is_worth_it()) finish_packing();
}

void Outgoing::queue_content(std::string_view header, std::string_view bytes) {
  unsent_ += header;
  if (unsent_.size() + bytes.size() <= kSmallMailBytes) {
    unsent_ += bytes;
  } else {
    send_unsent();
    context_.host.write_stream(stream_, bytes);
  }
}

void Outgoing::finish_packing() {
  if (!packer_) return;
  std::string packed;
  const auto ok = packer_->finish(packed);
  packer_.reset();
  send_packed(ok, packed);
}

// What was begun compressed cannot go on as it is, so an error is the end of this try.
void Outgoing::send_packed(const base::Result<void>& result, std::string_view packed) {
  if (!result) {
    if (!own_refusal_) own_refusal_ = own_reply(451, "4.3.0", result.error().message);
    return stop_content_if_refused();
  }
  if (packed.empty() || !stream_open_) return;
  link_bytes_ += packed.size();
  queue_content(encode_compressed_header(packed.size()), packed);
}

}  // namespace tsmtp::mail
