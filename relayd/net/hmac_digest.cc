#include "relayd/net/hmac_digest.h"

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace tsmtp::net {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kDigestBytes = 32;
constexpr std::size_t kIdentifierBytes = 16;

class HmacDigest : public base::KeyedDigest {
 public:
  explicit HmacDigest(const std::string& key)
      : mac_(EVP_MAC_fetch(nullptr, "HMAC", nullptr)), context_(EVP_MAC_CTX_new(mac_)) {
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                     OSSL_PARAM_construct_end()};
    if (EVP_MAC_init(context_, reinterpret_cast<const unsigned char*>(key.data()), key.size(), parameters) !=
        1)
      std::abort();  // only for want of memory, or an OpenSSL without HMAC-SHA-256
  }
  ~HmacDigest() override {
    EVP_MAC_CTX_free(context_);
    EVP_MAC_free(mac_);
  }
  HmacDigest(const HmacDigest&) = delete;
  HmacDigest& operator=(const HmacDigest&) = delete;

  void update(std::string_view bytes) override {
    EVP_MAC_update(context_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  }

  std::string finish() override {
    std::string digest(kDigestBytes, '\0');
    std::size_t length = 0;
    EVP_MAC_final(context_, reinterpret_cast<unsigned char*>(digest.data()), &length, digest.size());
    return digest;
  }

 private:
  EVP_MAC* mac_;
  EVP_MAC_CTX* context_;
};

base::Error failed(const std::string& path, const char* what) {
  return base::Error{path + ": " + what + ": " + std::strerror(errno)};
}

// The key is complete on disk before its name is there: a crash leaves no short key.
base::Result<void> write_key(const std::string& path, const std::string& key) {
  const std::string aside = path + ".new";
  const int fd = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failed(aside, "cannot be made");
  const bool written =
      ::write(fd, key.data(), key.size()) == static_cast<ssize_t>(key.size()) && fsync(fd) == 0;
  close(fd);
  if (!written || rename(aside.c_str(), path.c_str()) != 0) return failed(path, "cannot be written");
  return {};
}

}  // namespace

std::string random_bytes(std::size_t bytes) {
  std::string out(bytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(bytes)) != 1) std::abort();
  return out;
}

base::Result<std::unique_ptr<HmacDigestMaker>> HmacDigestMaker::open(const std::string& path) {
  std::string key(kKeyBytes, '\0');
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno != ENOENT) return failed(path, "cannot be read");
  if (fd < 0) {
    key = random_bytes(kKeyBytes);
    if (auto ok = write_key(path, key); !ok) return ok.error();
  } else {
    const ssize_t length = read(fd, key.data(), key.size());
    close(fd);
    if (length != static_cast<ssize_t>(kKeyBytes))
      return base::Error{path + ": is not a key of 32 bytes; remove it together with the ledger beside it"};
  }
  return std::unique_ptr<HmacDigestMaker>(new HmacDigestMaker(std::move(key)));
}

std::unique_ptr<base::KeyedDigest> HmacDigestMaker::start() const {
  return std::make_unique<HmacDigest>(key_);
}

std::string HmacDigestMaker::new_identifier() const {
  return random_bytes(kIdentifierBytes);
}

}  // namespace tsmtp::net
