// The client's half of an SMTP dialogue (RFC 5321), without sockets or clocks: greeting, EHLO, then commands
// that are pipelined where the server offers it (RFC 2920) and sent one at a time where not; replies come
// back under the tag of their command. It outlives a transaction: the next one uses the same session.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "relayd/smtp/command.h"
#include "relayd/smtp/content.h"
#include "relayd/smtp/extensions.h"
#include "relayd/smtp/origin.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::smtp {

/// The owner's name for a command, given back with its reply.
using Tag = std::uint32_t;

/// Greeting and EHLO are done; commands may be (and may already have been) sent.
struct Ready {
  Extensions extensions;
};
struct Answer {
  Tag tag;
  Reply reply;
};
/// The server will not serve us: a greeting or EHLO other than 2yz, a 421 (RFC 5321 section 3.8; where a
/// reply was expected, it is that command's Answer first), something that is not SMTP, an unexpected reply, a
/// command that cannot be sent because it holds a line end. `reply` is what the server said, if it said
/// something. The last event: commands not yet answered will not be. The connection must be closed.
struct Failed {
  std::string cause;
  std::optional<Reply> reply;
};
using ClientEvent = std::variant<Ready, Answer, Failed>;

class ClientSession {
 public:
  /// `helo`: the name for EHLO (HELO where EHLO is refused with 5yz). `origin`: what to tell by XCLIENT; a
  /// server that does not offer that is not used then, for it would take us for the origin.
  explicit ClientSession(std::string helo, std::vector<XclientAttribute> origin = {})
      : helo_(std::move(helo)), origin_(std::move(origin)) {}

  /// Takes bytes from the server; then draw the events.
  void receive(std::string_view bytes);
  [[nodiscard]] std::optional<ClientEvent> next_event();
  [[nodiscard]] bool has_event() const { return !events_.empty(); }

  /// Queues a command line (without CRLF). With pipelining it goes out at once, except behind a command that
  /// must be the last of its group (RFC 2920 section 3.1), DATA above all, whose reply is awaited. May be
  /// called before Ready.
  void send(std::string line, Tag tag);

  /// Instead of DATA where the server offers CHUNKING (RFC 3030), once every RCPT is answered: content()
  /// sends chunks by BDAT. The replies to all but the last come under `tag`; after a refusing one the rest is
  /// given up, and RSET is to be sent. The last chunk leaves only when all others are answered, so that it
  /// can still be given up.
  void begin_chunks(Tag tag);
  void give_up_chunks();

  /// Content, after begin_chunks() or after the Answer 354 to DATA was drawn. False: a bare CR or LF in it;
  /// behind DATA the connection must then be closed (there is no other way out of it). finish_content() sends
  /// the end of content; its reply comes under `tag`. Of a session that has failed, which is no fault of the
  /// content, Failed speaks: nothing is sent, and both say true.
  [[nodiscard]] bool content(std::string_view bytes);
  [[nodiscard]] bool finish_content(Tag tag);

  /// What is to be written to the server. The owner erases what it wrote.
  [[nodiscard]] std::string& output() { return output_; }
  /// Of content and commands taken over and not yet written.
  [[nodiscard]] std::size_t unsent_bytes() const { return output_.size() + queued_bytes_ + chunk_.size(); }

  /// Ready, nothing queued, and no reply outstanding: a next transaction may begin.
  [[nodiscard]] bool is_idle() const;
  /// No command after EHLO was answered yet.
  [[nodiscard]] bool is_fresh() const { return is_fresh_; }
  /// The connection is to be closed: nothing more is sent of what is queued. Close it when nothing is
  /// awaited any more: a client that goes before the reply to its DATA has, to sendmail 8.18, sent something
  /// in its stead ("traffic before response"), and sendmail then sends a report to the sender.
  void stop();
  [[nodiscard]] bool awaits_reply() const { return !outstanding_.empty(); }
  /// Of a transaction at its end: the last command is in the output, or beyond, and all before it are
  /// answered.
  [[nodiscard]] bool awaits_last_reply() const {
    return state_ == State::kReady && queued_.empty() && outstanding_.size() == 1;
  }
  /// The server has greeted with 2yz; it may have failed since.
  [[nodiscard]] bool is_greeted() const { return is_greeted_; }
  [[nodiscard]] const Extensions& extensions() const { return extensions_; }

 private:
  enum class State {
    kGreeting,  // the server's greeting is awaited
    kEhlo,      // EHLO is sent
    kHelo,      // EHLO was refused, HELO is sent
    kXclient,   // XCLIENT is sent; a new greeting follows
    kReady,
    kContent,  // 354 was received
    kFailed,
  };

  /// A command, queued or sent.
  struct Sent {
    Tag tag;
    std::string line;  // empty once sent, as is the chunk
    std::string chunk{};
    bool is_chunk = false;
    bool is_data = false;
    bool ends_group = false;  // what comes behind waits for its reply
    bool waits = false;       // for all replies before it
  };

  void on_reply(Reply reply);
  void on_ehlo_reply(const Reply& reply);
  void tell_origin(const Reply& ehlo);
  void on_answer(Reply reply);
  void send_queued();
  void write_line(std::string_view line);
  void enqueue(Sent command);
  void send_chunk(bool is_last, Tag tag);
  void fail(std::string cause, std::optional<Reply> reply);

  std::string helo_;
  std::vector<XclientAttribute> origin_;  // empty once told
  State state_ = State::kGreeting;
  ReplyReader reader_;
  ContentEncoder encoder_;
  std::optional<Tag> chunk_tag_;  // content goes by BDAT
  std::string chunk_;             // gathered for the next one
  LineEndCheck chunk_line_ends_;
  Extensions extensions_;
  bool is_fresh_ = true;
  bool is_greeted_ = false;
  std::string output_;
  std::deque<Sent> queued_;
  std::size_t queued_bytes_ = 0;
  std::deque<Sent> outstanding_;  // sent, not yet answered
  std::deque<ClientEvent> events_;
};

}  // namespace tsmtp::smtp
