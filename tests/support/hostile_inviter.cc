#include "tests/support/hostile_inviter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>

namespace tsmtp::support {
namespace {

constexpr unsigned char kPairing[] = "tsmtp-pair/1";
constexpr std::size_t kHeaderBytes = 3;
constexpr int kPatienceSeconds = 30;

int choose_pairing(SSL*, const unsigned char** out, unsigned char* length, const unsigned char*, unsigned int,
                   void*) {
  *out = kPairing;
  *length = sizeof kPairing - 1;
  return SSL_TLSEXT_ERR_OK;
}

bool is_whole(std::string_view message) {
  if (message.size() < kHeaderBytes) return false;
  const auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(message[i]));
  };
  return message.size() >= kHeaderBytes + byte(1) * 256 + byte(2);
}

}  // namespace

HostileInviter::HostileInviter(const std::string& identity, std::uint16_t port, Answer answer)
    : answer_(std::move(answer)),
      context_(SSL_CTX_new(TLS_server_method())),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  std::signal(SIGPIPE, SIG_IGN);  // which OpenSSL does not hold back
  SSL_CTX_use_certificate_file(context_, identity.c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_use_PrivateKey_file(context_, identity.c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_set_alpn_select_cb(context_, choose_pairing, nullptr);
  const int one = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_port = htons(port);
  inet_pton(AF_INET, "127.0.0.1", &own.sin_addr);
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0 || listen(listener_, 16) != 0)
    throw std::runtime_error("cannot listen");
  thread_ = std::thread([this] { serve(); });
}

HostileInviter::~HostileInviter() {
  ending_ = true;
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
  SSL_CTX_free(context_);
}

void HostileInviter::serve() {
  while (!ending_) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const timeval patience{.tv_sec = kPatienceSeconds, .tv_usec = 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    SSL* const ssl = SSL_new(context_);
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1) converse(ssl);
    SSL_free(ssl);
    close(fd);
  }
}

void HostileInviter::converse(SSL* ssl) {
  std::string request;
  std::array<char, 4096> buffer{};
  while (!is_whole(request)) {
    std::size_t more = 0;
    if (SSL_read_ex(ssl, buffer.data(), buffer.size(), &more) != 1) return;
    request.append(buffer.data(), more);
  }
  const std::string answer = answer_(request, requests_++);
  if (!answer.empty()) (void)SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
  (void)SSL_read(ssl, buffer.data(), 1);  // until the other side has heard
}

}  // namespace tsmtp::support
