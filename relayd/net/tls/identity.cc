#include "relayd/net/tls/identity.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "relayd/net/tls/openssl_error.h"

namespace tsmtp::net {
namespace {

// Certificates are not checked for dates; this is the furthest date X.509 can say (RFC 5280 section 4.1.2.5).
constexpr char kNeverExpires[] = "99991231235959Z";

struct FileCloser {
  void operator()(FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<FILE, FileCloser>;

base::Error file_error(const std::string& path, const char* what) {
  return base::Error{path + ": " + what + ": " + std::strerror(errno)};
}

bool fill_certificate(X509* certificate, EVP_PKEY* key, const std::string& hub_name) {
  X509_NAME* name = X509_get_subject_name(certificate);
  return X509_set_version(certificate, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), -24 * 3600) != nullptr &&
         ASN1_TIME_set_string(X509_getm_notAfter(certificate), kNeverExpires) == 1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(hub_name.data()),
                                    static_cast<int>(hub_name.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
         X509_sign(certificate, key, nullptr) > 0;
}

// A daemon has nobody to ask: a key under a password is an error, not a prompt.
int no_password(char*, int, int, void*) {
  return -1;
}

std::string own_name() {
  const passwd* const entry = getpwuid(geteuid());
  return entry != nullptr ? entry->pw_name : std::to_string(geteuid());
}

// Most often it is root's, from the time when relayd was started as root.
base::Error cannot_be_read(const std::string& path) {
  const bool is_forbidden = errno == EACCES && geteuid() != 0;
  base::Error error = file_error(path, "cannot be read");
  if (is_forbidden) error.message += "; relayd runs as " + own_name() + ": chown " + own_name() + ' ' + path;
  return error;
}

base::Result<void> check_permissions(const std::string& path, FILE* file, const std::optional<Owner>& owner) {
  struct stat status {};
  if (fstat(fileno(file), &status) != 0) return file_error(path, "cannot be examined");
  if ((status.st_mode & 077) != 0)
    return base::Error{path + ": the private key can be read by others; chmod 0600 " + path +
                       " (and if others may have read it, make a new identity)"};
  const bool is_hub_users = owner && geteuid() == 0 && status.st_uid == owner->uid;
  if (status.st_uid != 0 && status.st_uid != geteuid() && !is_hub_users)
    return base::Error{path + ": belongs to user " + std::to_string(status.st_uid) +
                       "; it must belong to root or to the user relayd runs as (hub.user)"};
  return {};
}

}  // namespace

base::Result<void> create_identity(const std::string& path, const std::string& hub_name,
                                   const std::optional<Owner>& owner) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
  if (!key || !certificate || !fill_certificate(certificate.get(), key.get(), hub_name))
    return base::Error{"cannot make a key: " + openssl_error()};
  // O_EXCL follows no link; a file that it has made can be given away.
  const int fd = open_for(owner, path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (fd < 0 && errno == EEXIST)
    return base::Error{
        path +
        ": exists already; other hubs have its pin. Remove it first if you really want a new identity"};
  if (fd < 0) return file_error(path, "cannot be made");
  File file(fdopen(fd, "w"));
  const bool written =
      (!owner || geteuid() != 0 || fchown(fd, owner->uid, owner->gid) == 0) &&
      PEM_write_PrivateKey(file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
      PEM_write_X509(file.get(), certificate.get()) == 1 && std::fflush(file.get()) == 0 && fsync(fd) == 0;
  if (written) return {};
  const base::Error error = file_error(path, "cannot be written");
  (void)unlink_for(owner, path);
  return error;
}

base::Result<Identity> Identity::load(const std::string& path, const std::optional<Owner>& owner) {
  const int fd = open_for(owner, path, O_RDONLY | O_NONBLOCK);
  const File file(fd < 0 ? nullptr : fdopen(fd, "r"));
  if (!file && errno == ENOENT) return base::Error{path + ": does not exist; make it with: relayctl init"};
  if (!file) return cannot_be_read(path);
  if (auto ok = check_permissions(path, file.get(), owner); !ok) return ok.error();
  Identity identity;
  identity.key_.reset(PEM_read_PrivateKey(file.get(), nullptr, no_password, nullptr));
  if (!identity.key_) return base::Error{path + ": holds no private key in PEM form: " + openssl_error()};
  std::rewind(file.get());
  identity.certificate_.reset(PEM_read_X509(file.get(), nullptr, nullptr, nullptr));
  if (!identity.certificate_)
    return base::Error{path + ": holds no certificate in PEM form: " + openssl_error()};
  if (X509_check_private_key(identity.certificate(), identity.key()) != 1)
    return base::Error{path + ": the private key does not belong to the certificate"};
  identity.pin_ = pin_of(identity.certificate());
  return base::Result<Identity>(std::move(identity));
}

std::string pin_of(const X509* certificate) {
  unsigned char* der = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (length <= 0) return {};
  std::string pin(SHA256_DIGEST_LENGTH, '\0');
  SHA256(der, static_cast<std::size_t>(length), reinterpret_cast<unsigned char*>(pin.data()));
  OPENSSL_free(der);
  return pin;
}

std::string pin_text(const std::string& pin) {
  std::string base64(4 * ((pin.size() + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()),
                      reinterpret_cast<const unsigned char*>(pin.data()), static_cast<int>(pin.size()));
  base64.resize(static_cast<std::size_t>(length));
  return "sha256:" + base64;
}

}  // namespace tsmtp::net
