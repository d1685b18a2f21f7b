// The rows of [ledger].
#include "relayd/settings/forms.h"
#include "relayd/settings/keys.h"

namespace tsmtp::settings {
namespace {

using enum Need;
using enum Change;
using namespace std::chrono_literals;

Form<Ledger> etcd_endpoints() {
  return form(
      at<&Ledger::endpoints>(), "list of https://HOST:PORT or http://HOST:PORT",
      [](const Value& value, auto& out) { value.into_engine_endpoints(out); },
      [](const auto& endpoints) {
        return endpoints.empty() ? "" : list_text(endpoints, [](const auto& one) { return one.to_string(); });
      });
}

Form<Ledger> key_prefix() {
  return form(
      at<&Ledger::prefix>(), "path of at most 200 bytes",
      [](const Value& value, auto& out) { value.into_key_prefix(out); },
      [](const std::string& prefix) { return prefix; });
}

}  // namespace

std::span<const Key<Ledger>> ledger_keys() {
  static const std::vector<Key<Ledger>> keys{
      {"engine", kOptional, kRestart,
       word(at<&Ledger::engine>(), {{"local", LedgerEngine::kLocal}, {"etcd", LedgerEngine::kEtcd}}),
       "Where it is remembered how mails ended: in this hub's\n.Ic state_dir\nalone, or in etcd too, for all "
       "hubs of its site."},
      {"endpoints", kOptional, kRestart, etcd_endpoints(), "Where etcd is asked, tried in order.",
       "none, and required with etcd"},
      {"ca", kOptional, kRestart, path(at<&Ledger::files, &EngineFiles::ca>()),
       "File with the certificates of those who may vouch for etcd.", "the system's"},
      {"certificate", kOptional, kRestart, path(at<&Ledger::files, &EngineFiles::certificate>()),
       "File with the certificate that this hub shows to etcd.", "none"},
      {"key", kOptional, kRestart, path(at<&Ledger::files, &EngineFiles::key>()),
       "File with the private key of that certificate.", "none"},
      {"user", kOptional, kRestart, text(at<&Ledger::user>(), "user", &Value::into_string),
       "The user of etcd that this hub is.", "none"},
      {"password_file", kOptional, kRestart, path(at<&Ledger::files, &EngineFiles::password>()),
       "File with that user's password.", "none"},
      {"prefix", kOptional, kRestart, key_prefix(),
       "What all keys in etcd begin with.\nIt is the same on all hubs of the site, and another for each "
       "site."},
      {"timeout", kOptional, kRestart, duration(at<&Ledger::timeout>(), 1s),
       "How long an answer of etcd is waited for."},
      {"on_engine_loss", kOptional, kRestart,
       word(at<&Ledger::on_engine_loss>(),
            {{"defer", OnEngineLoss::kDefer}, {"local", OnEngineLoss::kLocal}}),
       "What becomes of mail while etcd does not answer: it is put off, or goes on and is remembered by this "
       "hub alone."},
      {"on_lost_hub", kOptional, kRestart,
       word(at<&Ledger::on_lost_hub>(), {{"wait", OnLostHub::kWait}, {"resend", OnLostHub::kResend}}),
       "What becomes of a mail that another hub of the site took and whose end it has not told: it waits for "
       "that hub, or is delivered anew."},
      {"resend_after", kOptional, kRestart, duration(at<&Ledger::resend_after>(), 1s),
       "How long it waits with\n.Ic on_lost_hub\n= resend."},
      {"share_doubts", kOptional, kRestart, boolean(at<&Ledger::share_doubts>()),
       "Whether mails in doubt stand in etcd too, for another hub that takes over the queue of this one's "
       "MTA."},
  };
  return keys;
}

}  // namespace tsmtp::settings
