// One hub of a site: the link to it, what it has told us of its MTA, and what we ask it in the background. A
// mail or a session is given the hub that it uses for as long as it lasts; which one that is, Site decides,
// and nothing here knows how many there are.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/lifetime.h"
#include "relayd/forward/offer.h"
#include "relayd/ledger/doubts.h"
#include "relayd/mail/far_mta.h"
#include "relayd/mail/hub_choice.h"
#include "relayd/net/background_enquiry.h"
#include "relayd/net/key_notices.h"
#include "relayd/net/link/site_link.h"
#include "relayd/net/mta_notices.h"
#include "relayd/net/shared_by_sites.h"
#include "relayd/settings/site.h"

namespace tsmtp::net {

class SiteHub {
 public:
  struct Callbacks {
    /// The hub sends a mail. Null: no more for now.
    std::function<StreamUser*(SiteHub&, mux::StreamKey)> accept_mail;
    /// The hub opens a stream of forwards. Null: not now.
    std::function<StreamUser*(SiteHub&, mux::StreamKey)> accept_forward;
    /// What a hub that knows nothing yet is to hear of our services.
    std::function<std::vector<forward::Offer>()> offers;
    /// offered() is other than it was.
    std::function<void()> offered;
    /// How our own MTA stands, for a hub that knows nothing of us yet; nothing if we do not know.
    std::function<std::optional<mail::FarMta>()> own_mta;
    /// refusal() or is_interrupted() may have changed.
    std::function<void()> standing_changed;
    /// The hub has said something that cannot be understood, or is bad news.
    std::function<void(const SiteHub&, const std::string&)> complaint;
    /// What was complained of is over.
    std::function<void(const SiteHub&, const std::string&)> relief;
    /// Whether the hub can say how a mail ended that was handed to the site there.
    std::function<bool(const SiteHub&, const ledger::DoubtPlace&)> may_be_asked;
    std::function<mail::Ask::Went(const SiteHub&, const std::string& transaction)> went;
  };

  /// `shared` and `site` are borrowed and outlive it; `site` is read anew by reconfigure(). `own` is the
  /// hub's part of it.
  SiteHub(const SharedBySites& shared, const settings::Site& site, settings::SiteHub own,
          Callbacks callbacks);
  ~SiteHub();
  SiteHub(const SiteHub&) = delete;
  SiteHub& operator=(const SiteHub&) = delete;

  void start() { link_.start(); }
  void reconfigure(settings::SiteHub own);
  /// Keys have been revoked.
  void keys_changed() { reconfigure(own_); }
  void drain() { link_.drain(); }
  /// Another process of our hub takes our place; which one, `shared` says.
  void has_successor() { link_.has_successor(); }
  void has_no_successor() { link_.has_no_successor(); }
  /// That before us has ended, and `shared` names it no more.
  void predecessor_gone();
  /// Its link is up, and it has told of its MTA.
  [[nodiscard]] bool is_in_touch() const {
    return link_.open_connections() > 0 && notices_.far().has_value();
  }
  /// Whether it has all that we told it.
  [[nodiscard]] bool is_heard() const { return link_.is_heard(); }
  /// It is no longer configured.
  void retire();
  void stop(const std::string& reason);

  [[nodiscard]] const settings::SiteHub& settings() const { return own_; }
  /// As logs and replies call it: the site's name, and its own behind that where the site has several.
  [[nodiscard]] std::string shown_name() const;
  /// Its own name where the site has several hubs, else empty.
  [[nodiscard]] std::string name_among_several() const;
  /// Whether that is one of its keys, or is known to have led to one or come from one.
  [[nodiscard]] bool has_key(const std::string& pin) const;

  /// Why it can be handed no mail now.
  struct Refusal {
    std::string_view enhanced;  ///< of a 421
    std::string text;
  };
  [[nodiscard]] std::optional<Refusal> refusal() const;
  [[nodiscard]] mail::HubStanding standing() const;
  /// Its link is interrupted; nothing: it is not.
  [[nodiscard]] std::optional<base::TimePoint> away_since() const { return away_since_; }

  // Our mails to it.
  void mail_begins(std::uint64_t number);
  void mail_ends() { --mails_under_way_; }
  [[nodiscard]] std::size_t mails_under_way() const { return mails_under_way_; }
  /// What is remembered of a mail that it has, in case its end does not become known.
  [[nodiscard]] ledger::DoubtPlace place_of_doubt() const;
  /// Whether that may be over in a moment.
  [[nodiscard]] bool is_interrupted() const { return link_.is_interrupted(); }
  /// As the hub told us; nothing while the link is down.
  [[nodiscard]] const std::optional<mail::FarMta>& far_mta() const { return notices_.far(); }
  /// Our own MTA stands so from now on.
  void own_mta_changed(const mail::FarMta& mta) { notices_.own_changed(mta); }

  /// Of its program, as it told us; empty while it has not.
  [[nodiscard]] const std::string& version() const { return version_; }
  /// What it has told us of its services in this session.
  [[nodiscard]] const forward::Offers& offered() const { return offered_; }
  /// The hub is to hear that of a service of ours.
  void offer(const forward::Offer& offer);

  /// We have another key.
  void own_key_changed() { keys_.announce(); }
  /// To be called now and then.
  void tick() { keys_.tick(); }

  /// Since when all its pinned keys are revoked; nothing while one is not.
  [[nodiscard]] std::optional<keys::Revocation> revocation() const;

  [[nodiscard]] SiteLink& link() { return link_; }
  [[nodiscard]] const SiteLink& link() const { return link_; }

 private:
  [[nodiscard]] link::Settings link_settings() const;
  void link_up();
  void noticed(std::string_view bytes);
  void standing_changed();
  [[nodiscard]] std::string far_mta_text(const std::string& cause) const;

  const settings::Site& site_;
  settings::SiteHub own_;
  Callbacks callbacks_;
  base::Lifetime lifetime_;  // what the link calls
  const SharedBySites& shared_;
  SiteLink link_;
  BackgroundEnquiry enquiry_;
  MtaNotices notices_;
  KeyNotices keys_;
  std::string version_;
  forward::Offers offered_;
  boost::asio::steady_timer offers_timer_;  // for a successor to say which of them hold
  std::optional<base::TimePoint> away_since_;
  std::size_t mails_under_way_ = 0;
  std::uint64_t last_given_ = 0;
};

}  // namespace tsmtp::net
