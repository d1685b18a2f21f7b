// The server's half of an SMTP (RFC 5321) or LMTP (RFC 2033) dialogue, without sockets or clocks: bytes in,
// requests out, replies in, bytes out. It knows syntax and the order of commands. Its owner decides what a
// request deserves, at once or later; replies leave in the order of the commands whatever the order of the
// decisions (RFC 2920).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "relayd/settings/site.h"
#include "relayd/smtp/chunk.h"
#include "relayd/smtp/command.h"
#include "relayd/smtp/content.h"
#include "relayd/smtp/extensions.h"
#include "relayd/smtp/line_ends.h"
#include "relayd/smtp/line_reader.h"
#include "relayd/smtp/owed_replies.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::smtp {

/// What the owner is asked. Those with a ticket must be answered with reply().
struct MailRequest {
  Ticket ticket;
  std::string helo;
  bool lmtp;
  PathCommand command;
  std::optional<Reply> refusal{};  ///< see ServerOptions::leaves_refusals
};
struct RcptRequest {
  Ticket ticket;
  PathCommand command;
  bool another_follows = false;    ///< the next command is here already, and is a RCPT too
  std::optional<Reply> refusal{};  ///< see ServerOptions::leaves_refusals
};
/// DATA, or the first BDAT of a mail (RFC 3030). Answered with 354, content follows (ContentPiece…,
/// ContentEnd); with anything else, it does not.
struct DataRequest {
  Ticket ticket;
};
/// Content, unstuffed.
struct ContentPiece {
  std::string bytes;
};
/// The end of content. SMTP: one ticket. LMTP: one for each recipient answered positively, in their order,
/// each to be answered with that recipient's own verdict. `bare_line_end`: a CR or LF alone was in the
/// content, which must be refused.
struct ContentEnd {
  std::vector<Ticket> tickets;
  bool bare_line_end;
};
/// The client gave the transaction up: RSET, a new HELO, EHLO or LHLO, or a DATA or BDAT that was refused
/// here because every recipient had been refused. Already answered; tickets handed
/// out before are still to be answered. Only sent while a transaction is open, that is, after a MailRequest
/// answered positively (or not yet) and before its ContentEnd; with BDAT it may come in the middle of the
/// content.
struct Abandoned {};
/// The dialogue is over: QUIT, a 421, too many errors, close(). No transaction outlives it, and no ticket is
/// still to be answered. Flush the output, then close.
struct Finished {};
using Request =
    std::variant<MailRequest, RcptRequest, DataRequest, ContentPiece, ContentEnd, Abandoned, Finished>;

struct ServerOptions {
  std::string name;    ///< names us in the greeting and in replies, e.g. "birlinghoven.tsmtp"
  Extensions offered;  ///< what EHLO says; a SIZE over its `size` is refused here
  /// With CRLF. RFC 5321 section 4.5.3.1.4 asks for 512, and more for extensions.
  std::size_t max_line_bytes = 4096;
  /// Over max_recipients: 452 4.5.3, RFC 5321 section 4.5.3.1.8 asks for 100. Over max_errors: 421 4.7.0.
  settings::Sessions sessions{};
  /// Parameters that are not offered, and a SIZE over `offered.size`, are refused here. Or the refusal goes
  /// with the request, and the owner tells it now or later.
  bool leaves_refusals = false;
  /// EHLO says SIZE without `offered.size`: a client that knows it refuses by itself what is larger.
  bool hides_size_limit = false;
  /// RSET, NOOP, EHLO and the like since the last message; each one more counts as an error.
  int max_idle_commands = 100;
};

/// All that a dialogue is between two mails, when every command has been answered: another ServerSession may
/// go on with it.
struct Resting {
  enum class Protocol { kNone, kSmtp, kLmtp };

  Protocol protocol = Protocol::kNone;  ///< what the first HELO, EHLO or LHLO chose
  std::string helo;
  std::uint64_t errors = 0;  ///< since the last accepted message
  int idle_commands = 0;     ///< since the last message

  friend bool operator==(const Resting&, const Resting&) = default;
};

class ServerSession {
 public:
  /// The greeting, 220, is in output() at once.
  explicit ServerSession(ServerOptions options);

  /// Goes on where another one rested: no greeting.
  ServerSession(ServerOptions options, Resting where);

  /// A dialogue that is refused from its first word: `greeting` (a 421: never 5xx, which would bounce) is in
  /// output(), and Finished is the next request.
  [[nodiscard]] static ServerSession refusing(const Reply& greeting);

  /// Takes bytes from the client. They are kept until requests are drawn with next(); the owner must not feed
  /// more while wants_input() is false: too much undrawn, or too much output not yet written. Ask again after
  /// either.
  void receive(std::string_view bytes);
  [[nodiscard]] bool wants_input() const;

  /// The next request, or nothing until more bytes or replies come; draw until there is none, after
  /// receive(), reply() and close(). Commands behind DATA or the end of content are not looked at before that
  /// is answered (RFC 2920 section 3.1). Bytes that come behind DATA before its 354 has left are refused,
  /// 503 5.5.0, and the dialogue is over: nothing that was sent as content is taken for a command, and
  /// nothing that was sent as a command for content.
  [[nodiscard]] std::optional<Request> next();

