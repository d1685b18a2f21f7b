// The near side's memory of mails whose end of content went out while their final reply may never reach our
// MTA, so that a second try is recognised (DESIGN, "Nothing twice"): recipient by recipient, for the second
// try may be for some of them only. Pure memory: rows that must be kept are returned as Changes for Store.
// Holds digests, never content (P8).
//
//   record ──► under way ──mark_in_doubt──► matchable ──claim──► claimed ──mark_in_doubt──► matchable
//                  └──────────── settle ───────┴────── settle ──────┘
//
// One whose outcome the far side has told in the background is *known*: in doubt no more, and still
// matchable, for our MTA may try it again and must then get that outcome.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/ledger/change.h"
#include "relayd/ledger/client.h"
#include "relayd/ledger/doubt_row.h"
#include "relayd/ledger/doubt_table.h"
#include "relayd/ledger/owners.h"

namespace tsmtp::ledger {

/// What is remembered of a recipient, kDigestBytes each.
struct DoubtfulRecipient {
  std::uint16_t index = 0;
  std::string mail;     ///< keyed digest of content, sender and this recipient: the same mail again?
  std::string address;  ///< keyed digest of sender and recipient only: might it be?
};

/// One recipient of a transaction that another hub of our site recorded.
struct ForeignDoubt {
  DoubtKey key;
  std::string mail;     ///< as in DoubtfulRecipient
  std::string address;  ///< likewise
  std::string hub;
  base::WallTime recorded;
  bool is_alone = false;  ///< the transaction has no other recipient
  DoubtPlace place{};     ///< whom that hub gave it to
};

class Doubts {
 public:
  static constexpr std::uint32_t kNoUser = Client::kNoUser;

  Doubts() = default;
  Doubts(const Doubts&) = delete;
  Doubts& operator=(const Doubts&) = delete;

  /// Takes in what a Store loaded, before anything else is called. All of it is matchable: whoever was under
  /// way died with the last process. Returns a sentence for each row that could not be read and was skipped.
  [[nodiscard]] std::vector<std::string> restore(const std::vector<Entry>& rows);

  // Where two relayds of this hub share the ledger for a while, one taking over from the other
  // (net/ledger/ledger_mirror.h):
  /// The other one has written that row, or as good as written: it is under way there. Without effect if it
  /// cannot be read.
  void other_recorded(const Entry& row);
  /// The other one has a second try of it under way.
  void other_claimed(const DoubtKey& key);
  /// The other one has forgotten that row, by the key of the table.
  void other_erased(const std::string& row_key);
  /// The other one has ended: whatever was under way there is matchable.
  void other_ended();
  [[nodiscard]] std::vector<std::uint16_t> indices_of(const std::string& transaction) const;
  /// All of them that are this hub's, as rows; `is_busy`: not matchable.
  void each_row(const std::function<void(const Change& row, const DoubtKey& key, bool is_busy)>& visit) const;

  /// The sites as they are configured from now on. The doubts of a site that is renamed stay its own.
  void set_sites(const Owners::Sites& sites);
  [[nodiscard]] const Owners& owners() const { return owners_; }

  /// A mail is about to send its end of content: the durable changes to make first. Not matchable until
  /// mark_in_doubt(). `transaction` has 16 bytes and is new.
  [[nodiscard]] std::vector<Change> record(const std::string& transaction, const std::string& site,
                                           const std::vector<DoubtfulRecipient>& recipients,
                                           base::WallTime now, const Client& client = {},
                                           const DoubtPlace& place = {});
  /// Another hub of our site recorded it, and our MTA has handed the same mail to us: it is matchable, and
  /// stays in memory only. Without effect on one that is here.
  void add_foreign(const std::string& site, const ForeignDoubt& foreign);
  /// Told of each recipient that is forgotten: by what name its site was called when it was recorded, and the
  /// digest of its mail.
  using Erased = std::function<void(const DoubtKey&, const std::string& name, const std::string& mail)>;
  void on_erased(Erased erased) { erased_ = std::move(erased); }

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

  /// A second try was for this one and for others at once, which no single reply can answer. It will come
  /// again before `until`; nobody is held up for longer.
  void must_go_alone(const DoubtKey& key, base::WallTime until = base::WallTime::max());
  /// Of transactions_with(), those of which that was said. Another mail of that sender to that recipient has
  /// nothing to do with them.
  [[nodiscard]] std::set<std::string> transactions_to_split(const std::string& site,
                                                            const std::string& address,
                                                            base::WallTime now = {}) const;

  /// The transaction of `site` to ask the far side about next in the background: the first behind `after`
  /// that has a recipient who is matchable, not known, and was recorded before `before`; or after `now`, for
  /// the clock was set back since then.
  /// Only such as `may_be_asked` says that the hub to be asked can answer.
  using MayBeAsked = std::function<bool(const DoubtPlace&)>;
  [[nodiscard]] std::optional<std::string> next_to_ask(const std::string& site, const std::string& after,
                                                       base::WallTime before = base::WallTime::max(),
                                                       base::WallTime now = base::WallTime::max(),
                                                       const MayBeAsked& may_be_asked = {}) const;
  /// The site has several hubs by now, known by these keys: what was recorded when there was one stays that
  /// one's, also when it is gone and another is the only one.
  [[nodiscard]] std::vector<Change> name_hubs(const std::string& site,
                                              const std::map<std::string, std::string>& hub_of_pin);
  /// Which hub had that transaction; nothing if it is not here.
  [[nodiscard]] std::optional<DoubtPlace> place_of(const std::string& transaction) const;
  /// The far side has answered that it was delivered, but not to those at the indices `refused` (ascending).
  /// A second try under way learns it by itself. Returns changes as settle() does.
  [[nodiscard]] std::vector<Change> was_delivered(const std::string& transaction,
                                                  const std::vector<std::uint16_t>& refused);
  /// … that it was not, and never will be.
  [[nodiscard]] std::vector<Change> was_not_delivered(const std::string& transaction);

  /// Our MTA has the reply: forgets the transaction, or that recipient. The changes need not be durable: an
  /// entry that comes back after a power failure is for a mail that will not be tried again.
  [[nodiscard]] std::vector<Change> settle(const std::string& transaction);
  [[nodiscard]] Change settle(const DoubtKey& key);
  /// Whether anything of the transaction is left.
  [[nodiscard]] bool contains(const std::string& transaction) const;
  /// False: other recipients of it may be in doubt at other hubs of our site.
  [[nodiscard]] bool is_all_here(const std::string& transaction) const;

  /// Forgets matchable ones recorded before `before`: MTAs give up after days. Those under way or claimed
  /// stay.
  [[nodiscard]] std::vector<Change> expire(base::WallTime before);
  /// Likewise, of that site only those that are known.
  [[nodiscard]] std::vector<Change> expire_known(const std::string& site, base::WallTime before);

  /// Recipients.
  [[nodiscard]] std::size_t size() const { return table_.size(); }
  [[nodiscard]] const DoubtTable& table() const { return table_; }

 private:
  using State = Doubt::State;

  [[nodiscard]] Doubt doubt_of(DoubtRow row, State state) const;
  void mark(DoubtTable::Iterator doubt);
  DoubtTable::Iterator erase(DoubtTable::Iterator doubt);
  template <typename Predicate>
  [[nodiscard]] std::vector<Change> erase_if(DoubtTable::Iterator begin, DoubtTable::Iterator end,
                                             Predicate predicate);

  Owners owners_;
  Erased erased_;
  DoubtTable table_;
};

}  // namespace tsmtp::ledger
