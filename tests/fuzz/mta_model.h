// What an MTA makes of the bytes that it is sent, by a reading of its own: commands a line each, content up
// to CRLF.CRLF or by BDAT's count. It holds the client to it: nothing behind DATA before its reply, no CR or
// LF alone, and one end of content, only when it was allowed.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "relayd/smtp/reply.h"

namespace tsmtp::fuzz {

class MtaModel {
 public:
  /// What goes to the MTA.
  void wrote(std::string_view bytes);
  /// What it says, before the client hears it.
  void says(std::string_view bytes);
  /// A Commit record was sent: the content may end.
  void allow_end() { may_end_ = true; }

  [[nodiscard]] bool has_ended() const { return has_ended_; }
  /// Its reply to the end of content; 0 before.
  [[nodiscard]] int final_code() const { return final_code_; }
  /// Unstuffed, so far.
  [[nodiscard]] const std::string& content() const { return content_; }

 private:
  bool take_line();
  bool take_content();
  bool take_chunk();
  void on_command(std::string_view line);
  void end();
  void match();

  std::string input_;
  smtp::ReplyReader reader_;
  std::deque<std::string> unanswered_{"greeting"};  // what it was asked
  std::deque<int> codes_;                           // what it said and was not yet asked
  bool speaks_ = true;                              // SMTP
  bool in_content_ = false;
  std::size_t chunk_left_ = 0;
  bool last_chunk_ = false;
  bool may_end_ = false;
  bool has_ended_ = false;
  int final_code_ = 0;
  std::string content_;
};

}  // namespace tsmtp::fuzz
