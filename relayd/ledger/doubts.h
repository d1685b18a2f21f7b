// The near side's memory of mails whose end of content went out while their final reply may never reach our
// MTA, so that a second try is recognised (DESIGN, "Nothing twice"): recipient by recipient, for the second
// try may be for some of them only. Pure memory: what must be kept is returned as Changes for Store. Holds
// digests, never content (P8).
//
//   record ──► under way ──mark_in_doubt──► matchable ──claim──► claimed ──mark_in_doubt──► matchable
//                  └──────────── settle ───────┴────── settle ──────┘
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/base/keyed_digest.h"
#include "relayd/ledger/change.h"

namespace tsmtp::ledger {

inline constexpr std::size_t kTransactionBytes = 16;

/// One recipient of one transaction, by its place among the transaction's Rcpt records.
struct DoubtKey {
  std::string transaction;
  std::uint16_t index = 0;

  friend auto operator<=>(const DoubtKey&, const DoubtKey&) = default;  // NOLINT(modernize-use-nullptr)
};

/// What is remembered of a recipient, kDigestBytes each.
struct DoubtfulRecipient {
  std::uint16_t index = 0;
  std::string mail;     ///< keyed digest of content, sender and this recipient: the same mail again?
  std::string address;  ///< keyed digest of sender and recipient only: might it be?
};

/// A transaction in doubt as an administrator sees it.
struct MailInDoubt {
  std::string transaction;
  std::string site;
  base::WallTime recorded;
  std::uint32_t user;  ///< Doubts::kNoUser: not known
  std::size_t recipients = 0;
  bool is_claimed = false;  ///< its second try is under way
};

class Doubts {
 public:
  /// Whoever is not known.
  static constexpr std::uint32_t kNoUser = ~std::uint32_t{0};

  Doubts() = default;
  Doubts(const Doubts&) = delete;
  Doubts& operator=(const Doubts&) = delete;

  /// Takes in what a Store loaded, before anything else is called. All of it is matchable: whoever was under
  /// way died with the last process. Returns a sentence for each row that could not be read and was skipped.
  [[nodiscard]] std::vector<std::string> restore(const std::vector<Entry>& rows);

  /// A mail is about to send its end of content: the durable changes to make first. Not matchable until
  /// mark_in_doubt(). `transaction` has 16 bytes and is new.
  [[nodiscard]] std::vector<Change> record(const std::string& transaction, const std::string& site,
                                           const std::vector<DoubtfulRecipient>& recipients,
                                           base::WallTime now, std::uint32_t user = kNoUser);
  /// How many recipients of the mails that `user` has handed over for `site` are here. What a Store loaded is
  /// nobody's.
  [[nodiscard]] std::size_t of_user(const std::string& site, std::uint32_t user) const;

  /// The final reply could not be handed to our MTA: the next try of this mail may claim what is left of the
  /// transaction, or that recipient. Without effect on what is not here.
  void mark_in_doubt(const std::string& transaction);
  void mark_in_doubt(const DoubtKey& key);

  /// The oldest matchable one with that digest, if any. It is matchable no longer until it is marked in doubt
  /// again; whoever claimed it settles it once our MTA has the reply.
  [[nodiscard]] std::optional<DoubtKey> claim(const std::string& site, const std::string& mail);

  /// Transactions in which that address is in doubt (matchable or claimed).
  [[nodiscard]] std::set<std::string> transactions_with(const std::string& site,
                                                        const std::string& address) const;
  /// Whether there are any: an earlier try of the next mail to it may have been delivered.
  [[nodiscard]] bool is_in_doubt(const std::string& site, const std::string& address) const;
  /// Whether any address of the site is in doubt.
  [[nodiscard]] bool is_anybody_in_doubt(const std::string& site) const;

  /// A second try was for this one and for others at once, which no single reply can answer.
  void must_go_alone(const DoubtKey& key);
  /// Of transactions_with(), those of which that was said. Another mail of that sender to that recipient has
  /// nothing to do with them.
  [[nodiscard]] std::set<std::string> transactions_to_split(const std::string& site,
                                                            const std::string& address) const;

  /// Our MTA has the reply: forgets the transaction, or that recipient. The changes need not be durable: an
  /// entry that comes back after a power failure is for a mail that will not be tried again.
  [[nodiscard]] std::vector<Change> settle(const std::string& transaction);
  [[nodiscard]] Change settle(const DoubtKey& key);
  /// Whether anything of the transaction is left.
  [[nodiscard]] bool contains(const std::string& transaction) const;

  /// Forgets matchable ones recorded before `before`: MTAs give up after days. Those under way or claimed
  /// stay.
  [[nodiscard]] std::vector<Change> expire(base::WallTime before);

  /// Recipients.
  [[nodiscard]] std::size_t size() const { return doubts_.size(); }
  /// How many transactions of `site` are in doubt (matchable or claimed), for status.
  [[nodiscard]] std::size_t in_doubt(std::string_view site) const;
  /// All transactions in doubt (matchable or claimed), oldest first. Those under way are not.
  [[nodiscard]] std::vector<MailInDoubt> mails_in_doubt() const;

 private:
  enum class State { kUnderWay, kMatchable, kClaimed };
  struct Doubt {
    State state = State::kUnderWay;
    std::string site;
    std::string mail;
    std::string address;
    base::WallTime recorded;
    std::uint32_t user = kNoUser;
    bool goes_alone = false;
  };
  using ByKey = std::map<DoubtKey, Doubt>;
  using ByDigest = std::multimap<std::string_view,
                                 ByKey::iterator>;  ///< of all sites, oldest first; digests lie in the Doubt

  void insert(const DoubtKey& key, Doubt doubt);
  ByKey::iterator erase(ByKey::iterator doubt);
  [[nodiscard]] ByKey::iterator first_of(const std::string& transaction);

  ByKey doubts_;
  ByDigest by_mail_;
  ByDigest by_address_;
  std::map<std::pair<std::string, std::uint32_t>, std::size_t> of_users_;  ///< recipients
};

}  // namespace tsmtp::ledger
