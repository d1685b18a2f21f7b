// Both ends of an FTP control connection, between a client, a server and hubs that say anything: data
// connections go to the two ends of the control connection alone, few at once, and a command that is refused
// reaches no server, however that reads telnet.
//
// An input: one byte of flags (1: IPv6, 2: TLS is passed on), then steps. c: bytes of the client. s: of the
// server. n: of a hub, to the near end. f: of a hub, to the far end. x: no port is to be had any more.
#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "relayd/forward/ftp/far_end.h"
#include "relayd/forward/ftp/near_end.h"
#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

using namespace forward::ftp;
using forward::ProtocolOutput;

/// Sockets that are none. `allowed`: the host that may be connected to.
class Sockets : public FtpHost {
 public:
  Sockets(std::string own, std::string allowed) : own_(std::move(own)), allowed_(std::move(allowed)) {}
  [[nodiscard]] base::Result<base::HostPort> listen(Token token) override {
    must(token != 0, "a token is a number from 1 on");
    if (has_no_port) return base::Error{"no port"};
    open(token);
    return base::HostPort{.host = own_, .port = 40000, .unix_path = {}};
  }
  void expect(Token token, const base::HostPort& where) override {
    must(where.host == allowed_, "data connections go to the other end of the control connection");
    must(where.port >= 1024, "data connections go to no privileged port");
    open(token);
  }
  void forget(Token token) override {
    const auto at = open_.find(token);
    must(at != open_.end(), "what is forgotten was open");
    open_.erase(at);
  }
  void refused(const std::string& what) override {
    must(!what.empty() && what.size() < 300, "a cause is a sentence");
  }
  bool has_no_port = false;

 private:
  void open(Token token) {
    open_.insert(token);
    must(open_.size() <= Openings::kMax, "few data connections are possible at once");
  }
  std::string own_;
  std::string allowed_;
  std::multiset<Token> open_;
};

/// A server that takes telnet's commands out of whatever it reads, and ends lines at any CR or LF.
class ServerModel {
 public:
  void read(std::string_view bytes) {
    for (const char c : bytes)
      read(c);
  }

 private:
  void read(char c) {
    const auto value = static_cast<unsigned char>(c);
    if (telnet_ == 1) {
      telnet_ = value >= 251 && value < 255 ? 2 : 0;
      return;
    }
    if (telnet_ == 2) {
      telnet_ = 0;
      return;
    }
    if (value == 255 && line_.find(' ') == std::string::npos) {  // names have their own bytes
      telnet_ = 1;
      return;
    }
    if (c != '\r' && c != '\n') {
      if (line_.size() < 8) line_ += c;
      return;
    }
    must(line_.substr(0, line_.find(' ')) != "STOR", "a refused command does not reach the server");
    line_.clear();
  }
  std::string line_;
  int telnet_ = 0;
};

class Room {
 public:
  explicit Room(unsigned flags)
      : v6_((flags & 1U) != 0),
        near_sockets_(v6_ ? "::1" : "127.0.0.1", v6_ ? "::9" : "127.0.0.9"),
        far_sockets_(v6_ ? "2001:db8::1" : "192.0.2.1", v6_ ? "2001:db8::7" : "192.0.2.7"),
        near_({.own = v6_ ? "::1" : "127.0.0.1", .peer = v6_ ? "::9" : "127.0.0.9"}, near_sockets_),
        far_({.own = v6_ ? "2001:db8::1" : "192.0.2.1", .peer = v6_ ? "2001:db8::7" : "192.0.2.7"},
             {.refuse = {"STOR"}, .blind_tls = (flags & 2U) != 0}, far_sockets_, transfers_) {}

