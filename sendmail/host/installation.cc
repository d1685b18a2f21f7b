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

/// The files of interest, `also`, and, if that is asked for, those that the .mc includes.
Outcome<Texts> read_texts(const Places& places, const std::set<std::string>& also,
                          Texts* included_texts = nullptr) {
  Texts texts;
  const auto mc = content_of(places.mc);
  if (!mc) return mc.error();
  const auto included = [&](const std::string& path) -> std::optional<std::string> {
    auto text = content_of(path);
    if (!text || !*text) return std::nullopt;
    if (included_texts != nullptr) (*included_texts)[path] = **text;
    return *std::move(text);
  };
  std::vector<std::string> paths = files_of_interest(mc->value_or(""), places, included);
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

/// relayd.toml and its sites. Nothing if it is wrong, which is said then; `is_quiet` leaves out the warnings.
std::optional<HubFacts> read_hub(const std::string& path, bool is_quiet) {
  base::Diagnostics diagnostics;
  const auto config = settings::read(path, {}, diagnostics);
  if (!is_quiet || !config) fmt::print(stderr, "{}", diagnostics.to_string());
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

/// Without a site there is nothing to route: the changes are taken back, and it stays on for the next site.
bool is_without_sites(const Plan& plan) {
  return plan.expectations.empty();
}

/// The state that a run works on. It is read under the lock, so that it is still true when it is written.
struct Situation {
  Places places;
  std::optional<Memory> memory;
  base::Descriptor lock;
  Plan plan;
};

/// Reads everything and plans. Returns an exit status if the run ends with that.
std::optional<int> look(Situation& situation, const Orders& orders, const std::vector<std::string>& only,
                        bool is_quiet = false) {
  const auto hub = read_hub(orders.relayd, is_quiet);
  if (!hub) return EX_CONFIG;
  Texts included;
  auto texts = read_texts(situation.places, situation.memory->paths, &included);
  if (!texts) return fail(texts.error());
  Input input{*std::move(texts), std::move(included),     *hub,
              host_name(),       {only, orders.released}, situation.places};
  situation.plan = plan_on(input);
  // This is for the first change only: later on, sendmail.cf and databases are ours, or Debian's rules have
  // made them of the same texts.
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
  auto lock = situation.memory->lock([] { say("waiting for another tsmtp-sendmail to end"); });
  if (!lock) return fail(lock.error());
  situation.lock = *std::move(lock);
  // Another run may have ended while this one waited.
  memory = Memory::read(kMemoryDirectory);
  if (!memory) return fail(memory.error());
  situation.memory.emplace(*std::move(memory));
  situation.memory->remove_leftovers();
  return std::nullopt;
}

/// Shows the plan. Returns an exit status if the run ends with that.
std::optional<int> show(const Plan& plan, const Orders& orders) {
  show_plan(plan);
  if (!plan.is_possible()) {
    complain("nothing was changed");
    return EX_CONFIG;
  }
  if (!orders.dry_run) return std::nullopt;
  show_differences(plan);
  return EX_OK;
}

/// Signals wait until a run is over, because half a change must not stay behind.
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
  auto done = work.keep_edits();
  if (done && !is_empty)
    done = work.turn_on(situation.plan);
  else if (done && !situation.plan.changes.empty())
    done = work.turn_off(situation.plan);
  if (!done) {
    const int status = fail(done.error());
    // Files that could not be put back must not be forgotten.
    if (!work.put_back()) return status;
    if (!former.is_on) memory.be_off();
    // After a first try that failed it stays off.
    const auto noted = former.is_on ? former.save() : memory.forget();
    return noted ? status : fail(noted.error());
  }
  work.settle();
  memory.is_on = true;
  memory.is_finished = true;
  memory.is_leaving = false;
  memory.may_start = is_empty && may_start;
  done = is_empty ? memory.forget() : memory.save();
  if (!done) {
    complain("all of it is done, but that cannot be noted; mend this, then: tsmtp-sendmail update");
    return fail(done.error());
  }
  if (may_start && !is_empty) start_sendmail(!work.found_no_sendmail());
  return EX_OK;
}

bool is_up_to_date(const Situation& situation) {
  return !situation.plan.changes_anything() && situation.memory->is_finished;
}

/// Follows the sites until they are as they were when the last round began: no unit tells of a change during
/// a round. It warns of nothing, because it is run every minute, and relayd warns at each reload.
int follow(Situation& situation, const Orders& orders) {
  constexpr int kMostRounds = 10;
  const std::vector<std::string> only = situation.memory->only;
  for (int round = 0; round < kMostRounds; ++round) {
    if (const auto status = look(situation, orders, only, true)) return *status;
    if (situation.plan.is_possible() && is_up_to_date(situation)) break;
    if (const auto status = show(situation.plan, orders)) return *status;
    if (const int status = carry_out(situation, only, situation.memory->may_start); status != EX_OK)
      return status;
  }
  return EX_OK;
}

int leave(Situation& situation, const Orders& orders) {
  Memory& memory = *situation.memory;
  const auto texts = read_texts(situation.places, memory.paths);
  if (!texts) return fail(texts.error());
  const Plan plan = plan_off(*texts, situation.places);
  if (const auto status = show(plan, orders)) return *status;
  if (!memory.is_on && plan.changes.empty()) {
    say("tsmtp-sendmail is off already");
    return EX_OK;
  }
  hold_signals();
  Memory former = memory;
  Work work(memory, situation.places);
  auto done = work.keep_edits();
  if (done && memory.is_on) {
    memory.is_leaving = true;
    memory.is_finished = false;
    // On a full disk the run goes on all the same, because it makes room.
    (void)memory.save();
  }
  // It waited for the first site, and has changed nothing.
  const bool is_untouched = plan.changes.empty() && memory.paths.empty();
  if (done && !is_untouched) done = work.turn_off(plan);
  if (!done) {
    const int status = fail(done.error());
    if (!work.put_back() || !former.is_on) return status;
    const auto noted = former.save();
    return noted ? status : fail(noted.error());
  }
  work.settle();
  memory.be_off();
  done = memory.forget();
  if (!done) return fail(done.error());
  watch_sites(false);
  say("off: mail for the sites leaves as any other, in clear if nothing else protects it");
  return EX_OK;
}

}  // namespace

