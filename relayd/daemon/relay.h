// The running relayd: everything wired together, reloaded, drained. The only place that knows all the parts.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "relayd/base/log.h"
#include "relayd/base/result.h"
#include "relayd/control/last_day.h"
#include "relayd/control/status.h"
#include "relayd/daemon/audit_log.h"
#include "relayd/daemon/handover.h"
#include "relayd/daemon/hub_keys.h"
#include "relayd/daemon/joining.h"
#include "relayd/daemon/keeper.h"
#include "relayd/daemon/lasting_state.h"
#include "relayd/daemon/page_answers.h"
#include "relayd/daemon/pairing.h"
#include "relayd/daemon/peer_admission.h"
#include "relayd/daemon/readiness.h"
#include "relayd/daemon/rotation.h"
#include "relayd/daemon/site_ledger.h"
#include "relayd/daemon/standing.h"
#include "relayd/daemon/takeover.h"
#include "relayd/net/control/request_server.h"
#include "relayd/net/endpoint/held_endpoints.h"
#include "relayd/net/etcd/etcd_client.h"
#include "relayd/net/forward/consent.h"
#include "relayd/net/io/event_loop.h"
#include "relayd/net/io/shortage.h"
#include "relayd/net/link/admission_control.h"
#include "relayd/net/link/link_listener.h"
#include "relayd/net/site.h"
#include "relayd/net/tls/identity.h"
#include "relayd/net/tls/tls_context.h"
#include "relayd/settings/config.h"

namespace tsmtp::daemon {

class Relay {
 public:
  /// Where the configuration came from, to read it again at a reload.
  struct Source {
    std::string file;
    std::vector<std::string> overrides;
    std::function<std::uint64_t()> log_lines_lost{};  ///< for status
    /// Where a supervisor watches this process; else null. Borrowed, and outlives the relay.
    Keeper* keeper = nullptr;
    Handover::Program program{};  ///< that takes over at an upgrade
  };

  /// `loop` and `log` are borrowed and outlive the relay. `takeover`: from the relayd that runs; null: none
  /// runs.
  Relay(net::EventLoop& loop, base::Logger& log, settings::Config config, Source source,
        std::unique_ptr<Takeover> takeover = nullptr);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// Reads the identity, binds every address, becomes hub.user, opens the ledger and the audit record, and
  /// begins to serve. After an error nothing serves, and the relay is of no use.
  [[nodiscard]] base::Result<void> start();

  /// Reads the configuration again and takes it over, whole or not at all (P9). The error holds every
  /// finding.
  [[nodiscard]] base::Result<std::string> reload();

  /// No new transactions; when those under way have ended, or drain_timeout is over, the loop is stopped.
  /// Called again: at once.
  void drain();

  [[nodiscard]] control::HubStatus status() const;
  void note_day();
  [[nodiscard]] std::string page();
  /// After start() has failed.
  void say_why_not(const std::string& trouble) {
    if (takeover_) takeover_->fail(trouble);
  }

 private:
  [[nodiscard]] control::PageAnswer::Text show(control::WantedPage::Kind kind);
  using Listeners = std::map<std::string, std::shared_ptr<net::LinkListener>>;  // by address
  using BoundBySites = std::map<std::string, net::Site::Bound>;                 // by site

  [[nodiscard]] base::Result<void> make_directories();
  [[nodiscard]] base::Result<void> make_audit_file();
  [[nodiscard]] base::Result<void> bind_all();
  [[nodiscard]] base::Result<void> bind_listeners(const settings::Hub& hub, Listeners& fresh);
  [[nodiscard]] base::Result<void> bind_services(const std::optional<net::Owner>& owner);
  [[nodiscard]] base::Result<void> open_audit();
  void open_etcd();
  void open_pairing();
  void serve();
  void open_site_ledger();
  void keep_endpoints();
  [[nodiscard]] base::Result<void> begin();
  [[nodiscard]] base::Result<void> open_ledger();
  void become_service();
  void tell_ready();
  void watch_standing();
  [[nodiscard]] Standing standing() const;
  [[nodiscard]] std::optional<control::PredecessorStatus> predecessor_status() const;