  /// False: the connection is over.
  bool take(const Step& step) {
    ProtocolOutput out;
    switch (step.kind) {
      case 'c':
        return pass(bool(near_.from_host(step.payload, out)), out, true);
      case 's':
        return pass(bool(far_.from_host(step.payload, out)), out, false);
      case 'n':
        return pass(bool(near_.from_link(step.payload, out)), out, true);
      case 'f':
        return pass(bool(far_.from_link(step.payload, out)), out, false);
      case 'x':
        near_sockets_.has_no_port = far_sockets_.has_no_port = true;
        return true;
      default:
        return true;
    }
  }

 private:
  bool pass(bool goes_on, const ProtocolOutput& out, bool at_near) {
    must(out.to_link.size() + out.to_host.size() < (std::size_t{1} << 22), "what is sent is bounded");
    if (at_near) look_at_client(out.to_host);
    if (!at_near) {
      is_opaque_ = is_opaque_ || out.to_link.find("234") != std::string::npos;
      if (!is_opaque_) server_.read(out.to_host);
    }
    if (!goes_on || out.to_link.empty()) return goes_on;
    ProtocolOutput next;
    const bool went =
        at_near ? bool(far_.from_link(out.to_link, next)) : bool(near_.from_link(out.to_link, next));
    return pass(went, next, !at_near);
  }
  /// A client that reads any line as a reply is told of no place but ours.
  void look_at_client(std::string_view text) {
    to_client_ += text;
    if (to_client_.find("234") != std::string::npos) return;
    for (std::size_t end = 0; (end = to_client_.find('\n')) != std::string::npos;
         to_client_.erase(0, end + 1)) {
      const std::string line = to_client_.substr(0, end);
      if (line.starts_with("227 "))
        must(line.find("(127,0,0,1,156,64)") != std::string::npos, "227 names this hub");
      if (line.starts_with("229 ")) must(line.find("(|||40000|)") != std::string::npos, "229 names our port");
      must(!line.starts_with("228 "), "228 is not for clients");
    }
  }

  bool v6_;
  Sockets near_sockets_;
  Sockets far_sockets_;
  Transfers transfers_;
  NearEnd near_;
  FarEnd far_;
  ServerModel server_;
  std::string to_client_;
  bool is_opaque_ = false;
};

/// What is read does not depend on how its bytes come.
template <typename End>
std::string in_pieces(End& end, std::string_view bytes, std::size_t piece) {
  ProtocolOutput out;
  bool goes_on = true;
  while (!bytes.empty() && goes_on) {
    goes_on = bool(end.from_link(bytes.substr(0, piece), out));
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  return out.to_host + '\0' + out.to_link + (goes_on ? "" : "over");
}

void check_pieces(std::string_view bytes, std::size_t piece) {
  std::map<std::size_t, std::string> far_said;
  for (const std::size_t size : {bytes.size() + 1, piece}) {
    Sockets sockets("192.0.2.1", "192.0.2.7");
    Transfers transfers;
    FarEnd far({.own = "192.0.2.1", .peer = "192.0.2.7"}, {.refuse = {"STOR"}}, sockets, transfers);
    far_said[size] = in_pieces(far, bytes, size);
  }
  must(far_said.begin()->second == far_said.rbegin()->second, "pieces of commands are read as the whole is");
  std::map<std::size_t, std::string> near_said;
  for (const std::size_t size : {bytes.size() + 1, piece}) {
    Sockets sockets("127.0.0.1", "127.0.0.9");
    NearEnd near({.own = "127.0.0.1", .peer = "127.0.0.9"}, sockets);
    near_said[size] = in_pieces(near, bytes, size);
  }
  must(near_said.begin()->second == near_said.rbegin()->second, "pieces of replies are read as the whole is");
}

}  // namespace
}  // namespace tsmtp::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tsmtp;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const unsigned flags = fuzz::take_byte(input);
  fuzz::Room room(flags);
  for (const fuzz::Step& step : fuzz::steps_of(input))
    if (!room.take(step)) break;
  fuzz::check_pieces(input, flags % 16 + 1);
  return 0;
}
