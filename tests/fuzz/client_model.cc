#include "tests/fuzz/client_model.h"

#include <algorithm>
#include <array>

#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

constexpr char kSender[] = "2.1.0 Sender ok";
constexpr char kRecipient[] = "2.1.5 Recipient ok,";
// Positive replies that are ours, and say nothing of a mail.
constexpr std::array<std::string_view, 3> kOurs{"2.0.0 OK", "2.5.2 cannot verify here",
                                                "2.0.0 tsmtp carries mail"};

bool is_ours(const smtp::Reply& reply) {
  const std::string& text = reply.lines.front();
  return reply.code == 220 || reply.code == 221 || reply.code == 214 || reply.lines.size() > 1 ||
         text.ends_with(" bytes received") || text.starts_with("birl.tsmtp") ||
         std::any_of(kOurs.begin(), kOurs.end(),
                     [&](std::string_view ours) { return text.starts_with(ours); });
}

}  // namespace

void ClientModel::look(std::string_view output) {
  std::string_view fresh = output.substr(seen_bytes_);
  seen_bytes_ = output.size();
  for (;;) {
    const auto reply = reader_.read(fresh);
    must(reply.has_value(), "what we say is SMTP");
    if (!*reply) break;
    on(**reply);
  }
}

void ClientModel::sends(std::string_view bytes) {
  if (!in_content_) return;
  raw_ += bytes;
  // The CRLF before the first dot is that of DATA.
  const std::size_t end = raw_.starts_with(".\r\n") ? 0 : raw_.find("\r\n.\r\n");
  if (end == std::string::npos) return;
  in_content_ = false;
  content_ = raw_.substr(0, end == 0 && raw_.starts_with('.') ? 0 : end + 2);
  if (content_->starts_with('.')) content_->erase(0, 1);
  for (std::size_t dot = content_->find("\r\n."); dot != std::string::npos;
       dot = content_->find("\r\n.", dot + 2))
    content_->erase(dot + 2, 1);
}

void ClientModel::on(const smtp::Reply& reply) {
  for (const std::string& line : reply.lines)
    must(line.size() <= 2048, "no line is longer than a client can read");
  must(is_greeted_ || reply.code == 220 || reply.code == 421, "a greeting never bounces mail");
  is_greeted_ = true;
  const std::string& text = reply.lines.front();
  const bool is_sender = text.starts_with(kSender) || host_.sender_replies.contains(reply.wire());
  const bool is_recipient = text.starts_with(kRecipient) || host_.recipient_replies.contains(reply.wire());
  const bool is_final = host_.final_replies.contains(reply.wire());
  must(!in_content_ || reply.code == 421, "content ends with CRLF.CRLF and nothing else");
  if (owed_finals_ > 0) {
    --owed_finals_;
    must(!reply.is_positive() || is_final, "P1: no early yes");
    must(!reply.is_intermediate(), "the end of content is answered for good");
    return;
  }
  if (reply.is_intermediate()) {
    must(reply.code == 354, "nothing but DATA is answered with 3yz");
    owed_finals_ = is_lmtp_ ? recipients_ : 1;
    must(owed_finals_ > 0, "content is for somebody");
    in_content_ = true;
    raw_.clear();
    content_.reset();
    return;
  }
  if (!reply.is_positive()) return;
  must(is_ours(reply) || is_sender || is_recipient || is_final, "every yes is ours or the far side's");
  if (is_sender) {
    recipients_ = 0;
    content_.reset();
  }
  if (is_recipient) ++recipients_;
}

}  // namespace tsmtp::fuzz
