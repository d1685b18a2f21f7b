// The outcomes of mails as all hubs of a site know them together, in etcd: a transaction is claimed before
// its end of content goes to our MTA, its outcome is written before it is reported, and a question that this
// hub cannot answer by itself is answered by etcd. docs/decisions/outcomes-of-a-site.md has the reasons, and
// why no mail comes twice. It has no socket and no timer of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "relayd/base/clock.h"
#include "relayd/base/lifetime.h"
#include "relayd/base/log.h"
#include "relayd/claims/changes.h"
#include "relayd/claims/keys.h"
#include "relayd/claims/possible_duplicate.h"
#include "relayd/claims/question.h"
#include "relayd/etcd/store.h"
#include "relayd/mail/record.h"
#include "relayd/net/ledger/etcd_operations.h"
#include "relayd/settings/ledger.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::net {

/// One transaction that this hub is about to deliver, or delivers. When this is destroyed before it has
/// ended, the claim is taken back: its MTA did not get the mail, or refused it.
class OpenClaim {
 public:
  /// Nothing: the transaction is ours. Else why it is put off.
  using Claimed = std::function<void(const std::optional<smtp::Reply>&)>;
  enum class State {
    kAsked,    ///< etcd has not answered yet
    kOurs,     ///< the claim stands
    kWithout,  ///< it may stand or not: the mail goes on all the same
    kUnsure,   ///< it may stand or not: the mail is put off
    kNone,     ///< it does not stand
  };
  struct Standing {
    claims::Name name;
    claims::Claim claim;
    State state = State::kAsked;
    bool is_given_up = false;  ///< while it is asked for
  };
  using GiveUp = std::function<void(Standing&)>;

  OpenClaim(std::shared_ptr<Standing> standing, GiveUp give_up)
      : standing_(std::move(standing)), give_up_(std::move(give_up)) {}
  ~OpenClaim() {
    if (standing_) give_up_(*standing_);
  }
  OpenClaim(const OpenClaim&) = delete;
  OpenClaim& operator=(const OpenClaim&) = delete;

  /// Claimed has not been called yet.
  [[nodiscard]] bool is_awaited() const { return standing_->state == State::kAsked; }
  /// The mail goes on though etcd could not be asked.
  [[nodiscard]] bool is_without() const { return standing_->state == State::kWithout; }
  /// The end of the claim is somebody else's from now on. relayd may stop with it under way: it stays.
  std::shared_ptr<Standing> leave() { return std::exchange(standing_, nullptr); }

 private:
  std::shared_ptr<Standing> standing_;
  GiveUp give_up_;
};

class SiteOutcomes {
 public:
  struct Means {
    etcd::Store& store;
    base::Logger& log;
    std::string hub;
    settings::Ledger settings;
    /// Of this hub: what it remembers reaches back to the time when it took this name (claims::Claim).
    std::string memory;
  };
  struct Callbacks {
    /// What this hub's ledger and book of commits know.
    std::function<claims::OwnEnd(const claims::Name&, const claims::Claim&)> own_end;
    /// Called before anybody is told that the mail may be delivered anew. May be empty.
    std::function<void(const claims::PossibleDuplicate&)> may_come_twice{};
    /// Since when a hub of the site is away, as a clause; empty: it is there, or that is not known.
    std::function<std::string(const std::string& hub)> away{};
    /// Whether a hub of the site may deliver what it has not claimed. Empty: only this one's settings say.
    std::function<bool()> another_goes_on_alone{};
  };
  struct Counts {
    std::uint64_t open = 0;          ///< claims of mails under way
    std::uint64_t to_write = 0;      ///< what etcd has not taken yet
    std::uint64_t without_etcd = 0;  ///< mails that went on without a claim
    std::uint64_t resent = 0;        ///< possible duplicates
  };
  /// `outcome` as a question is answered; `value` what stands in etcd, for settled().
  using Told = std::function<void(const mail::Outcome& outcome, const std::string& value)>;

  /// What `means` refers to outlives it.
  explicit SiteOutcomes(Means means);
  ~SiteOutcomes() { lifetime_.end(); }
  SiteOutcomes(const SiteOutcomes&) = delete;
  SiteOutcomes& operator=(const SiteOutcomes&) = delete;

  void set_callbacks(Callbacks callbacks) { callbacks_ = std::move(callbacks); }

  /// `is_witnessed`: its end of content will stand in the book of commits before it goes out. `claimed` is
  /// called later, or not at all if the claim is not awaited. Not after the claim is gone.
  [[nodiscard]] std::unique_ptr<OpenClaim> claim(claims::Name name, bool is_witnessed,
                                                 OpenClaim::Claimed claimed);
  /// Its MTA took the mail: `known` is how (mail::encode_known). `written` hears when etcd has it, or has
  /// failed; then it is tried again until it has.
  void end(OpenClaim& claim, const std::string& known, std::function<void(bool)> written);
  /// This hub has found out how a claim of an earlier relayd ended; `claim` may not be there any more.
  void end_earlier(const claims::Name& name, const claims::Claim& claim, const std::string& known);
  /// The end of content of an earlier relayd's mail went out, and its MTA's answer is lost for good. `done`:
  /// etcd has it that this hub cannot tell.
  void cannot_tell(const claims::Name& name, std::function<void()> done);
  void ask(const claims::Name& name, mail::Ask::Went went, Told told);
  /// The near side needs the outcome no more, which stands there as `value`.
  void settled(const claims::Name& name, const std::string& value);
  /// What stands there for an outcome of our own.
  [[nodiscard]] std::string own_value(const std::string& known) const;

  /// Why mail has to be put off, as a sentence that names the hub; nothing: it has not.
  [[nodiscard]] std::optional<std::string> refusal() const;
  [[nodiscard]] const std::optional<etcd::Trouble>& trouble() const { return means_.store.trouble(); }
  [[nodiscard]] Counts counts() const;
  [[nodiscard]] const claims::Keys& keys() const { return keys_; }
  [[nodiscard]] EtcdOperations& operations() { return operations_; }
  /// To be called every second.
  void tick(base::TimePoint now);

 private:
  [[nodiscard]] bool is_put_off() const {
    return means_.settings.on_engine_loss == settings::OnEngineLoss::kDefer;
  }
  /// Nobody delivers what nobody has claimed.
  [[nodiscard]] bool are_all_claimed() const {
    return is_put_off() && !(callbacks_.another_goes_on_alone && callbacks_.another_goes_on_alone());
  }
  void claimed(OpenClaim::Standing& claim, const claims::Claiming& claiming,
               const std::optional<etcd::Failure>& failure, const OpenClaim::Claimed& tell);
  [[nodiscard]] std::optional<smtp::Reply> not_claimed(OpenClaim::Standing& claim,
                                                       const etcd::Failure& failure);
  void give_up(OpenClaim::Standing& claim);
  void forget();
  void answered(const claims::Name& name, const claims::Question& question, const Told& told);
  [[nodiscard]] std::string pending_reason(const claims::Claim& claim) const;
  [[nodiscard]] std::string failure_text(const std::string& cause) const;
  [[nodiscard]] smtp::Reply reply(std::string_view enhanced, const std::string& text) const;
  void log(base::LogLevel level, const claims::Name& name, const std::string& text);

  Means means_;
  claims::Keys keys_;
  Callbacks callbacks_;
  EtcdOperations operations_;
  claims::Forgetting::Outcomes to_forget_;  // by a tick or kForgottenTogether
  Counts counts_;
  std::uint64_t last_number_ = 0;
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::net
