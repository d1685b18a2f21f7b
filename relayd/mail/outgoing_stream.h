// The stream of one transaction on the near side, and what leaves over it: records, and content as it is or
// compressed. Bytes to which the client awaits no answer of the far side wait for more of the mail: a small
// mail crosses the link in one piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/base/result.h"
#include "relayd/mail/content_packer.h"
#include "relayd/mail/intake_host.h"
#include "relayd/mail/record.h"

namespace tsmtp::mail {

class OutgoingStream {
 public:
  /// `host` is borrowed and outlives it; so does `compression`, which may be null: content goes as it is.
  OutgoingStream(IntakeHost& host, mux::StreamKey key, base::ByteBudget* compression)
      : host_(host), key_(key), compression_(compression) {}

  /// A record that may wait for what comes behind it.
  void queue(const Record& record) { unsent_ += encode(record); }
  /// Records that wait leave now.
  void flush();
  /// A record that leaves at once; nothing may be waiting.
  void send(const Record& record);

  // Content. Where it fails, what was begun compressed cannot go on as it is: reset() it.
  /// `declared_bytes`: what the mail's SIZE says, 0 if nothing.
  [[nodiscard]] base::Result<void> content(std::string_view bytes, std::uint64_t declared_bytes,
                                           base::TimePoint now);
  [[nodiscard]] base::Result<void> end_content();

  /// Gives the transaction up.
  void reset();
  /// It has come to its end.
  void finish();
  /// Nothing has been written to it: all that there is still waits here.
  [[nodiscard]] bool is_untouched() const { return !has_sent_ && !packer_; }
  /// The same on another stream, if it is untouched.
  void move_to(mux::StreamKey other) {
    key_ = other;
    is_open_ = true;
  }
  /// Another stream, and nothing of what was queued for this one, which is given up.
  void begin_anew(mux::StreamKey other);
  /// The link, or the far side, has ended it.
  void lost() { is_open_ = false; }

  [[nodiscard]] bool is_open() const { return is_open_; }
  /// 0 once it is over: numbers are used again on the next connection.
  [[nodiscard]] mux::StreamKey key() const { return is_open_ ? key_ : 0; }
  /// Of content, as it went over the link.
  [[nodiscard]] std::uint64_t link_bytes() const { return link_bytes_; }

 private:
  [[nodiscard]] base::Result<void> pack(std::string_view bytes, base::TimePoint now);
  void queue_packed(std::string_view packed);
  void queue_content(std::string_view header, std::string_view bytes);

  IntakeHost& host_;
  mux::StreamKey key_;
  base::ByteBudget* compression_;
  bool is_open_ = true;
  bool has_content_ = false;
  bool has_sent_ = false;
  std::string unsent_;  // records
  std::uint64_t link_bytes_ = 0;
  std::unique_ptr<ContentPacker> packer_;  // content is being compressed
};

}  // namespace tsmtp::mail
