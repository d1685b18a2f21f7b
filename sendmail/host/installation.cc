#include "sendmail/host/installation.h"

#include <fmt/format.h>
#include <signal.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdio>
#include <optional>

#include "relayd/base/bytes.h"
#include "relayd/settings/reader.h"
#include "sendmail/host/agreement.h"
#include "sendmail/host/memory.h"
#include "sendmail/host/sendmail_control.h"
#include "sendmail/host/units.h"
#include "sendmail/host/work.h"
#include "sendmail/plan/plan.h"
#include "sendmail/plan/proof.h"
#include "sendmail/text/difference.h"

namespace tsmtp::sendmail {
namespace {

using mailertable::Failure;
using mailertable::Outcome;

int fail(const Failure& failure) {
  complain(failure.message);
  return failure.exit_status;
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

Outcome<Texts> read_texts(const Places& places, const std::set<std::string>& also = {}) {
  Texts texts;
  const auto mc = content_of(places.mc);
  if (!mc) return mc.error();
  std::vector<std::string> paths = files_of_interest(mc->value_or(""), places);
  for (const std::string& path : also) {
    if (!path.ends_with(".db")) paths.push_back(path);
  }
  for (const std::string& path : paths) {
    auto text = content_of(path);
    if (!text) return text.error();
    if (*text) texts[path] = **std::move(text);
  }
  return texts;
}

/// relayd.toml and its sites, or nothing, everything having been said.
std::optional<HubFacts> read_hub(const std::string& path) {
  base::Diagnostics diagnostics;
  const auto config = settings::read(path, {}, diagnostics);
  fmt::print(stderr, "{}", diagnostics.to_string());
  if (!config) return std::nullopt;
  return facts_of(*config);
}

void show_plan(const Plan& plan) {
  for (const std::string& note : plan.notes)
    say("note: " + note);
  for (const std::string& finding : plan.findings)
    complain(finding);
}

void show_differences(const Plan& plan) {
  for (const Change& change : plan.changes) {
    for (const std::string& why : change.why)
      say("# " + why);
    fmt::print("{}", difference(change.path, change.before.value_or(""), change.after.value_or("")));
  }
  if (plan.changes.empty()) say("nothing would change in the texts");
}

/// Without a site there is nothing to route, and what was made is taken back; it stays on, for the next site.
bool is_without_sites(const Plan& plan) {
  return plan.expectations.empty();
}

/// What a run works on: read under the lock, so that it is still true when it is written.
struct Situation {
  Places places;
  std::optional<Memory> memory;
  base::Descriptor lock;
  Plan plan;
};

/// Reads everything and plans; an exit status if that is the end.
std::optional<int> look(Situation& situation, const Orders& orders, const std::vector<std::string>& only) {
  const auto hub = read_hub(orders.relayd);
  if (!hub) return EX_CONFIG;
  auto texts = read_texts(situation.places, situation.memory->paths);
  if (!texts) return fail(texts.error());
  Input input{*std::move(texts), *hub, host_name(), {only, orders.released}, situation.places};
  situation.plan = plan_on(input);
  // Before the first change only: later on, sendmail.cf and databases are ours, or made by Debian's rules of
  // the same texts.
  if (!situation.memory->paths.empty() || !situation.plan.is_possible() || is_without_sites(situation.plan))
    return std::nullopt;
  if (const auto missing = missing_part()) return fail({EX_UNAVAILABLE, *missing, false});
  situation.plan.findings = disagreements(situation.plan, input.texts, situation.places);
  return std::nullopt;
}

std::optional<int> open(Situation& situation, bool to_change) {
  auto memory = Memory::read(kMemoryDirectory);
  if (!memory) return fail(memory.error());
  situation.memory.emplace(*std::move(memory));
  if (!to_change) return std::nullopt;
  if (::geteuid() != 0)
    return fail(
        {EX_NOPERM, "only root may change sendmail's files; --dry-run shows what would change", false});
  auto lock = situation.memory->lock();
  if (!lock) return fail(lock.error());
  situation.lock = *std::move(lock);
  // Another run may have ended while this one waited.
  memory = Memory::read(kMemoryDirectory);
  if (!memory) return fail(memory.error());
  situation.memory.emplace(*std::move(memory));
  return std::nullopt;
}

/// Signals wait until a run is over: half of it is nothing to leave behind.
void hold_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGQUIT})
    sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, nullptr);
}

