// What Relay tells of itself: to relayctl, to scrapers and browsers, to the service manager.
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "relayd/control/metrics.h"
#include "relayd/control/status_html.h"
#include "relayd/daemon/abort_report.h"
#include "relayd/daemon/relay.h"
#include "relayd/daemon/status.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::daemon {
namespace {

constexpr std::chrono::seconds kStandingPoll{1};

}  // namespace

void Relay::tell_ready() {
  readiness_.ready(status_line(standing()));
}

// The service manager looks at this process.
void Relay::become_service() {
  if (std::exchange(is_service_, true)) return;
  tell_ready();
  watch_standing();
}

void Relay::watch_standing() {
  loop_.every(kStandingPoll, [this] {
    shortages_.look_at_memory();
    readiness_.status(status_line(standing()));
    return true;
  });
  const auto interval = readiness_.watchdog_interval();
  if (!interval) return;
  const auto turn = [this] {
    note_turn();
    readiness_.alive();
    return true;
  };
  turn();
  loop_.every(*interval, turn);
}

Standing Relay::standing() const {
  Standing standing{.hub = config_.hub.name,
                    .sites = sites_.size(),
                    .has_reload_failed = !last_reload_error_.empty(),
                    .is_draining = draining_};
  for (const auto& site : sites_) {
    const auto& hubs = site->hubs().all();
    const auto up = std::find_if(hubs.begin(), hubs.end(),
                                 [](const auto& hub) { return hub->link().open_connections() > 0; });
    if (up != hubs.end())
      ++standing.links_up;
    else if (standing.first_down.empty() && !hubs.empty())
      standing.first_down = hubs.front()->shown_name() + ": " + hubs.front()->link().down_text();
  }
  if (const auto& trouble = state_.ledger().trouble()) standing.ledger_trouble = trouble->cause;
  return standing;
}

void Relay::note_day() {
  for (const auto& site : sites_)
    last_day_.note(site->name(),
                   {.out = site->traffic().out().counters.ok,
                    .in = site->traffic().in().counters.ok,
                    .is_up = site->hubs().for_mail().link().open_connections() > 0},
                   net::now());
  last_day_.forget_old(net::now());
}

std::string Relay::page() {
  std::string out;
  const auto add_piece = show(control::WantedPage::Kind::kStatus);
  while (add_piece(out)) {
  }
  return out;
}

control::PageAnswer::Text Relay::show(control::WantedPage::Kind kind) {
  using Kind = control::WantedPage::Kind;
  if (kind == Kind::kStatus) {
    note_day();  // that what has just been seen elsewhere is here too
    const auto html = std::make_shared<control::StatusHtml>(status(), last_day_, net::now());
    return [html](std::string& out) { return html->add_piece(out); };
  }
  const auto text = std::make_shared<control::MetricsText>(
      status(),
      kind == Kind::kOpenMetrics ? control::MetricsFormat::kOpenMetrics : control::MetricsFormat::kText);
  return [text](std::string& out) { return text->add_piece(out); };
}

std::optional<control::PredecessorStatus> Relay::predecessor_status() const {
  if (!takeover_ || !takeover_->left_behind()) return std::nullopt;
  const LeftBehind& left = *takeover_->left_behind();
  control::PredecessorStatus before{.pid = left.process,
                                    .since = served_since_,
                                    .sessions = left.sessions,
                                    .mails = left.mails,
                                    .connections = left.connections,
                                    .ends = net::wall_now() + left.at_most};
  for (const LeftBehind::Held& held : left.held)
    before.held.push_back({.what = held.what, .since = net::wall_now() - held.age});
  return before;
}

control::HubStatus Relay::status() const {
  control::HubStatus status;
  status.name = config_.hub.name;
  status.version = TSMTP_VERSION;
  status.pid = static_cast<int>(getpid());
  status.now = net::wall_now();
  status.started = started_;
  status.config_file = config_.file;
  status.config_loaded = config_loaded_;
  status.last_reload_error = last_reload_error_;
  status.fingerprint = net::pin_text(rotation_.own().pin());
  status.own_key = rotation_.status();
  for (const base::HostPort& address : config_.hub.listen)
    status.listen.push_back(address.to_string());
  status.audit = audit_.status();
  status.ledger = ledger_status(state_.ledger());
  status.ledger.no_witness = state_.no_witness();
  status.shared_doubts = sharing_status(state_.shared_doubts(), state_.ledger().doubts());
  if (site_ledger_) status.site_ledger = site_ledger_->status();
  status.endpoints_held = held_endpoints_.is_held();
  status.draining = draining_;
  status.predecessor = predecessor_status();
  if (shortages_.times() > 0)
    status.shortage = {.times = shortages_.times(), .last = shortages_.last(), .text = shortages_.text()};
  if (source_.log_lines_lost) status.log_lines_lost = source_.log_lines_lost();
  status.unauthenticated = admission_.count();
  status.unauthenticated_driven_out = admission_.driven_out();
  status.connections_refused = peers_.refusals();
  status.keys_revoked = keys_.known().book().revoked().size();
  status.keys_refused = peers_.refused_keys().count();
  const auto& refused = peers_.refused_keys().last();
  status.refused_keys.assign(refused.begin(), refused.end());
  for (const auto& site : sites_) {
    status.sessions_refused += site->sessions_refused();
    status.sites.push_back(site_status(*site, draining_));
    show_keys(status.sites.back(), *site, keys_.known().book(), rotation_);
    status.rate_refusals.out += site->rate_refusals_out();
    status.rate_refusals.in += site->rate_refusals_in();
  }
  show_doubts(status.sites, state_.ledger().doubts());
  status.delays = delays_;
  status.mail_memory = {.used_bytes = shared_->mail_memory->used_bytes(),
                        .limit_bytes = shared_->mail_memory->limit_bytes()};
  return status;
}

}  // namespace tsmtp::daemon
