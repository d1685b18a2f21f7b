// ServerSession's commands: syntax and order, one function each. The state machine is in server_session.cc.
#include <algorithm>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/smtp/server_session.h"

namespace tsmtp::smtp {
namespace {

constexpr std::size_t kMaxHeloBytes = 255;  // RFC 5321 section 4.5.3.1.2

// What sendmail takes (srvrsmtp.c): letters, digits, and what host names and address literals are made of,
// with the underscore that Windows hosts like. The name goes on to the far MTA.
bool is_hello_name(std::string_view name) {
  constexpr std::string_view kOthers = "[].-_#:";
  return !name.empty() && name.size() <= kMaxHeloBytes && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

Reply hello_reply(const ServerOptions& options, Verb verb) {
  Reply reply{250, {options.name}};
  if (verb == Verb::kHelo) return reply;
  Extensions offered = options.offered;
  if (options.hides_size_limit && offered.size) offered.size = 0;
  if (verb == Verb::kLhlo) offered.pipelining = offered.enhanced_status_codes = true;  // RFC 2033 section 5
  for (std::string& line : keyword_lines(offered))
    reply.lines.push_back(std::move(line));
  return reply;
}

}  // namespace

std::optional<Request> ServerSession::on_line(const Line& line) {
  switch (line.kind) {
    case Line::Kind::kGood:
      return on_command(parse_command(line.text));
    case Line::Kind::kTooLong:
      refuse(make_reply(500, "5.5.2",
                        "command line longer than " + std::to_string(options_.max_line_bytes) + " bytes"));
      break;
    case Line::Kind::kBareLineEnd:
      refuse(make_reply(500, "5.5.2", "CR or LF alone in a command line; lines end with CRLF"));
      break;
    case Line::Kind::kNul:
      refuse(make_reply(500, "5.5.2", "NUL in a command line"));
      break;
  }
  return std::nullopt;
}

std::optional<Request> ServerSession::on_command(const Command& command) {
  switch (command.verb) {
    case Verb::kHelo:
    case Verb::kEhlo:
    case Verb::kLhlo:
      return on_hello(command);
    case Verb::kMail:
      return on_mail(command.argument);
    case Verb::kRcpt:
      return on_rcpt(command.argument);
    case Verb::kData:
      return on_data(command.argument);
    case Verb::kBdat:
      return on_bdat(command.argument);
    case Verb::kRset:
      answer_idle(make_reply(250, "2.0.0", "OK"));
      return abandon();
    case Verb::kNoop:
      answer_idle(make_reply(250, "2.0.0", "OK"));
      break;
    case Verb::kVrfy:
      answer_idle(make_reply(252, "2.5.2", "cannot verify here; the far MTA decides on RCPT"));
      break;
    case Verb::kHelp:
      answer_idle(
          make_reply(214, "2.0.0", "tsmtp carries mail to one site; see relayctl status on this hub"));
      break;
    case Verb::kQuit:
      state_ = State::kLeaving;
      answer(make_reply(221, "2.0.0", options_.name + " closing"));
      break;
    case Verb::kExpn:
    case Verb::kStarttls:
    case Verb::kAuth:
    case Verb::kEtrn:
      refuse(make_reply(502, "5.5.1", "command not offered here"));
      break;
    case Verb::kUnknown:
      refuse(make_reply(500, "5.5.1", "unknown command"));
      break;
  }
  return std::nullopt;
}

std::optional<Request> ServerSession::on_hello(const Command& command) {
  if (!is_hello_name(command.argument)) {
    refuse(make_reply(501, "5.5.4", "HELO, EHLO and LHLO need a host name"));
    return std::nullopt;
  }
  const Protocol wanted = command.verb == Verb::kLhlo ? Protocol::kLmtp : Protocol::kSmtp;
  if (resting_.protocol != Protocol::kNone && resting_.protocol != wanted) {
    refuse(make_reply(503, "5.5.1", is_lmtp() ? "this dialogue speaks LMTP" : "this dialogue speaks SMTP"));
    return std::nullopt;
  }
  resting_.protocol = wanted;
  resting_.helo = command.argument;
  answer_idle(hello_reply(options_, command.verb));
  return abandon();
}

std::optional<Request> ServerSession::on_mail(const std::string& argument) {
  if (resting_.helo.empty()) {
    refuse(make_reply(503, "5.5.1", "say EHLO, HELO or LHLO first"));
    return std::nullopt;
  }
  if (in_transaction()) {
    refuse(make_reply(503, "5.5.1", "MAIL was given already"));
    return std::nullopt;
  }
  PathResult parsed = parse_mail(argument);
  if (!parsed) {
    refuse(parsed.error());
    return std::nullopt;
  }
  std::optional<Reply> refusal = check_mail_parameters(*parsed, options_.offered);
  if (refusal && !leaves_to_owner()) {
    refuse(*std::move(refusal));
    return std::nullopt;
  }
  const std::uint64_t limit = options_.offered.size.value_or(0);
  const std::uint64_t declared = declared_size(*parsed);
  if (!refusal && limit > 0 && declared > limit) {
    refusal = make_reply(
        552, "5.3.4",
        "message of " + std::to_string(declared) + " bytes is over the limit of " + std::to_string(limit));
    if (!options_.leaves_refusals) {
      answer(*std::move(refusal));  // no error of the client's: SIZE is there to ask
      return std::nullopt;
    }
  }
  transaction_.mail_ticket = owed_.owe(Kind::kMail);
  transaction_.phase = Transaction::Phase::kAsked;
  transaction_.utf8 = parsed->has("SMTPUTF8");
  return MailRequest{transaction_.mail_ticket, resting_.helo, is_lmtp(), *std::move(parsed),
                     std::move(refusal)};
}

std::optional<Request> ServerSession::on_rcpt(const std::string& argument) {
  if (!in_transaction() || transaction_.in_chunks) {
    refuse(
        make_reply(503, "5.5.1", transaction_.in_chunks ? "RCPT behind BDAT is out of turn" : "MAIL first"));
    return std::nullopt;
  }
  PathResult parsed = parse_rcpt(argument, transaction_.utf8);
  if (!parsed) {
    refuse(parsed.error());
    return std::nullopt;
  }
  std::optional<Reply> refusal = check_rcpt_parameters(*parsed, options_.offered);
  if (refusal && !leaves_to_owner()) {
    refuse(*std::move(refusal));
    return std::nullopt;
  }
  if (transaction_.possible_recipients() >= options_.sessions.max_recipients) {
    answer(make_reply(452, "4.5.3",
                      "more than " + std::to_string(options_.sessions.max_recipients) + " recipients"));
    return std::nullopt;
  }
  ++transaction_.asked_recipients;
  transaction_.had_recipient = transaction_.had_recipient || !refusal;
  const Ticket ticket = owed_.owe(Kind::kRcpt);
  const bool another_follows = base::ascii_lower(unread().substr(0, 5)) == "rcpt ";
  return RcptRequest{ticket, *std::move(parsed), another_follows, std::move(refusal)};
}

std::optional<Request> ServerSession::on_data(const std::string& argument) {
  if (!unread().empty()) {
    refuse(make_reply(503, "5.5.0", "bytes behind DATA before its reply; closing"));
    state_ = State::kLeaving;
    return std::nullopt;
  }
  if (!argument.empty()) {
    refuse(make_reply(501, "5.5.4", "DATA has no argument"));
    return std::nullopt;
  }
  if (!in_transaction() || transaction_.in_chunks) {
    refuse(
        make_reply(503, "5.5.1", transaction_.in_chunks ? "DATA behind BDAT is out of turn" : "MAIL first"));
    return std::nullopt;
  }
  if (transaction_.possible_recipients() == 0) {
    answer(make_reply(is_lmtp() ? 503 : 554, "5.5.1", "no valid recipients"));  // RFC 2033 section 4.2
    if (!transaction_.had_recipient) return std::nullopt;  // RCPT may still follow, as with sendmail
    return abandon();
  }
  state_ = State::kDataAsked;
  return DataRequest{owed_.owe(Kind::kData)};
}

// The error that is one too many closes, whoever is asked.
bool ServerSession::leaves_to_owner() {
  if (!options_.leaves_refusals || resting_.errors + 1 >= options_.sessions.max_errors) return false;
  ++resting_.errors;
  return true;
}

std::optional<Request> ServerSession::abandon() {
  if (!in_transaction()) return std::nullopt;
  transaction_ = {};
  return Abandoned{};
}

void ServerSession::answer(Reply reply) {
  const Ticket ticket = owed_.owe(Kind::kOther);
  this->reply(ticket, std::move(reply));
}

void ServerSession::refuse(Reply reply) {
  answer(std::move(reply));
  if (++resting_.errors < options_.sessions.max_errors) return;
  state_ = State::kLeaving;
  answer(make_reply(421, "4.7.0", options_.name + " too many errors"));
}

void ServerSession::answer_idle(Reply reply) {
  if (++resting_.idle_commands <= options_.max_idle_commands)
    answer(std::move(reply));
  else
    refuse(std::move(reply));
}

}  // namespace tsmtp::smtp
