// The interface of the keyed digest that recognises a mail when its MTA tries it again. The layers that need
// one must not know OpenSSL; net/ brings the implementation.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace tsmtp::base {

inline constexpr std::size_t kDigestBytes = 32;

/// One computation under way.
class KeyedDigest {
 public:
  virtual ~KeyedDigest() = default;
  virtual void update(std::string_view bytes) = 0;
  /// The digest, kDigestBytes. The object is spent.
  [[nodiscard]] virtual std::string finish() = 0;
};

/// Starts computations and makes identifiers. Owned by the daemon, outlives what it makes.
class DigestMaker {
 public:
  virtual ~DigestMaker() = default;
  [[nodiscard]] virtual std::unique_ptr<KeyedDigest> start() const = 0;
  /// The digest of all there is to digest.
  [[nodiscard]] virtual std::string digest(std::string_view bytes) const {
    const auto digest = start();
    digest->update(bytes);
    return digest->finish();
  }
  /// 16 unpredictable bytes: the identifier of a transaction.
  [[nodiscard]] virtual std::string new_identifier() const = 0;
  /// What digests a mail that begins now, to its end: the key may be replaced meanwhile.
  [[nodiscard]] virtual const DigestMaker& for_new_mail() const { return *this; }
  /// That of the key before, as long as mails may be in doubt whose digests it made. Null: there is none.
  [[nodiscard]] virtual const DigestMaker* earlier() const { return nullptr; }
};

}  // namespace tsmtp::base
