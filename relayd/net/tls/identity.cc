#include "relayd/net/tls/identity.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "relayd/net/tls/key_crypto.h"
#include "relayd/net/tls/openssl_error.h"

namespace tsmtp::net {
namespace {

struct FileCloser {
  void operator()(FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<FILE, FileCloser>;

base::Error file_error(const std::string& path, const char* what) {
  return base::Error{path + ": " + what + ": " + std::strerror(errno)};
}

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

// Larger than two keys and certificates with the longest chain.
constexpr std::size_t kMaxFileBytes = 256UL * 1024;

/// Borrows `text`.
std::unique_ptr<BIO, FreeBio> reader_of(std::string_view text) {
  return std::unique_ptr<BIO, FreeBio>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
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
  const auto identity = Identity::make(hub_name);
  if (!identity) return identity.error();
  const auto text = identity->pem();
  if (!text) return text.error();
  // O_EXCL follows no link; a file that it has made can be given away.
  const int fd = open_for(owner, path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (fd < 0 && errno == EEXIST)
    return base::Error{
        path +
        ": exists already; other hubs have its pin. Remove it first if you really want a new identity"};
  if (fd < 0) return file_error(path, "cannot be made");
  File file(fdopen(fd, "w"));
  const bool written = (!owner || geteuid() != 0 || fchown(fd, owner->uid, owner->gid) == 0) &&
                       std::fwrite(text->data(), 1, text->size(), file.get()) == text->size() &&
                       std::fflush(file.get()) == 0 && fsync(fd) == 0;
  if (written) return {};
  const base::Error error = file_error(path, "cannot be written");
  (void)unlink_for(owner, path);
  return error;
}

base::Result<std::optional<std::string>> read_private_file(const std::string& path,
                                                           const std::optional<Owner>& owner) {
  using Read = base::Result<std::optional<std::string>>;
  const int fd = open_for(owner, path, O_RDONLY | O_NONBLOCK);
  const File file(fd < 0 ? nullptr : fdopen(fd, "r"));
  if (!file && errno == ENOENT) return Read(std::nullopt);
  if (!file) return cannot_be_read(path);
  if (auto ok = check_permissions(path, file.get(), owner); !ok) return ok.error();
  std::string text(kMaxFileBytes, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) return file_error(path, "cannot be read");
  return Read(std::optional<std::string>(std::move(text)));
}

base::Result<Identity> Identity::load(const std::string& path, const std::optional<Owner>& owner) {
  const auto text = read_private_file(path, owner);
  if (!text) return text.error();
  if (!*text) return base::Error{path + ": does not exist; make it with: relayctl init"};
  auto identity = parse(**text);
  if (!identity) return base::with_context(path, identity.error());
  return identity;
}

base::Result<Identity> Identity::parse(std::string_view pem) {
  PrivateKey key(PEM_read_bio_PrivateKey(reader_of(pem).get(), nullptr, no_password, nullptr));
  if (!key) return base::Error{"holds no private key in PEM form: " + openssl_error()};
  Certificate certificate(PEM_read_bio_X509(reader_of(pem).get(), nullptr, nullptr, nullptr));
  if (!certificate) return base::Error{"holds no certificate in PEM form: " + openssl_error()};
  if (X509_check_private_key(certificate.get(), key.get()) != 1)
    return base::Error{"the private key does not belong to the certificate"};
  return of(std::move(key), std::move(certificate));
}

base::Result<Identity> Identity::of(PrivateKey key, Certificate certificate) {
  if (!key || !certificate) return base::Error{"cannot make a key: " + openssl_error()};
  auto shown = shown_by(certificate.get());
  if (!shown) return shown.error();
  Identity out;
  out.key_ = std::move(key);
  out.certificate_ = std::move(certificate);
  out.shown_ = std::move(*shown);
  if (out.chain().steps.empty()) {
    out.shown_.chain.first = public_key_of(out.certificate());
  } else {
    out.plain_ = make_certificate(out.key(), common_name(out.certificate()), {});
    if (!out.plain_) return base::Error{"cannot make a certificate: " + openssl_error()};
  }
  return base::Result<Identity>(std::move(out));
}

base::Result<Identity> Identity::make(const std::string& hub_name) {
  PrivateKey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!key) return base::Error{"cannot make a key: " + openssl_error()};
  Certificate certificate = make_certificate(key.get(), hub_name, {});
  return of(std::move(key), std::move(certificate));
}

base::Result<Identity> Identity::successor(const std::string& hub_name, std::int64_t now) const {
  auto fresh = make(hub_name);
  if (!fresh) return fresh.error();
  keys::Step step;
  step.serial = chain().steps.empty() ? 1 : chain().steps.back().serial + 1;
  step.made = now;
  step.key = public_key_of(fresh->certificate());
  const std::string said = keys::statement(pin(), step);
  step.by_old = signature_of(key(), said);
  step.by_new = signature_of(fresh->key(), said);
  if (step.by_old.empty() || step.by_new.empty())
    return base::Error{"cannot sign the step to a new key: " + openssl_error()};
  Certificate certificate =
      make_certificate(fresh->key(), hub_name, keys::extended(chain(), std::move(step)));
  return of(std::move(fresh->key_), std::move(certificate));
}

base::Result<std::string> Identity::pem() const {
  const std::unique_ptr<BIO, FreeBio> out(BIO_new(BIO_s_mem()));
  if (!out || PEM_write_bio_PrivateKey(out.get(), key(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(out.get(), certificate()) != 1)
    return base::Error{"cannot write a key: " + openssl_error()};
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(out.get(), &bytes);
  return base::Result<std::string>(boost::system::in_place_value, bytes, static_cast<std::size_t>(length));
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
