#include "tests/support/hostile_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace tsmtp::support {
namespace {

constexpr int kPatienceMs = 5000;

bool is_numbered(FrameType type) {
  return type == FrameType::kNotice || type >= FrameType::kOpen;
}

sockaddr_in loopback(const std::string& address, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &out.sin_addr);
  return out;
}

int connect_from(const std::string& from, std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  const timeval patience{.tv_sec = kPatienceMs / 1000, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const sockaddr_in own = loopback(from, 0), other = loopback("127.0.0.1", port);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0 &&
      connect(fd, reinterpret_cast<const sockaddr*>(&other), sizeof other) == 0)
    return fd;
  const std::string cause = std::strerror(errno);
  close(fd);
  throw std::runtime_error("cannot connect: " + cause);
}

}  // namespace

std::string big_endian(std::uint64_t number, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i)
    out += static_cast<char>(number >> (8 * i));
  return out;
}

std::string record(RecordType type, std::string_view payload) {
  return static_cast<char>(type) + big_endian(payload.size(), 4) + std::string(payload);
}

HostilePeer::HostilePeer(const std::string& identity, std::uint16_t port, const std::string& from,
                         const std::string& alpn)
    : context_(SSL_CTX_new(TLS_client_method())) {
  std::signal(SIGPIPE, SIG_IGN);  // which OpenSSL does not hold back
  SSL_CTX_use_certificate_file(context_, identity.c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_use_PrivateKey_file(context_, identity.c_str(), SSL_FILETYPE_PEM);
  const std::string protocols = static_cast<char>(alpn.size()) + alpn;
  SSL_CTX_set_alpn_protos(context_, reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned>(protocols.size()));
  try {
    fd_ = connect_from(from, port);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, fd_);
    ERR_clear_error();
    if (SSL_connect(ssl_) != 1) throw std::runtime_error("no handshake");
  } catch (...) {
    SSL_free(ssl_);
    if (fd_ >= 0) close(fd_);
    SSL_CTX_free(context_);
    throw;
  }
}

HostilePeer::~HostilePeer() {
  SSL_free(ssl_);
  close(fd_);
  SSL_CTX_free(context_);
}

std::string HostilePeer::shown_pin() const {
  X509* const certificate = SSL_get1_peer_certificate(ssl_);
  unsigned char* key = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(key, static_cast<std::size_t>(length), digest.data());
  OPENSSL_free(key);
  X509_free(certificate);
  std::array<unsigned char, 4 * (SHA256_DIGEST_LENGTH / 3 + 1) + 1> base64{};
  EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
  return "sha256:" + std::string(reinterpret_cast<const char*>(base64.data()));
}

std::string HostilePeer::frame(FrameType type, std::uint32_t stream, std::string_view payload,
                               std::uint8_t flags) {
  const std::uint64_t sequence = is_numbered(type) ? ++sequence_ : 0;
  return big_endian(payload.size(), 2) + static_cast<char>(type) + static_cast<char>(flags) +
         big_endian(stream, 4) + big_endian(sequence, 8) + big_endian(0, 8) + std::string(payload);
}

std::string HostilePeer::hello() const {
  constexpr std::uint32_t kStreams = 512, kWindow = 1 << 20;
  const std::string name = "hostile";
  const std::string payload = "tsmtp" + big_endian(1, 1) + big_endian(1, 1) + big_endian(name.size(), 1) +
                              big_endian(0, 8) + std::string(16, 'h') + big_endian(kStreams, 4) +
                              big_endian(kWindow, 4) + name;
  return big_endian(payload.size(), 2) + static_cast<char>(FrameType::kHello) + std::string(21, '\0') +
         payload;
}

bool HostilePeer::begin_session() {
  // Not by send(), which would throw an answer away that has come already.
  const std::string own = hello();
  ERR_clear_error();
  if (SSL_write(ssl_, own.data(), static_cast<int>(own.size())) <= 0) return false;
  std::array<char, 4096> answer{};
  std::size_t bytes = 0;
  return SSL_read_ex(ssl_, answer.data(), answer.size(), &bytes) == 1 &&
         answer[2] == static_cast<char>(FrameType::kHello);
}

bool HostilePeer::go_on(int result) {
  const int error = SSL_get_error(ssl_, result);
  return result > 0 ||
         ((error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) && (errno == EAGAIN || errno == 0));
}

bool HostilePeer::read_away() {
  static thread_local std::array<char, 65536> buffer;
  pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
  while (poll(&readable, 1, 0) == 1) {
    ERR_clear_error();
    if (SSL_read(ssl_, buffer.data(), buffer.size()) <= 0) return false;
  }
  return true;
}

bool HostilePeer::send(std::string_view bytes) {
  ERR_clear_error();
  return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0 && read_away();
}

std::string HostilePeer::ask(std::string_view bytes) {
  ERR_clear_error();
  std::string answer;
  if (SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) <= 0) return answer;
  std::array<char, 4096> buffer{};
  std::size_t more = 0;
  while (SSL_read_ex(ssl_, buffer.data(), buffer.size(), &more) == 1)
    answer.append(buffer.data(), more);
  return answer;
}

bool HostilePeer::update_keys() {
  ERR_clear_error();
  return SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED) == 1 && SSL_do_handshake(ssl_) == 1 && read_away();
}

}  // namespace tsmtp::support
