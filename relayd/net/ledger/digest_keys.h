// The keys of digests that this hub has on disk: the one in use, and where hubs of a site have come to share
// one, that of before, for the mails that were in doubt then. A mail is digested by one key from its first
// word to its last.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/net/ledger/shared_digest_key.h"
#include "relayd/net/tls/hmac_digest.h"

namespace tsmtp::net {

class DigestKeys final : public base::DigestMaker, public DigestKeyHolder {
 public:
  /// Reads DIR/digest.key, or makes one, and DIR/digest-earlier.key where it is there.
  [[nodiscard]] static base::Result<std::unique_ptr<DigestKeys>> open(const std::string& dir);

  /// Nothing is in doubt that was digested by it.
  void forget_earlier();

  // DigestMaker
  [[nodiscard]] std::unique_ptr<base::KeyedDigest> start() const override { return used_->start(); }
  [[nodiscard]] std::string digest(std::string_view bytes) const override { return used_->digest(bytes); }
  [[nodiscard]] std::string new_identifier() const override { return used_->new_identifier(); }
  [[nodiscard]] const base::DigestMaker& for_new_mail() const override { return *used_; }
  [[nodiscard]] const base::DigestMaker* earlier() const override;
  // DigestKeyHolder
  [[nodiscard]] const std::string& key() const override { return used_->key(); }
  [[nodiscard]] std::string key_name() const override;
  [[nodiscard]] base::Result<void> adopt(const std::string& key, bool is_in_doubt) override;

 private:
  explicit DigestKeys(std::string dir) : dir_(std::move(dir)) {}

  std::string dir_;
  std::unique_ptr<HmacDigestMaker> used_;
  std::unique_ptr<HmacDigestMaker> earlier_;  // null: there is none
  base::WallTime earlier_until_{};
  std::vector<std::unique_ptr<HmacDigestMaker>> old_;  // a mail may still be digested by them
};

}  // namespace tsmtp::net
