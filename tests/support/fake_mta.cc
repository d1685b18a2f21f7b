#include "tests/support/fake_mta.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

std::string between(const std::string& line, char open, char close) {
  const std::size_t begin = line.find(open);
  const std::size_t end = line.rfind(close);
  return begin == std::string::npos || end == std::string::npos ? ""
                                                                : line.substr(begin + 1, end - begin - 1);
}

std::string peer_of(int fd) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  getpeername(fd, reinterpret_cast<sockaddr*>(&address), &length);
  char text[INET_ADDRSTRLEN] = "";
  inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
  return text;
}

bool is_readable(int fd) {
  pollfd poll_fd{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&poll_fd, 1, 0) == 1;
}

// Its fixed part says how much follows.
std::string proxy_header(Connection& connection) {
  const auto fixed = connection.bytes(16);
  if (!fixed) return "";
  const auto high = static_cast<unsigned char>((*fixed)[14]);
  const auto low = static_cast<unsigned char>((*fixed)[15]);
  return *fixed + connection.bytes(high * 256U + low).value_or("");
}

}  // namespace

FakeMta::FakeMta(std::uint16_t port) : listener_(listen_on(port)), acceptor_([this] { accept_loop(); }) {}

FakeMta::~FakeMta() {
  ending_ = true;
  stalled = false;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_)
      shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& session : sessions_)
    session.join();
}

void FakeMta::set_script(Script script) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
}

void FakeMta::set_greeting(const std::string& greeting) {
  const std::lock_guard lock(mutex_);
  greeting_ = greeting;
}

void FakeMta::set_extensions(std::vector<std::string> lines) {
  const std::lock_guard lock(mutex_);
  extensions_ = std::move(lines);
}

std::vector<Delivered> FakeMta::delivered() const {
  const std::lock_guard lock(mutex_);
  return delivered_;
}

std::size_t FakeMta::count() const {
  const std::lock_guard lock(mutex_);
  return delivered_.size();
}

void FakeMta::accept_loop() {
  while (!ending_) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const std::lock_guard lock(mutex_);
    open_.push_back(fd);
    sessions_.emplace_back([this, fd] { serve(fd); });
  }
}

std::string FakeMta::answer(const std::string& command, const std::string& usual) const {
  Script script;
  {
    const std::lock_guard lock(mutex_);
    script = script_;
  }
  const std::string said = script ? script(command) : "";
  return said.empty() ? usual : said;
}

bool FakeMta::read_content(Connection& connection, std::string& content) const {
  for (;;) {
    (void)wait_until([this] { return !stalled; }, std::chrono::minutes(5));
    auto line = connection.line();
    if (!line) return false;
    if (*line == ".\r\n") return true;
    content += line->starts_with('.') ? line->substr(1) : *line;
  }
}

void FakeMta::take(const Delivered& mail, const std::string& final_reply) {
  if (!final_reply.starts_with("250")) return;
  const std::lock_guard lock(mutex_);
  delivered_.push_back(mail);
}

void FakeMta::serve(int fd) {
  const int serving = ++serving_;
  if (serving <= limit) {
    if (serving > most) most = serving;
    converse(fd);
  } else {
    ++refused;
    Connection connection(fd);
    connection.send("421 4.7.0 fake.mta too many concurrent connections\r\n");
    const std::lock_guard lock(mutex_);
    std::erase(open_, fd);
  }
  --serving_;
}

void FakeMta::converse(int fd) {
  Connection connection(fd);
  Delivered mail{.helo = {},
                 .sender = {},
                 .content = {},
                 .peer = peer_of(fd),
                 .commands = {},
                 .origin = {},
                 .recipients = {}};
  if (expects_proxy) mail.origin = proxy_header(connection);
  {
    const std::lock_guard lock(mutex_);
    connection.send(greeting_);
  }
  while (auto line = connection.line()) {
    const std::string verb = line->substr(0, 4);
    std::string usual = "250 2.0.0 ok\r\n";
    if (verb == "EHLO") {
      mail.helo = line->substr(5, line->size() - 7);
      usual = "250-fake.mta\r\n";
      const std::lock_guard lock(mutex_);
      for (const std::string& extension : extensions_)
        usual += "250-" + extension + "\r\n";
      usual += "250 HELP\r\n";
    }
    if (verb == "XCLI") {
      mail.origin = line->substr(0, line->size() - 2);
      const std::lock_guard lock(mutex_);
      usual = greeting_;
    }
    if (verb == "DATA") usual = "354 go ahead\r\n";
    if (verb == "QUIT") usual = "221 2.0.0 bye\r\n";
    if (verb == "MAIL")
      mail.sender = between(*line, '<', '>'), mail.recipients.clear(), mail.commands.clear();
    if (verb == "MAIL" || verb == "RCPT" || verb == "BDAT")
      mail.commands.push_back(line->substr(0, line->size() - 2));
    if (verb == "BDAT") {
      if (mail.commands.size() < 2 || !mail.commands[mail.commands.size() - 2].starts_with("BDAT"))
        mail.content.clear();
      const auto chunk = connection.bytes(std::stoul(line->substr(5)));
      if (!chunk) break;
      mail.content += *chunk;
    }
    const bool is_last_chunk = verb == "BDAT" && line->ends_with("LAST\r\n");
    const std::string said = answer(is_last_chunk ? "." : *line, usual);
    if (verb == "DATA" && is_readable(fd)) ++traffic_before_response;
    if (said == "drop") break;
    if (is_last_chunk) take(mail, said);
    if (verb == "RCPT" && said.starts_with("250")) mail.recipients.push_back(between(*line, '<', '>'));
    if (!connection.send(said) || verb == "QUIT") break;
    if (!said.starts_with("354")) continue;
    mail.content.clear();
    if (!read_content(connection, mail.content)) break;
    const std::string final_reply = answer(".", "250 2.0.0 delivered\r\n");
    take(mail, final_reply);
    if (final_reply == "drop" || !connection.send(final_reply)) break;
  }
  const std::lock_guard lock(mutex_);
  std::erase(open_, fd);
}

}  // namespace tsmtp::support
