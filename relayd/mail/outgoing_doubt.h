// What keeps one mail from being delivered twice, on the near side: a doubt is on disk before the end of
// content goes out, a second try is recognised before it does, and a doubt is forgotten when our MTA has the
// reply. Recipient by recipient: the next try of our MTA may be for some of them only. It must never give
// away a doubt whose outcome our MTA has not been told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/keyed_digest.h"
#include "relayd/ledger/doubts.h"
#include "relayd/mail/intake_host.h"

namespace tsmtp::mail {

class OutgoingDoubt {
 public:
  using Indices = std::vector<std::size_t>;  ///< of recipients, in the order they were added

  /// `host` and `digests` are borrowed and outlive it. `sender`: the path as text.
  OutgoingDoubt(IntakeHost& host, const base::DigestMaker& digests, std::string sender);

  [[nodiscard]] const std::string& transaction() const { return transaction_; }

  // The envelope.
  /// Of the sender and that recipient, whatever the content.
  [[nodiscard]] std::string address_digest(const std::string& recipient) const;
  [[nodiscard]] bool is_in_doubt(const std::string& recipient, const std::string& address_digest) const;
  /// One final reply must be true for all recipients. So once a second try has come for recipients that are
  /// in doubt and for others, they share a mail only with those that are in doubt in the same transactions.
  [[nodiscard]] bool may_join(const std::string& recipient, const std::string& address_digest) const;
  void add_recipient(std::string path, std::string address_digest);
  [[nodiscard]] const std::string& address_digest(std::size_t recipient) const {
    return recipients_[recipient].address_digest;
  }

  // The content, then its end: looks for an earlier try of the mail, and claims it for each of `accepted`.
  void content(std::string_view bytes) {
    content_->update(bytes);
    if (content_by_earlier_key_) content_by_earlier_key_->update(bytes);
  }
  void end_content(std::uint64_t size_bytes, const Indices& accepted);

  /// An earlier try was found: it is that one's outcome that counts.
  [[nodiscard]] bool is_retry() const { return is_retry_; }
  [[nodiscard]] bool is_claimed(std::size_t recipient) const {
    return recipients_[recipient].earlier.has_value();
  }
  [[nodiscard]] bool is_anybody_claimed() const;
  /// The earlier transaction, if it is the only one and has all of `wanted`.
  [[nodiscard]] std::optional<std::string> only_earlier(const Indices& wanted) const;
  /// The earlier transaction's place for a recipient that is_claimed().
  [[nodiscard]] std::uint16_t index_then(std::size_t recipient) const {
    return recipients_[recipient].earlier->index;
  }

  /// A first try: the host writes that `wanted` are in doubt, and says when it is done.
  void record(const Indices& wanted);
  /// The key has been replaced since this mail began: no other try of it would be recognised.
  [[nodiscard]] bool has_old_key() const { return &key_.for_new_mail() != &digests_; }
  /// The host has found an earlier try while it recorded this one: claims it as end_content() does. The doubt
  /// of this try stays until it is dropped, or is a first try's after all.
  void claim(const Indices& accepted);
  /// Nothing was committed, or the far MTA refused: there is no doubt.
  void drop();
  /// Likewise, if claim() left it.
  void drop_recorded();
  /// Those who are claimed do not share a mail with others from now on.
  void split();
  /// The earlier try never arrived: this is the first.
  void forget_earlier();
  /// That recipient is in doubt no more.
  void settle(std::size_t recipient);
  /// The next try of this mail may ask how it ended.
  void mark();
  /// Our MTA has the reply. The transaction that may be forgotten at the far side too, if one is over: of an
  /// earlier one other recipients may still be in doubt.
  [[nodiscard]] std::optional<std::string> settle();

 private:
  struct Recipient {
    std::string path;
    std::string address_digest;
    std::string mail_digest{};
    std::optional<ledger::DoubtKey> earlier{};  // it in an earlier try of this mail, claimed
  };

  [[nodiscard]] std::set<std::string> earlier_transactions() const;
  [[nodiscard]] std::set<std::string> transactions_to_split(const std::string& recipient,
                                                            const std::string& address_digest) const;
  [[nodiscard]] std::string address_by(const base::DigestMaker& maker, const std::string& recipient) const;

  IntakeHost& host_;
  const base::DigestMaker& key_;
  const base::DigestMaker& digests_;
  const base::DigestMaker* earlier_key_;  // null: nothing is in doubt under another key
  std::string transaction_;
  std::string sender_;
  std::unique_ptr<base::KeyedDigest> content_;
  std::unique_ptr<base::KeyedDigest> content_by_earlier_key_;
  std::vector<Recipient> recipients_;
  std::set<std::string> to_split_;  // of the first recipient; all others have the same
  bool is_retry_ = false;
  bool is_recorded_ = false;  // this try, though an earlier one was found then
};

}  // namespace tsmtp::mail
