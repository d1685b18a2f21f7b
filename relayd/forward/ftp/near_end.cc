#include "relayd/forward/ftp/near_end.h"

#include "relayd/base/bytes.h"
#include "relayd/forward/ftp/address.h"

namespace tsmtp::forward::ftp {
namespace {

constexpr std::uint16_t kFirstFreePort = 1024;  // RFC 2577 section 3

bool names_an_address(int code) {
  return code >= 227 && code <= 229;
}

Asked asked_by(const Command& command) {
  if (command.verb == "STAT") return Asked::kStatus;
  if (command.verb == "FEAT") return Asked::kFeatures;
  if (command.verb == "AUTH") return Asked::kTls;
  return is_transfer(command.verb) ? Asked::kTransfer : Asked::kOther;
}

}  // namespace

base::Result<void> NearEnd::from_host(std::string_view bytes, ProtocolOutput& out) {
  auto taken = take_commands(bytes, out);
  if (is_opaque_) out.to_link += bytes;
  if (replies_.between_replies()) out.to_host += awaited_.take_own();
  return taken;
}

base::Result<void> NearEnd::take_commands(std::string_view& bytes, ProtocolOutput& out) {
  while (!bytes.empty() && !is_opaque_) {
    auto line = commands_.read(bytes);
    if (!line) return line.error();
    if (!*line) break;
    if (auto taken = take(**line, out); !taken) return taken;
  }
  return {};
}

base::Result<void> NearEnd::take(const Line& line, ProtocolOutput& out) {
  if (line.too_long)
    return answer(500, "A command of more than " + std::to_string(kMaxLineBytes) + " bytes is refused here");
  const auto command = parse_command(line.text);
  if (!command) return answer(500, command.error().message);
  return take(*command, out);
}

base::Result<void> NearEnd::take(const Command& command, ProtocolOutput& out) {
  const std::string& verb = command.verb;
  const bool is_passive = verb == "PASV" || verb == "EPSV";
  const bool is_active = verb == "PORT" || verb == "EPRT";
  if ((is_passive || is_active) && sides_.own.empty())
    return answer(425, "A client at a unix socket has no data connections");
  if (is_passive) return passive(command, out);
  if (is_active) return active(command, out);
  // RFC 1639; and LPSV's reply would name an address.
  if (verb == "LPRT" || verb == "LPSV") return answer(502, verb + " is refused here: use EPRT or EPSV");
  return pass_on(command, {.asked = asked_by(command)}, out);
}

base::Result<void> NearEnd::passive(const Command& command, ProtocolOutput& out) {
  const bool v6 = is_ipv6(sides_.own);
  if (command.verb == "PASV") {
    if (extended_only_) return answer(501, "PASV is refused behind EPSV ALL");
    if (v6) return answer(425, "PASV names IPv4 addresses alone: use EPSV");
    return pass_on({.verb = "PASV", .argument = {}}, {.asked = Asked::kPassive}, out);
  }
  const std::string argument = base::ascii_upper(command.argument);
  if (argument == "ALL") {
    extended_only_ = true;
    return pass_on({.verb = "EPSV", .argument = argument}, {.asked = Asked::kExtendedOnly}, out);
  }
  const std::string family = v6 ? "2" : "1";
  if (!argument.empty() && argument != family)
    return answer(522, "This connection has the other protocol, use (" + family + ")");
  return pass_on({.verb = "EPSV", .argument = {}}, {.asked = Asked::kExtendedPassive}, out);
}

base::Result<void> NearEnd::active(const Command& command, ProtocolOutput& out) {
  if (extended_only_) return answer(501, command.verb + " is refused behind EPSV ALL");
  const auto named =
      command.verb == "PORT" ? parse_port_argument(command.argument) : parse_eprt_argument(command.argument);
  if (!named) return answer(501, "The argument of " + command.verb + " is no address with a port");
  if (!is_client(named->host) || named->port < kFirstFreePort) {
    host_.refused("the client named another host or a privileged port for a data connection");
    return answer(501, command.verb + " may name your own address alone, and a port from 1024 on");
  }
  last_token_ = next_token(last_token_);
  openings_.expect(last_token_, {.host = sides_.peer, .port = named->port, .unix_path = {}});
  return pass_on({.verb = "EPRT", .argument = eprt_argument(last_token_)},
                 {.asked = Asked::kActive, .token = last_token_}, out);
}

// lftp names no host but "::", for a port on all of its own addresses. The client is connected to in any
// case.
bool NearEnd::is_client(const std::string& host) const {
  return host == sides_.peer || host == (is_ipv6(sides_.peer) ? "::" : "0.0.0.0");
}

base::Result<void> NearEnd::pass_on(const Command& command, Awaited awaited, ProtocolOutput& out) {
  out.to_link += command.wire();
  return awaited_.push(std::move(awaited));
}

base::Result<void> NearEnd::answer(int code, std::string_view text) {
  return awaited_.push({.asked = Asked::kOwn, .text = reply(code, text)});
}

base::Result<void> NearEnd::from_link(std::string_view bytes, ProtocolOutput& out) {
  while (!bytes.empty() && !is_opaque_) {
    auto line = replies_.read(bytes);
    if (!line) return line.error();
    if (!*line) return {};
    if (auto taken = take(**line, out); !taken) return taken;
  }
  if (is_opaque_) out.to_host += bytes;
  return {};
}

std::string NearEnd::refusal(std::string_view cause) const {
  return reply(421, "Service not available: " + base::escaped(cause));
}

base::Result<void> NearEnd::take(const ReplyLine& line, ProtocolOutput& out) {
  Awaited* const awaited = awaited_.find(line.code);
  std::string text = line.text + "\r\n";
  if (names_an_address(line.code)) {
    if (!line.is_last) return {};
    const bool is_asked = awaited != nullptr && awaited->is_passive();
    text = is_asked ? listen(awaited->asked, line.behind_code())
                    : reply(425, "A data connection that was not asked for is refused here");
  }
  out.to_host += text;
  if (!line.is_last) return {};
  if (awaited != nullptr && line.is_preliminary()) awaited->under_way = true;
  if (awaited != nullptr && !line.is_preliminary())
    if (auto finished = finish(*awaited, line); !finished) return finished;
  out.to_host += awaited_.take_own();
  return {};
}

base::Result<void> NearEnd::finish(Awaited& awaited, const ReplyLine& line) {
  const Asked asked = awaited.asked;
  const Token token = awaited.token;
  awaited_.drop(&awaited);
  if (asked == Asked::kActive && line.code >= 400) openings_.forget(token);
  if (asked == Asked::kExtendedOnly && line.code >= 400) extended_only_ = false;
  if (asked != Asked::kTls || line.code != 234) return {};
  if (!awaited_.empty() || !commands_.at_line_start() || !replies_.is_empty())
    return base::Error{"the client did not wait for the reply to AUTH"};
  is_opaque_ = true;
  return {};
}

std::string NearEnd::listen(Asked asked, std::string_view reply_text) {
  const auto token = parse_extended_passive_reply(reply_text);
  if (!token) return reply(425, "The other hub named no data connection");
  const auto address = openings_.listen_alone(*token);
  if (!address) {
    host_.refused(address.error().message);
    return reply(425, "No port is to be had for the data connection");
  }
  if (asked == Asked::kExtendedPassive) return reply(229, extended_passive_text(address->port));
  return reply(227, "Entering Passive Mode (" + six_numbers(*address) + ")");
}

}  // namespace tsmtp::forward::ftp
