// This hub's knowledge of keys, and the commands about them: the book of keys, the keys that it learns from
// sites, and revocation.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/base/log.h"
#include "relayd/base/result.h"
#include "relayd/keys/judge.h"
#include "relayd/keys/revoking.h"
#include "relayd/net/keys/key_book.h"
#include "relayd/net/tls/key_crypto.h"

namespace tsmtp::daemon {

class HubKeys {
 public:
  /// `log` is borrowed and outlives it.
  explicit HubKeys(base::Logger& log) : log_(log) {}

  /// As hub.user.
  [[nodiscard]] base::Result<void> open(const std::string& state_dir);

  /// Another relayd of this hub has written it.
  [[nodiscard]] bool read_again(const std::string& state_dir);
  /// Another one is to write the book; or we are again, and it may have written something.
  void yield() { is_yielded_ = true; }
  void take_back(const std::string& state_dir) {
    is_yielded_ = false;
    (void)read_again(state_dir);
  }

  [[nodiscard]] const net::KeyBook& known() const { return *book_; }
  [[nodiscard]] const keys::Crypto& crypto() const { return crypto_; }
  [[nodiscard]] std::vector<std::string> revoked_pins() const;

  /// The site has shown these keys, and they were accepted: it is known by the last of them from now on.
  void learn(const std::string& site, const keys::Shown& shown, base::WallTime now);
  /// The site says that it has that key of ours.
  void confirm(const std::string& site, const std::string& pin, base::WallTime now);
  /// What sites have confirmed is forgotten with them.
  void keep_sites(const std::vector<std::string>& names);

  struct Wanted {
    std::string target;             ///< a site's name, or a pin as text
    bool says_yes = false;          ///< the administrator agrees to the consequences
    std::vector<std::string> pins;  ///< of the target
  };
  struct Revoked {
    std::string reply;        ///< for relayctl: done, or why not
    bool is_changed = false;  ///< links may have to go
  };
  /// The keys are refused from now on, when this returns, and for good once write_book() has succeeded.
  [[nodiscard]] Revoked revoke(const Wanted& wanted, const std::vector<keys::SiteKeys>& sites,
                               const std::vector<std::string>& own, base::WallTime now);
  /// The reply to relayctl: `done`, or that the disk did not take it.
  [[nodiscard]] std::string write_book(const std::string& done);
  /// To be called every few seconds: tries again what the disk did not take.
  void write_if_due();

 private:
  [[nodiscard]] base::Result<void> write();

  base::Logger& log_;
  std::unique_ptr<net::KeyBook> book_;
  net::KeyCrypto crypto_;
  bool is_write_logged_ = false;  // that it fails
  bool is_yielded_ = false;
};

/// The faults of the pins of `sites`, a line each: those that are revoked, or that this cannot be known.
[[nodiscard]] std::vector<std::string> findings_on_pins(const std::string& state_dir,
                                                        const std::vector<keys::SiteKeys>& sites,
                                                        base::WallTime now);

}  // namespace tsmtp::daemon
