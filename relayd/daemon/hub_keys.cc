#include "relayd/daemon/hub_keys.h"

#include <sysexits.h>

#include "relayd/base/bytes.h"
#include "relayd/base/time_of_day.h"
#include "relayd/control/request.h"
#include "relayd/net/tls/identity.h"

namespace tsmtp::daemon {
namespace {

std::string list_of(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names)
    out += (out.empty() ? "" : ", ") + base::escaped(name);
  return out;
}

std::int64_t seconds_of(base::WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// The reason why it needs a yes; empty: it needs none.
std::string objection(const keys::Revoking& plan, const std::string& target) {
  const bool hits_others = plan.sites.size() > 1 || (plan.sites.size() == 1 && plan.sites.front() != target);
  std::string out;
  if (hits_others)
    out = "the keys are also those of other sites, which lose their links too: " + list_of(plan.sites) + "; ";
  if (!plan.sites.empty() && plan.left.empty())
    out +=
        "no site is left then: this hub would be linked to nobody until it has paired again. Pair with "
        "another site "
        "first, or, to close a link that may come back, remove the site and reload; ";
  return out;
}

}  // namespace

base::Result<void> HubKeys::open(const std::string& state_dir) {
  auto book = net::KeyBook::open(state_dir + '/' + net::KeyBook::kName);
  if (!book) return book.error();
  book_ = std::make_unique<net::KeyBook>(std::move(*book));
  return {};
}

bool HubKeys::read_again(const std::string& state_dir) {
  auto book = net::KeyBook::open(state_dir + '/' + net::KeyBook::kName);
  if (!book) {
    log_.log(base::LogLevel::kError, "the book of keys cannot be read again: " + book.error().message);
    return false;
  }
  *book_ = std::move(*book);
  return true;
}

std::vector<std::string> HubKeys::revoked_pins() const {
  std::vector<std::string> pins;
  for (const keys::Revocation& revocation : book_->book().revoked())
    pins.push_back(revocation.pin);
  return pins;
}

HubKeys::Revoked HubKeys::revoke(const Wanted& wanted, const std::vector<keys::SiteKeys>& sites,
                                 const std::vector<std::string>& own, base::WallTime now) {
  const keys::Book& book = book_->book();
  const keys::Revoking plan = keys::plan_revoking(wanted.pins, sites, own, book);
  const std::string name = base::escaped(wanted.target);
  if (plan.is_ours)
    return {
        .reply = control::reply_error(
            name +
                " has this hub's own key, which no other hub can have: correct its pin; nothing is revoked "
                "(a key of ours that was stolen is replaced by `relayctl rotate --compromised`)",
            EX_DATAERR)};
  if (plan.is_done) {
    const auto since = base::wall_time(book.revocation(plan.pins.front())->when);
    return {.reply = write_book(name + ": revoked since " + base::time_of_day(since, now) + " already\n")};
  }
  const std::string against = objection(plan, wanted.target);
  if (!against.empty() && !wanted.says_yes)
    return {.reply = control::reply_error(
                name + ": not revoked: " + against + "if that is meant: relayctl revoke --yes " + name,
                EX_USAGE)};
  keys::Book changed = book;
  changed.revoke(plan.pins, wanted.target, seconds_of(now));
  book_->take(std::move(changed));
  const bool hits_a_site = !plan.sites.empty();
  std::string done =
      name + (hits_a_site ? ": revoked, for good: its link is closed, mail for it waits at our MTA"
                          : ": revoked, for good; no site is without a key by that");
  for (const std::string& pin : plan.pins) {
    log_.log(base::LogLevel::kWarning, name + ": key revoked by relayctl: " + net::pin_text(pin));
    done += "\n  " + net::pin_text(pin);
  }
  done +=
      "\nThese keys, and all that come from them, are refused. For a new key, its administrator says "
      "`relayctl rotate --compromised` there; then remove the entry of this site, or of this hub if the site "
      "has others, and pair again\n";
  return {.reply = std::move(done), .is_changed = true};
}

void HubKeys::learn(const std::string& site, const keys::Shown& shown, base::WallTime now) {
  const auto news = keys::news_of(shown, book_->book(), crypto_, seconds_of(now));
  keys::Book changed = book_->book();
  std::size_t learnt = 0;
  for (const keys::Learnt& step : news)
    if (changed.learn(step)) ++learnt;
  if (learnt == 0) return;
  book_->take(std::move(changed));
  log_.log(base::LogLevel::kInfo,
           base::escaped(site) +
               ": has a new key, which its earlier one has signed: " + net::pin_text(shown.pin()));
  (void)write();
}

void HubKeys::confirm(const std::string& site, const std::string& pin, base::WallTime now) {
  keys::Book changed = book_->book();
  if (!changed.confirm(site, pin, seconds_of(now))) return;
  book_->take(std::move(changed));
  (void)write();
}

void HubKeys::keep_sites(const std::vector<std::string>& names) {
  keys::Book changed = book_->book();
  if (!changed.keep_sites(names)) return;
  book_->take(std::move(changed));
  (void)write();
}

// Said once, however often it is tried.
base::Result<void> HubKeys::write() {
  if (is_yielded_) return {};
  auto ok = book_->write();
  if (!ok && !std::exchange(is_write_logged_, true))
    log_.log(base::LogLevel::kError, "the book of keys is not written: " + ok.error().message);
  if (ok) is_write_logged_ = false;
  return ok;
}

std::string HubKeys::write_book(const std::string& done) {
  const auto ok = write();
  if (ok) return control::reply_ok(done);
  return control::reply_error(
      done + "BUT only until relayd ends: " + ok.error().message +
          "; make room, or mend the disk: it is tried again every few seconds, and saying "
          "the same command again tells whether it is done",
      EX_CANTCREAT);
}

void HubKeys::write_if_due() {
  if (is_yielded_ || book_->is_written()) return;
  if (write()) log_.log(base::LogLevel::kInfo, "the book of keys is written now");
}

std::vector<std::string> findings_on_pins(const std::string& state_dir,
                                          const std::vector<keys::SiteKeys>& sites, base::WallTime now) {
  std::vector<std::string> out;
  const auto book = net::KeyBook::open(state_dir + '/' + net::KeyBook::kName);
  if (!book) return {"whether a pin is revoked cannot be known: " + book.error().message};
  for (const keys::SiteKeys& site : sites)
    for (const std::string& pin : site.pins)
      if (const keys::Revocation* const revoked = book->book().revocation(pin))
        out.push_back("site " + site.name + ": pin " + net::pin_text(pin) + " is revoked since " +
                      base::time_of_day(base::wall_time(revoked->when), now) +
                      ", for good: nobody who has it gets a link; pair again, or remove it");
  return out;
}

}  // namespace tsmtp::daemon
