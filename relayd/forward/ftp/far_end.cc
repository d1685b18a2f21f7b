#include "relayd/forward/ftp/far_end.h"

#include <algorithm>
#include <array>

#include "relayd/base/bytes.h"
#include "relayd/forward/ftp/address.h"

namespace tsmtp::forward::ftp {
namespace {

constexpr std::uint16_t kFirstDataPort = 1024;

bool tells_where(int code) {
  return code >= 227 && code <= 229;
}

/// Whether a line of the reply to FEAT (RFC 2389) names what is refused here.
bool is_hidden_feature(std::string_view line, bool blind_tls) {
  static constexpr std::array<std::string_view, 2> kNever{"LPRT", "LPSV"};
  static constexpr std::array<std::string_view, 6> kWithTls{"AUTH", "PBSZ", "PROT", "CCC", "CPSV", "SSCN"};
  while (line.starts_with(' '))
    line.remove_prefix(1);
  const std::string name = base::ascii_upper(line.substr(0, line.find_first_of(" ;")));
  if (std::find(kNever.begin(), kNever.end(), name) != kNever.end()) return true;
  return !blind_tls && std::find(kWithTls.begin(), kWithTls.end(), name) != kWithTls.end();
}

/// The token of "|1|0.0.0.0|TOKEN|".
std::optional<Token> token_of(const Command& command) {
  if (command.verb != "EPRT") return std::nullopt;
  const auto named = parse_eprt_argument(command.argument);
  if (!named || named->host != "0.0.0.0") return std::nullopt;
  return named->port;
}

/// Where a 227 or 229 says that the server listens. A host of 0.0.0.0 is the server's own.
std::optional<base::HostPort> place_of(const ReplyLine& line, const std::string& server) {
  if (line.code == 227) {
    auto named = parse_passive_reply(line.behind_code());
    if (named && named->host == "0.0.0.0") named->host = server;
    return named;
  }
  const auto port = line.code == 229 ? parse_extended_passive_reply(line.behind_code()) : std::nullopt;
  if (!port) return std::nullopt;
  return base::HostPort{.host = server, .port = *port, .unix_path = {}};
}

}  // namespace

FarEnd::FarEnd(Sides sides, FarPolicy policy, FtpHost& host, Transfers& transfers)
    : sides_(std::move(sides)),
      policy_(std::move(policy)),
      host_(host),
      transfers_(transfers),
      openings_(host) {
  for (std::string& verb : policy_.refuse)
    verb = base::ascii_upper(verb);
}

bool FarEnd::is_refused(std::string_view verb) const {
  return std::find(policy_.refuse.begin(), policy_.refuse.end(), verb) != policy_.refuse.end();
}

base::Result<void> FarEnd::from_link(std::string_view bytes, ProtocolOutput& out) {
  auto taken = take_commands(bytes, out);
  if (is_opaque_) out.to_host += bytes;
  if (replies_.between_replies()) out.to_link += awaited_.take_own();
  return taken;
}

base::Result<void> FarEnd::take_commands(std::string_view& bytes, ProtocolOutput& out) {
  while (!bytes.empty() && !is_opaque_) {
    auto line = commands_.read(bytes);
    if (!line) return line.error();
    if (!*line) break;
    if (auto taken = take(**line, out); !taken) return taken;
  }
  return {};
}

base::Result<void> FarEnd::take(const Line& line, ProtocolOutput& out) {
  if (line.too_long) return base::Error{"the other hub sent an FTP command that is too long"};
  const auto command = parse_command(line.text);
  if (!command) return answer(500, command.error().message);
  return take(*command, out);
}

base::Result<void> FarEnd::take(const Command& command, ProtocolOutput& out) {
  const std::string& verb = command.verb;
  if (is_refused(verb)) {
    host_.refused(verb + " is refused by ftp_refuse");
    return answer(550, verb + " is refused here by policy");
  }
  if (verb == "PASV" || verb == "EPSV") return passive(command, out);
  if (verb == "PORT" || verb == "EPRT") return active(command, out);
  if (verb == "LPRT" || verb == "LPSV") return answer(502, verb + " is refused here: use EPRT or EPSV");
  if (verb == "AUTH") return secure(command, out);
  Asked asked = Asked::kOther;
  if (verb == "STAT") asked = Asked::kStatus;
  if (verb == "FEAT") asked = Asked::kFeatures;
  if (is_transfer(verb)) {
    asked = Asked::kTransfer;
    transfers_.begun(verb, command.argument);
  }
  return pass_on(command, {.asked = asked}, out);
}

base::Result<void> FarEnd::passive(const Command& command, ProtocolOutput& out) {
  if (base::ascii_upper(command.argument) == "ALL")
    return pass_on(command, {.asked = Asked::kExtendedOnly}, out);
  last_token_ = next_token(last_token_);
  transfers_.opening({.is_active = false, .token = last_token_});
  const bool extended = command.verb == "EPSV" || is_ipv6(sides_.peer);
  return pass_on({.verb = extended ? "EPSV" : "PASV", .argument = {}},
                 {.asked = extended ? Asked::kExtendedPassive : Asked::kPassive, .token = last_token_}, out);
}

base::Result<void> FarEnd::active(const Command& command, ProtocolOutput& out) {
  const auto token = token_of(command);
  if (!token) return answer(501, "The other hub named an address for a data connection");
  const auto address = openings_.listen(*token);
  if (!address) {
    host_.refused(address.error().message);
    return answer(425, "No port is to be had for the data connection");
  }
  transfers_.opening({.is_active = true, .token = *token});
  Command to_server{.verb = "EPRT", .argument = eprt_argument(*address)};
  if (!is_ipv6(address->host)) to_server = {.verb = "PORT", .argument = six_numbers(*address)};
  return pass_on(to_server, {.asked = Asked::kActive, .token = *token}, out);
}

base::Result<void> FarEnd::secure(const Command& command, ProtocolOutput& out) {
  static constexpr std::array<std::string_view, 4> kTls{"TLS", "TLS-C", "SSL",
                                                        "TLS-P"};  // RFC 4217 section 17
  if (std::find(kTls.begin(), kTls.end(), base::ascii_upper(command.argument)) == kTls.end())
    return answer(504, "This kind of AUTH is refused here");
  if (!policy_.blind_tls)
    return answer(534,
                  "TLS is refused here by policy: the link between the hubs is encrypted, go on without");
  return pass_on(command, {.asked = Asked::kTls}, out);
}

base::Result<void> FarEnd::pass_on(const Command& command, Awaited awaited, ProtocolOutput& out) {
  out.to_host += command.wire();
  return awaited_.push(std::move(awaited));
}

base::Result<void> FarEnd::answer(int code, std::string_view text) {
  return awaited_.push({.asked = Asked::kOwn, .text = reply(code, text)});
}

base::Result<void> FarEnd::from_host(std::string_view bytes, ProtocolOutput& out) {
  while (!bytes.empty() && !is_opaque_) {
    auto line = replies_.read(bytes);
    if (!line) return line.error();
    if (!*line) return {};
    if (auto taken = take(**line, out); !taken) return taken;
  }
  if (is_opaque_) out.to_link += bytes;
  return {};
}

base::Result<void> FarEnd::take(const ReplyLine& line, ProtocolOutput& out) {
  Awaited* const awaited = awaited_.find(line.code);
  out.to_link += shown(line, awaited);
  if (!line.is_last) return {};
  if (awaited != nullptr) {
    if (awaited->asked == Asked::kTransfer) transfers_.answered(line.code);
    if (line.is_preliminary()) awaited->under_way = true;
    if (!line.is_preliminary())
      if (auto finished = finish(*awaited, line); !finished) return finished;
  }
  out.to_link += awaited_.take_own();
  return {};
}

std::string FarEnd::shown(const ReplyLine& line, const Awaited* awaited) {
  if (tells_where(line.code)) {
    if (!line.is_last) return {};
    if (awaited != nullptr && awaited->is_passive()) return expect(line, awaited->token);
    host_.refused("the server named a place for a data connection that no command asked for");
    return reply(425, "A data connection that was not asked for is refused here");
  }
  const bool is_feature =
      awaited != nullptr && awaited->asked == Asked::kFeatures && line.text.starts_with(' ');
  if (is_feature && is_hidden_feature(line.text, policy_.blind_tls)) return {};
  return line.text + "\r\n";
}

std::string FarEnd::expect(const ReplyLine& line, Token token) {
  const auto place = place_of(line, sides_.peer);
  if (!place) {
    host_.refused("the server's reply names no place for the data connection");
    return reply(425, "The server named no place for the data connection");
  }
  if (place->host != sides_.peer || place->port < kFirstDataPort) {
    host_.refused("the server named " + place->to_string() +
                  " for a data connection, which is not its own address with a port from 1024 on");
    return reply(425, "The server named another host for the data connection, which is refused here");
  }
  openings_.expect_alone(token, *place);
  return reply(229, extended_passive_text(token));
}

base::Result<void> FarEnd::finish(Awaited& awaited, const ReplyLine& line) {
  const Asked asked = awaited.asked;
  const Token token = awaited.token;
  awaited_.drop(&awaited);
  if (asked == Asked::kActive && line.code >= 400) openings_.forget(token);
  if (asked != Asked::kTls || line.code != 234) return {};
  if (!awaited_.empty() || !commands_.at_line_start() || !replies_.is_empty())
    return base::Error{"the client did not wait for the reply to AUTH"};
  is_opaque_ = true;
  return {};
}

}  // namespace tsmtp::forward::ftp
