// What a client of ours sees: whole replies, each of them fit to be said, none before the end of content,
// which is CRLF.CRLF and nothing else, and no yes to a mail that the far side has not given.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "relayd/smtp/reply.h"
#include "tests/fuzz/near_host.h"

namespace tsmtp::fuzz {

class ClientModel {
 public:
  /// `lmtp`: LHLO is the first thing said.
  ClientModel(NearHost& host, bool lmtp) : host_(host), is_lmtp_(lmtp) {}

  /// What the client sends, before it is received.
  void sends(std::string_view bytes);
  /// Everything that waits for the client; look at it after every event. Nothing waits any more: read().
  void look(std::string_view output);
  void read() { seen_bytes_ = 0; }
  /// What it sent behind the last 354, unstuffed; nothing before its CRLF.CRLF.
  [[nodiscard]] const std::optional<std::string>& content() const { return content_; }

 private:
  void on(const smtp::Reply& reply);

  NearHost& host_;
  smtp::ReplyReader reader_;
  std::size_t seen_bytes_ = 0;
  bool in_content_ = false;
  std::string raw_;  // content, stuffed
  std::optional<std::string> content_;
  bool is_lmtp_;
  bool is_greeted_ = false;
  std::size_t recipients_ = 0;   // accepted since the last sender
  std::size_t owed_finals_ = 0;  // replies to the end of content
};

}  // namespace tsmtp::fuzz
