#include "relayd/daemon/lasting_state.h"

#include <algorithm>

#include "relayd/daemon/key_check.h"
#include "relayd/daemon/privileges.h"

namespace tsmtp::daemon {

using base::LogLevel;

void LastingState::start_witness(const settings::Hub& hub) {
  auto witness = net::Witness::start(hub.state_dir, log_, [&hub](int book) {
    if (book >= 0)
      if (auto ok = give_to(book, "the witness's book", hub.user); !ok) return ok;
    return drop_to(hub.user);
  });
  if (witness) {
    witness_ = std::move(*witness);
  } else {
    no_witness_ = witness.error().message;
  }
  if (no_witness().empty()) return;
  log_.log(LogLevel::kWarning, "no witness (" + no_witness() +
                                   "): a mail that is being delivered when relayd is killed may come twice" +
                                   (witness_ ? "; it is tried again" : ""));
}

// If the disk was full at the start, it may have room now.
void LastingState::try_witness_again() {
  if (!witness_ || !witness_->book().empty() || !witness_->make_book()) return;
  log_.log(LogLevel::kInfo, "the witness has its book now, and watches what is being delivered");
}

base::Result<void> LastingState::open(net::EventLoop& loop, const settings::Hub& hub) {
  if (auto ok = open_digests(hub); !ok) return ok;
  return open(hub, net::TransactionLedger::open(loop.executor(), hub.name, hub.state_dir + "/ledger", log_));
}

base::Result<void> LastingState::borrow(net::EventLoop& loop, const settings::Hub& hub,
                                        net::TransactionLedger::Borrowed borrowed) {
  if (auto ok = open_digests(hub); !ok) return ok;
  return open(hub, net::TransactionLedger::borrow(loop.executor(), hub.name, hub.state_dir + "/ledger",
                                                  std::move(borrowed), log_));
}

base::Result<void> LastingState::open_digests(const settings::Hub& hub) {
  auto digests = net::DigestKeys::open(hub.state_dir);
  if (!digests) return base::with_context("hub.state_dir", digests.error());
  digests_ = std::move(*digests);
  return {};
}

base::Result<void> LastingState::open(const settings::Hub& hub,
                                      base::Result<std::unique_ptr<net::TransactionLedger>> ledger) {
  if (!ledger) return base::with_context("hub.state_dir", ledger.error());
  ledger_ = std::move(*ledger);
  if (ledger_->counters().doubts == 0) digests_->forget_earlier();
  warn_of_another_key(hub.state_dir);
  earlier_ = std::make_unique<net::EarlierCommits>(*ledger_, log_);
  if (auto ok = look_for_earlier(hub); !ok) return base::with_context("hub.state_dir", ok.error());
  return {};
}

void LastingState::share_doubts(etcd::Store& store, const std::string& hub,
                                const settings::Ledger& settings) {
  shared_doubts_ = std::make_unique<net::SharedDoubts>(
      store, ledger_->doubts(), *digests_,
      net::SharedDoubts::Settings{.hub = hub,
                                  .prefix = settings.prefix,
                                  .goes_on_alone = settings.on_engine_loss == settings::OnEngineLoss::kLocal},
      log_);
}

void LastingState::set_sites(const std::vector<settings::Site>& sites, const keys::Book& known) {
  ledger::Owners::Sites owners;
  for (const settings::Site& site : sites) {
    // Rows are written under the first, and found under any.
    std::vector<std::string>& pins = owners.emplace(site.name, site.pins()).first->second;
    for (const std::string& pin : site.pins())
      for (const std::string& related : known.family(pin))
        if (std::find(pins.begin(), pins.end(), related) == pins.end()) pins.push_back(related);
  }
  ledger_->set_sites(owners);
  const std::size_t recipients = ledger_->recipients_of_nobody();
  if (recipients == 0) return;
  log_.log(LogLevel::kWarning,
           "recipients in doubt at sites that are no longer configured: " + std::to_string(recipients) +
               "; their outcome cannot be asked for, and a mail that is tried again at another site may be "
               "delivered twice; relayctl doubts lists them");
}

void LastingState::warn_of_another_key(const std::string& state_dir) {
  if (!is_another_key(state_dir, *digests_) || ledger_->counters().doubts == 0) return;
  log_.log(LogLevel::kWarning, state_dir + "/digest.key was lost or replaced: the mails in doubt (" +
                                   std::to_string(ledger_->counters().doubts) +
                                   " recipients) cannot be recognised any more, and may be delivered twice "
                                   "when they are tried again");
}

}  // namespace tsmtp::daemon
