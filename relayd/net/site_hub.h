// One hub of a site: the link to it, what it has told us of its MTA, and what we ask it in the background. A
// mail or a session is given the hub that it uses for as long as it lasts; which one that is, Site decides,
// and nothing here knows how many there are.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/lifetime.h"
#include "relayd/forward/offer.h"
#include "relayd/mail/far_mta.h"
#include "relayd/net/background_enquiry.h"
#include "relayd/net/key_notices.h"
#include "relayd/net/link/site_link.h"
#include "relayd/net/mta_notices.h"
#include "relayd/net/shared_by_sites.h"
#include "relayd/settings/site.h"
#include "relayd/smtp/reply.h"

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
    /// The hub says so of one of its services; nothing: all that it said holds no more.
    std::function<void(std::optional<forward::Offer>)> offered;
    /// How our own MTA stands, for a hub that knows nothing of us yet; nothing if we do not know.
    std::function<std::optional<mail::FarMta>()> own_mta;
    /// refusal() or is_interrupted() may have changed.
    std::function<void()> standing_changed;
    /// The hub has said something that cannot be understood, or is bad news.
    std::function<void(const std::string&)> complaint;
    /// What was complained of is over.
    std::function<void(const std::string&)> relief;
  };

  /// All but `callbacks` is borrowed and outlives it. `settings` are read anew by reconfigure().
  SiteHub(const SharedBySites& shared, const settings::Site& settings, Callbacks callbacks);
  ~SiteHub();
  SiteHub(const SiteHub&) = delete;
  SiteHub& operator=(const SiteHub&) = delete;

  void start() { link_.start(); }
  void reconfigure();
  void drain() { link_.drain(); }
  /// Whether it has all that we told it.
  [[nodiscard]] bool is_heard() const { return link_.is_heard(); }
  /// It is no longer configured.
  void retire();
  void stop(const std::string& reason);

  /// Why it can be handed no mail now, as a 421 says it.
  [[nodiscard]] std::optional<smtp::Reply> refusal() const;
  /// Whether that may be over in a moment.
  [[nodiscard]] bool is_interrupted() const { return link_.is_interrupted(); }
  /// As the hub told us; nothing while the link is down.
  [[nodiscard]] const std::optional<mail::FarMta>& far_mta() const { return notices_.far(); }
  /// Our own MTA stands so from now on.
  void own_mta_changed(const mail::FarMta& mta) { notices_.own_changed(mta); }

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
  void noticed(std::string_view bytes);
  [[nodiscard]] std::string far_mta_text(const std::string& cause) const;
  [[nodiscard]] smtp::Reply reply_421(std::string_view enhanced, const std::string& text) const;

  const settings::Site& settings_;
  Callbacks callbacks_;
  base::Lifetime lifetime_;  // what the link calls
  const SharedBySites& shared_;
  SiteLink link_;
  BackgroundEnquiry enquiry_;
  MtaNotices notices_;
  KeyNotices keys_;
};

}  // namespace tsmtp::net
