// The hubs of one site: which of them a mail goes to, which may be asked about an earlier one, and what
// becomes of each when the configuration changes. The only place that knows how many there are. It must never
// let a hub be asked about a mail that another one had.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/lifetime.h"
#include "relayd/ledger/doubts.h"
#include "relayd/mail/hub_choice.h"
#include "relayd/mail/record.h"
#include "relayd/net/site_hub.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::net {

class SiteHubs {
 public:
  using All = std::vector<std::unique_ptr<SiteHub>>;

  /// A hub that is away holds up nobody for longer when another takes mail.
  static constexpr std::chrono::seconds kGrace{1};

  /// `shared` and `site` are borrowed and outlive it. `callbacks` are those of each hub; may_be_asked is
  /// ours. `go_on_without`: mails under way at that one are to be given up, or handed to another.
  SiteHubs(const SharedBySites& shared, const settings::Site& site, SiteHub::Callbacks callbacks,
           std::function<void(SiteHub&)> go_on_without);
  ~SiteHubs() { lifetime_.end(); }
  SiteHubs(const SiteHubs&) = delete;
  SiteHubs& operator=(const SiteHubs&) = delete;

  /// In the order of the configuration; at least one.
  [[nodiscard]] const All& all() const { return all_; }
  [[nodiscard]] bool are_several() const { return all_.size() > 1; }
  void start();
  /// The site's settings are others. A hub keeps its link under whatever name, as long as it shares a pin;
  /// one that is gone loses it at once.
  void settings_changed();

  /// That which a mail is handed to that comes now, from a client to whom `announced` was said.
  [[nodiscard]] SiteHub& for_mail(const std::optional<smtp::Extensions>& announced = {}) const;
  /// Whether for_mail() would name another than `hub`, and that one takes mail at once.
  [[nodiscard]] bool has_other_than(const SiteHub& hub, const smtp::Extensions& announced) const;
  /// `hub` is handed one.
  void mail_begins(SiteHub& hub) { hub.mail_begins(++mails_); }
  /// What may be announced to a client that comes now: all hubs offer it that take mail.
  [[nodiscard]] smtp::Extensions offered() const;
  /// None takes mail now, and one may in a moment.
  [[nodiscard]] bool is_interrupted() const;
  /// Why none can be handed a mail now, as a 421 says it.
  [[nodiscard]] std::optional<smtp::Reply> refusal() const;
  /// The same without code and site, when `hub` has not taken one because of `cause`.
  [[nodiscard]] std::string cause_of(const SiteHub& hub, const std::string& cause) const;

  /// The hub to ask how that transaction ended, `preferred` if it may be asked as well as any. The error says
  /// why nobody can be asked now.
  [[nodiscard]] base::Result<SiteHub*> of_doubt(const std::string& transaction, SiteHub& preferred) const;
  /// What `hub` is told when it is asked about that one.
  [[nodiscard]] mail::Ask::Went went(const SiteHub& hub, const std::string& transaction) const;
  /// Null: none of them has that pin.
  [[nodiscard]] SiteHub* of_pin(const std::string& pin) const;

  /// The standing of one has changed, or time has passed.
  void look_after_absent();

 private:
  void name_in_doubts();
  [[nodiscard]] std::unique_ptr<SiteHub> make(const settings::SiteHub& own);
  [[nodiscard]] SiteHub::Callbacks callbacks();
  [[nodiscard]] bool may_be_asked(const SiteHub& hub, const ledger::DoubtPlace& place) const;
  [[nodiscard]] bool had(const SiteHub& hub, const ledger::DoubtPlace& place) const;
  [[nodiscard]] std::vector<SiteHub::Refusal> refusals() const;
  [[nodiscard]] std::string why_not(const std::vector<SiteHub::Refusal>& refusals) const;
  [[nodiscard]] std::vector<mail::HubStanding> standings(
      const std::optional<smtp::Extensions>& announced) const;

  const SharedBySites& shared_;
  const settings::Site& site_;
  SiteHub::Callbacks callbacks_;
  std::function<void(SiteHub&)> go_on_without_;
  All all_;
  All removed_;  // whose links are over; mails of theirs may still be with our MTA
  std::uint64_t mails_ = 0;
  boost::asio::steady_timer timer_;
  bool started_ = false;
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::net