int carry_out(Situation& situation, const std::vector<std::string>& only, bool may_start) {
  if (const auto missing = missing_part()) return fail({EX_UNAVAILABLE, *missing, false});
  hold_signals();
  Memory& memory = *situation.memory;
  Memory former = memory;
  memory.only = only;
  Work work(memory, situation.places);
  const bool is_empty = is_without_sites(situation.plan);
  auto done = !is_empty                        ? work.turn_on(situation.plan)
              : situation.plan.changes.empty() ? Outcome<void>()
                                               : work.turn_off(situation.plan);
  if (!done) {
    const int status = fail(done.error());
    work.put_back();
    // A first try that failed leaves it off.
    const auto noted = former.is_on ? former.save() : memory.forget();
    return noted ? status : fail(noted.error());
  }
  memory.may_start = false;
  if (is_empty) {
    done = memory.forget();
    memory.is_on = true;
    memory.only = only;
    memory.may_start = may_start;
  }
  memory.is_finished = true;
  if (done) done = memory.save();
  if (!done) return fail(done.error());
  if (may_start && !is_empty) start_sendmail(!work.found_no_sendmail());
  return EX_OK;
}

}  // namespace

int turn_on(const Orders& orders) {
  Situation situation;
  if (const auto status = open(situation, !orders.dry_run)) return *status;
  if (const auto status = look(situation, orders, orders.only)) return *status;
  show_plan(situation.plan);
  if (!situation.plan.is_possible()) {
    complain("nothing was changed");
    return EX_CONFIG;
  }
  if (orders.dry_run) {
    show_differences(situation.plan);
    return EX_OK;
  }
  if (const int status = carry_out(situation, orders.only, orders.may_start); status != EX_OK) return status;
  watch_sites(true);
  if (is_without_sites(situation.plan)) return EX_OK;
  say(orders.only.empty() ? "on: mail for the sites goes by tsmtp, as sendmail -bt has proved"
                          : "on, for a trial: mail for these addresses goes by tsmtp, as sendmail -bt has "
                            "proved, and all other "
                            "mail as before");
  return EX_OK;
}

int update(const Orders& orders) {
  Situation situation;
  if (const auto status = open(situation, !orders.dry_run)) return *status;
  if (!situation.memory->is_on) {
    say("tsmtp-sendmail is off; `tsmtp-sendmail on' turns it on");
    return EX_OK;
  }
  const std::vector<std::string> only = situation.memory->only;
  if (const auto status = look(situation, orders, only)) return *status;
  const bool is_new = situation.plan.changes_anything() || !situation.memory->is_finished;
  if (situation.plan.is_possible() && !is_new) return EX_OK;
  show_plan(situation.plan);
  if (!situation.plan.is_possible()) {
    complain("nothing was changed");
    return EX_CONFIG;
  }
  if (orders.dry_run) {
    show_differences(situation.plan);
    return EX_OK;
  }
  return carry_out(situation, only, situation.memory->may_start);
}

int turn_off(const Orders& orders) {
  Situation situation;
  if (const auto status = open(situation, !orders.dry_run)) return *status;
  const auto texts = read_texts(situation.places, situation.memory->paths);
  if (!texts) return fail(texts.error());
  const Plan plan = plan_off(*texts, situation.places);
  show_plan(plan);
  if (!plan.is_possible()) {
    complain("nothing was changed");
    return EX_CONFIG;
  }
  if (orders.dry_run) {
    show_differences(plan);
    return EX_OK;
  }
  if (!situation.memory->is_on && plan.changes.empty()) {
    say("tsmtp-sendmail is off already");
    return EX_OK;
  }
  hold_signals();
  watch_sites(false);
  Work work(*situation.memory, situation.places);
  if (auto done = work.turn_off(plan); !done) {
    complain(done.error().message);
    work.put_back();
    return done.error().exit_status;
  }
  if (auto done = situation.memory->forget(); !done) return fail(done.error());
  say("off: mail for the sites leaves as any other, in clear if nothing else protects it");
  return EX_OK;
}

int check(const Orders& orders) {
  Situation situation;
  if (const auto status = open(situation, false)) return *status;
  if (!situation.memory->is_on) {
    say("off");
    return 1;
  }
  if (const auto status = look(situation, orders, situation.memory->only)) return *status;
  show_plan(situation.plan);
  if (!situation.plan.is_possible()) return EX_CONFIG;
  if (situation.plan.changes_anything() || !situation.memory->is_finished) {
    for (const Change& change : situation.plan.changes)
      say(change.path + " is not as the sites in " + orders.relayd + " want it");
    say("on, but not up to date: run `tsmtp-sendmail update'");
    return 1;
  }
  if (::geteuid() == 0 && !is_without_sites(situation.plan)) {
    const auto answers = ask_sendmail(situation.places.cf, questions_of(situation.plan), kMemoryDirectory);
    if (!answers) return fail(answers.error());
    const std::vector<std::string> wrong = contradictions(situation.plan, *answers);
    for (const std::string& one : wrong)
      complain(one);
    if (!wrong.empty()) {
      say("on, but sendmail does something else: run `tsmtp-sendmail on' again");
      return 1;
    }
  }
  say(situation.memory->only.empty() ? "on" : "on, for a trial with some addresses");
  for (const Expectation& expected : situation.plan.expectations) {
    if (!expected.host.empty()) say("    " + expected.address + " goes to tsmtp:" + expected.host);
  }
  return EX_OK;
}

}  // namespace tsmtp::sendmail
