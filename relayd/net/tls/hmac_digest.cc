#include "relayd/net/tls/hmac_digest.h"

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "relayd/base/bytes.h"
#include "relayd/base/system_cause.h"

namespace tsmtp::net {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kIdentifierBytes = 16;
constexpr std::size_t kIdentifiersAtATime = 64;

constexpr char kPoly1305KeyLabel[] = "tsmtp: key of Poly1305 in digests";

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// A context with its key. OpenSSL without one of these, or memory for it, is of no use to us.
MacContext keyed(const char* algorithm, const OSSL_PARAM* parameters, const std::string& key) {
  EVP_MAC* const mac = EVP_MAC_fetch(nullptr, algorithm, nullptr);
  MacContext context(EVP_MAC_CTX_new(mac));
  EVP_MAC_free(mac);  // the context has its own reference
  if (EVP_MAC_init(context.get(), octets(key), key.size(), parameters) != 1) std::abort();
  return context;
}

MacContext hmac_sha256(const std::string& key) {
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                   OSSL_PARAM_construct_end()};
  return keyed("HMAC", parameters, key);
}

MacContext copy_of(const MacContext& context) {
  MacContext copy(EVP_MAC_CTX_dup(context.get()));
  if (!copy) std::abort();
  return copy;
}

void update(const MacContext& context, std::string_view bytes) {
  if (EVP_MAC_update(context.get(), octets(bytes), bytes.size()) != 1) std::abort();
}

std::string finish(const MacContext& context, std::size_t size) {
  std::string out(size, '\0');
  std::size_t bytes = 0;
  // A digest that was not made would be that of every mail.
  if (EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(out.data()), &bytes, out.size()) != 1)
    std::abort();
  return out;
}

// The digest of what went through Poly1305. HMAC begins anew with its own key, where a copy of its context
// would be three of SHA-256's.
std::string hidden(const MacContext& poly1305, std::uint64_t length, const MacContext& hmac) {
  std::string tag = finish(poly1305, kTagBytes);
  base::put_u64(tag, length);
  if (EVP_MAC_init(hmac.get(), nullptr, 0, nullptr) != 1) std::abort();
  update(hmac, tag);
  return finish(hmac, base::kDigestBytes);
}

class HmacDigest : public base::KeyedDigest {
 public:
  HmacDigest(MacContext poly1305, const MacContext& hmac) : poly1305_(std::move(poly1305)), hmac_(hmac) {}

  void update(std::string_view bytes) override {
    net::update(poly1305_, bytes);
    length_ += bytes.size();
  }

  std::string finish() override { return hidden(poly1305_, length_, hmac_); }

 private:
  MacContext poly1305_;
  const MacContext& hmac_;
  std::uint64_t length_ = 0;
};

base::Error failed(const std::string& path, const char* what) {
  return base::Error{path + ": " + what + ": " + base::system_cause(errno)};
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
  return std::unique_ptr<HmacDigestMaker>(new HmacDigestMaker(key));
}

base::Result<std::unique_ptr<HmacDigestMaker>> HmacDigestMaker::replace(const std::string& path,
                                                                        const std::string& key) {
  if (auto ok = write_key(path, key); !ok) return ok.error();
  return std::unique_ptr<HmacDigestMaker>(new HmacDigestMaker(key));
}

void MacContextDeleter::operator()(evp_mac_ctx_st* context) const {
  EVP_MAC_CTX_free(context);
}

HmacDigestMaker::HmacDigestMaker(const std::string& key) : key_(key), hmac_(hmac_sha256(key)) {
  update(hmac_, kPoly1305KeyLabel);
  poly1305_key_ = finish(hmac_, base::kDigestBytes);
  poly1305_ = keyed("POLY1305", nullptr, poly1305_key_);
  scratch_ = copy_of(poly1305_);
}

std::string HmacDigestMaker::digest(std::string_view bytes) const {
  if (EVP_MAC_init(scratch_.get(), octets(poly1305_key_), poly1305_key_.size(), nullptr) != 1) std::abort();
  update(scratch_, bytes);
  return hidden(scratch_, bytes.size(), hmac_);
}

std::unique_ptr<base::KeyedDigest> HmacDigestMaker::start() const {
  return std::make_unique<HmacDigest>(copy_of(poly1305_), hmac_);
}

// Sixteen random bytes cost OpenSSL nearly as much as a thousand.
std::string HmacDigestMaker::new_identifier() const {
  if (identifiers_.empty()) identifiers_ = random_bytes(kIdentifiersAtATime * kIdentifierBytes);
  std::string identifier = identifiers_.substr(identifiers_.size() - kIdentifierBytes);
  identifiers_.resize(identifiers_.size() - kIdentifierBytes);
  return identifier;
}

}  // namespace tsmtp::net