  /// Answers a request. Each ticket exactly once; after close() or Finished it is passed over. MAIL: a 2yz
  /// opens the transaction, anything else ends it (RCPTs that were pipelined behind it are still to be
  /// answered). RCPT: a 2yz adds a recipient. DATA: 354, for which MAIL and a RCPT must have got 2yz, opens
  /// the content, anything else ends the transaction; to BDAT the 354 is not sent, and what was refused is
  /// read and thrown away. DATA without an accepted or unanswered recipient is refused here, 554 5.5.1,
  /// without a DataRequest; where there was no RCPT yet, the transaction goes on. A 421 to anything ends the
  /// dialogue once it leaves (RFC 5321 section 3.8).
  void reply(Ticket ticket, Reply reply);

  /// Ends the dialogue from our side with `reply` (a 421) behind the replies that are ready; Finished
  /// follows. For time-outs, shutdown, a lost link. Requests not yet answered need no answer any more.
  void close(const Reply& reply);

  /// What is to be written to the client. The owner erases what it wrote.
  [[nodiscard]] std::string& output() { return output_; }

  /// QUIT was read, or is the last of what is still to be looked at: a client that sends nothing after it
  /// still waits for its replies.
  [[nodiscard]] bool was_told_quit() const;
  /// From a MailRequest (answered or not) to its refusal, an Abandoned, the reply to DATA if not 354, or the
  /// last one to ContentEnd.
  [[nodiscard]] bool in_transaction() const { return transaction_.phase != Transaction::Phase::kNone; }
  [[nodiscard]] const std::string& helo() const { return resting_.helo; }
  /// Nothing while a command is under way, or part of one is here, or output is still to be written.
  [[nodiscard]] std::optional<Resting> resting() const;

 private:
  enum class State {
    kCommands,      // lines are commands
    kDataAsked,     // DATA is not yet answered; nothing may come
    kContent,       // behind 354
    kChunkAsked,    // the first BDAT is not yet answered; its chunk waits
    kChunk,         // what is left of chunk_ is content
    kRefusedChunk,  // what is left of chunk_ is thrown away, then its refusal is told
    kContentEnded,  // the end of content was read; ContentEnd is the next request
    kFinalAsked,    // ContentEnd is not yet answered
    kLeaving,       // nothing more is read; Finished follows the last reply
    kOver,          // Finished was drawn
  };
  using Protocol = Resting::Protocol;
  using Kind = OwedReplies::Kind;

  struct Transaction {
    enum class Phase { kNone, kAsked, kOpen };

    Phase phase = Phase::kNone;
    Ticket mail_ticket = 0;            // later tickets belong to it
    std::size_t recipients = 0;        // accepted
    std::size_t asked_recipients = 0;  // not yet answered
    bool had_recipient = false;        // asked or answered
    bool utf8 = false;                 // SMTPUTF8 was given with MAIL
    bool in_chunks = false;            // the content comes by BDAT

    [[nodiscard]] std::size_t possible_recipients() const { return recipients + asked_recipients; }
  };

  /// On its way from the client's bytes to ContentPiece.
  struct Content {
    ContentDecoder decoder;
    LineEndCheck line_ends;
    CanonicalLineEnds canonical;
    std::string undrawn;
  };

  ServerSession() = default;

  // server_session.cc: the state machine and the queue of replies
  [[nodiscard]] std::optional<Request> next_command();
  [[nodiscard]] std::string_view unread() const { return std::string_view(input_).substr(read_bytes_); }
  void mark_read(std::size_t bytes);
  void flush();
  void after_leaving(Kind kind, const Reply& reply);
  void leave();
  [[nodiscard]] bool is_lmtp() const { return resting_.protocol == Protocol::kLmtp; }

  // server_commands.cc: what each command means; each returns the request it makes of the owner, if any
  [[nodiscard]] std::optional<Request> on_line(const Line& line);
  [[nodiscard]] std::optional<Request> on_command(const Command& command);
  [[nodiscard]] std::optional<Request> on_hello(const Command& command);
  [[nodiscard]] std::optional<Request> on_mail(const std::string& argument);
  [[nodiscard]] std::optional<Request> on_rcpt(const std::string& argument);
  [[nodiscard]] std::optional<Request> on_data(const std::string& argument);
  [[nodiscard]] std::optional<Request> abandon();
  [[nodiscard]] bool leaves_to_owner();
  void answer(Reply reply);
  void refuse(Reply reply);
  void answer_idle(Reply reply);

  // server_content.cc: content, by DATA and by BDAT
  void decode_content(std::string_view& bytes);
  [[nodiscard]] std::optional<Request> next_piece();
  [[nodiscard]] std::optional<Request> next_chunk_piece();
  void skip_chunk();
  [[nodiscard]] ContentEnd end_content();
  [[nodiscard]] std::optional<Request> as_piece(std::string bytes);
  [[nodiscard]] std::optional<Request> on_bdat(const std::string& argument);
  void refuse_chunk(Reply reply);

  ServerOptions options_;
  LineReader lines_{0};
  State state_ = State::kCommands;
  std::string input_;
  std::size_t read_bytes_ = 0;  // of input_
  std::string output_;
  Resting resting_;
  OwedReplies owed_;
  Transaction transaction_;
  Content content_;
  Chunk chunk_;            // under way
  bool said_421_ = false;  // to one of several LMTP recipients; the dialogue ends after the last
};

}  // namespace tsmtp::smtp