  [[nodiscard]] Handover::Host handover_host();
  [[nodiscard]] std::string objection_to_upgrade() const;
  [[nodiscard]] std::string objection_of_predecessor() const;
  /// Calls `then` when the relayd before this one is gone, or does not go soon.
  void when_alone(std::function<void()> then);
  /// What is on the disk is this process's to change: no other one takes over, or has.
  [[nodiscard]] bool is_in_charge() const { return !is_yielded_ && !handover_.is_under_way(); }
  void reload_or_upgrade(const net::RequestServer::Reply& reply);
  [[nodiscard]] base::Result<void> lend(net::SuccessionChannel& channel);
  [[nodiscard]] std::vector<net::HeldEndpoints::Listening> listening_sockets() const;
  void yield_links(net::SuccessionChannel& channel, const std::string& successor);
  void yield_clients();
  void take_back();
  void mention_left(base::TimePoint longest);
  void leave(net::SuccessionChannel& channel, pid_t successor);
  void give_service_to(pid_t successor);
  /// Null: to nobody.
  void give_sessions_to(net::SuccessionChannel* channel);
  void go_on_with(const std::string& session, base::Descriptor socket);
  /// As drain(), for who does not know whether it was called already.
  void begin_drain();
  void hold_to_keeper(base::Descriptor end);
  void tell_keeper();
  void reap_for_keeper();
  void close_listeners();
  void drain_for(std::chrono::seconds longest);
  [[nodiscard]] base::Result<void> check_lent();
  void take_over();
  /// The instance of the other relayd of this hub that lives, from which this one takes over; empty: none
  /// does.
  [[nodiscard]] std::string predecessor() const;
  void serve_clients();
  void look_after_earlier();

  [[nodiscard]] base::Result<std::string> read_again();
  [[nodiscard]] std::string reload_reply();
  [[nodiscard]] base::Result<void> can_reload() const;
  [[nodiscard]] base::Result<void> apply(const settings::Config& wanted);
  [[nodiscard]] net::Site* find_site(const std::string& name) const;
  [[nodiscard]] std::vector<keys::SiteKeys> site_keys() const;
  /// By SITE/HUB, where the site has several. Null: there is none.
  [[nodiscard]] const net::SiteHub* find_hub(const std::string& shown_name) const;
  /// `asked`: what stands behind the command.
  [[nodiscard]] std::string revoke(std::string_view asked);
  [[nodiscard]] std::vector<keys::Following> following() const;
  void own_key_changed();
  void announce_key();
  void move_endpoints(const settings::Config& wanted, const std::vector<net::Site*>& running,
                      BoundBySites& fresh) const;
  /// For each wanted site the one that runs already, null where there is none.
  [[nodiscard]] std::vector<net::Site*> running_sites(const settings::Config& wanted) const;
  void retire(std::unique_ptr<net::Site> site);
  [[nodiscard]] bool drained() const;
  [[nodiscard]] bool all_have_heard(base::Duration idle_for) const;
  [[nodiscard]] std::optional<std::string> answer_control(const net::RequestServer::Received& received);
  /// What takes its time to answer: whether it was that.
  [[nodiscard]] bool answer_later(const net::RequestServer::Received& received,
                                  const net::RequestServer::Reply& reply);

  net::EventLoop& loop_;
  base::Logger& log_;
  const std::string instance_;  // what names this process to other hubs
  settings::Config config_;
  Source source_;
  Readiness readiness_;

  std::unique_ptr<net::TlsContext> tls_;
  net::AdmissionControl admission_;
  net::Shortages shortages_;
  std::unique_ptr<net::EtcdClient> etcd_;  // null: this hub remembers alone
  LastingState state_;
  HubKeys keys_;
  Rotation rotation_;
  AuditLog audit_;
  mail::RecentMails recent_;
  mail::Delays delays_;
  control::LastDay last_day_;
  net::MtaNeighbours mta_neighbours_;
  net::Consent consent_;
  std::unique_ptr<net::SharedByForwards> forwards_;
  std::unique_ptr<SiteLedger> site_ledger_;  // null where this hub alone knows how mails ended
  std::unique_ptr<net::SharedBySites> shared_;
  net::HeldEndpoints held_endpoints_;
  BoundBySites bound_;  // until the sites exist
  std::vector<std::unique_ptr<net::Site>> sites_;
  std::vector<std::unique_ptr<net::Site>> retired_;
  std::unique_ptr<Pairing> pairing_;
  std::unique_ptr<Joining> joining_;
  PeerAdmission peers_;
  Listeners listeners_;
  std::shared_ptr<net::RequestServer> control_;
  std::shared_ptr<net::RequestServer> metrics_;
  PageAnswers pages_;

  base::WallTime started_;
  base::WallTime config_loaded_;
  base::WallTime served_since_;  // of one that has taken over
  std::string last_reload_error_;
  bool draining_ = false;
  bool is_told_to_stop_ = false;
  std::unique_ptr<Takeover> takeover_;  // null: there was no other relayd when this one started
  Handover handover_;
  std::unique_ptr<net::SuccessionChannel> kept_by_;  // null: what a supervisor has started is this process
  bool is_yielded_ = false;                          // clients are another relayd's
  pid_t succeeded_by_ = 0;                           // which serves, and has not given it back
  bool takes_in_earlier_ = false;
  bool is_service_ = false;  // the service manager is told by this process
};

}  // namespace tsmtp::daemon