int turn_on(const Orders& orders) {
  Situation situation;
  if (const auto status = open(situation, !orders.dry_run)) return *status;
  if (const auto status = look(situation, orders, orders.only)) return *status;
  if (const auto status = show(situation.plan, orders)) return *status;
  if (const int status = carry_out(situation, orders.only, orders.may_start); status != EX_OK) return status;
  watch_sites(true);
  const bool is_empty = is_without_sites(situation.plan);
  if (!is_empty)
    say(orders.only.empty() ? "on: mail for the sites goes by tsmtp, as sendmail -bt has proved"
                            : "on, for a trial: mail for these addresses goes by tsmtp, as sendmail -bt has "
                              "proved, and all other mail as before");
  return follow(situation, orders);
}

int update(const Orders& orders) {
  Situation situation;
  if (const auto status = open(situation, !orders.dry_run)) return *status;
  if (situation.memory->is_leaving) {
    say("it was being turned off, which was cut short, and is now");
    return leave(situation, orders);
  }
  if (!situation.memory->is_on) {
    say("tsmtp-sendmail is off; `tsmtp-sendmail on' turns it on");
    return EX_OK;
  }
  return follow(situation, orders);
}

int turn_off(const Orders& orders) {
  Situation situation;
  if (const auto status = open(situation, !orders.dry_run)) return *status;
  return leave(situation, orders);
}

int check(const Orders& orders) {
  Situation situation;
  if (const auto status = open(situation, false)) return *status;
  if (!situation.memory->is_on) {
    say("off");
    return 1;
  }
  if (situation.memory->is_leaving) {
    say("it was being turned off, which was cut short: run `tsmtp-sendmail off' again");
    return 1;
  }
  if (const auto status = look(situation, orders, situation.memory->only)) return *status;
  show_plan(situation.plan);
  if (!situation.plan.is_possible()) return EX_CONFIG;
  if (!is_up_to_date(situation)) {
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
