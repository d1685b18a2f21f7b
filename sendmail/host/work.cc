#include "sendmail/host/work.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "relayd/base/bytes.h"
#include "sendmail/host/agreement.h"
#include "sendmail/host/sendmail_control.h"
#include "sendmail/plan/cf_maps.h"
#include "sendmail/plan/listeners.h"
#include "sendmail/plan/proof.h"

namespace tsmtp::sendmail {
namespace {

using mailertable::Failure;
using mailertable::Outcome;

std::string database_of(const std::string& text_path) {
  return text_path + ".db";
}

const Change* change_of(const Plan& plan, const std::string& path) {
  const auto found = std::find_if(plan.changes.begin(), plan.changes.end(),
                                  [&](const Change& one) { return one.path == path; });
  return found == plan.changes.end() ? nullptr : &*found;
}

}  // namespace

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void complain(const std::string& line) {
  std::fflush(stdout);
  fmt::print(stderr, "tsmtp-sendmail: {}\n", line);
}

Outcome<void> Work::keep_originals(const Plan& plan) {
  std::vector<std::string> paths{places_.cf, places_.mc, database_of(places_.sites)};
  for (const Change& change : plan.changes)
    paths.push_back(change.path);
  if (plan.mailertable) paths.push_back(database_of(*plan.mailertable));
  if (plan.access) paths.push_back(database_of(*plan.access));
  for (const std::string& path : paths) {
    if (auto done = memory_.keep(path); !done) return done;
  }
  memory_.is_on = true;
  memory_.is_finished = false;
  memory_.is_leaving = false;
  return memory_.save();
}

Outcome<void> Work::keep_edits() {
  // Before the first change, it is not replaced then.
  if (memory_.paths.empty() || !memory_.is_finished) return {};
  const auto cf = content_of(places_.cf);
  const auto made = make_cf(places_.mc);
  if (!cf || !*cf || !made) return {};
  const std::string line = first_edit(**cf, *made);
  if (line.empty()) return {};
  const std::string copy = places_.cf + ".edited";
  say("note: " + places_.cf + " was not what m4 makes of " + places_.mc + " (see \"" +
      base::escaped(line, 80) + "\"); it is kept as " + copy);
  return changes_.make(copy, **cf);
}

Outcome<void> Work::make_text(const Change& change) {
  say((change.after ? "writing " : "removing ") + change.path);
  for (const std::string& why : change.why)
    say("    " + why);
  return changes_.make(change.path, change.after);
}

/// Builds the database of the map that sendmail.cf calls `map`, whose text must be where the plan has it.
Outcome<void> Work::build(const std::string& cf, std::string_view map, const std::string& text_path) {
  const auto place = map_in(cf, map);
  if (!place || (place->path != text_path && place->database() != database_of(text_path)))
    return Failure{EX_DATAERR, "sendmail.cf does not read " + text_path + " as its map " + std::string(map),
                   false};
  if (place->type != "hash" && place->type != "btree")
    return Failure{EX_DATAERR,
                   "sendmail.cf wants " + text_path + " as " + place->type + ", which cannot be built here",
                   false};
  const auto text = content_of(text_path);
  if (!text) return text.error();
  auto bytes = make_map(text->value_or(""), *place, kMemoryDirectory);
  if (!bytes) return bytes.error();
  say("building " + place->database());
  return changes_.make(place->database(), *std::move(bytes), true);
}

Outcome<void> Work::prove(const Plan& plan, const std::string& cf_path) {
  const auto answers = ask_sendmail(cf_path, questions_of(plan), kMemoryDirectory);
  if (!answers) return answers.error();
  const std::vector<std::string> wrong = contradictions(plan, *answers);
  if (wrong.empty()) return {};
  std::string all;
  for (const std::string& one : wrong)
    all += "\n  " + one;
  return Failure{EX_CONFIG, "sendmail does not do what it should:" + all, false};
}

/// Proves with the new mailertable beside the old one, which a running sendmail reads. With the old
/// sendmail.cf that would bounce mail for a mailer that only the new table knows.
Outcome<void> Work::prove_aside(const Plan& plan, const std::string& cf) {
  const std::string table = std::string(kMemoryDirectory) + "/proof-mailertable";
  const std::string aside = std::string(kMemoryDirectory) + "/proof.cf";
  FileChanges scratch;
  std::string proof_cf = cf;
  if (plan.mailertable) {
    const auto map = map_in(cf, "mailertable");
    if (!map) return Failure{EX_DATAERR, "sendmail.cf reads no mailertable", false};
    const Change* const change = change_of(plan, *plan.mailertable);
    const auto now = content_of(*plan.mailertable);
    if (!now) return now.error();
    const std::string text = change != nullptr ? change->after.value_or("") : now->value_or("");
    auto bytes = make_map(text, *map, kMemoryDirectory);
    if (!bytes) return bytes.error();
    if (auto done = scratch.make(table + ".db", *std::move(bytes), true); !done) return done;
    proof_cf = with_map_at(cf, "mailertable", table);
  }
  auto proved = scratch.make(aside, proof_cf);
  if (proved) proved = prove(plan, aside);
  (void)scratch.put_back();
  return proved;
}

Outcome<void> Work::put_cf(const std::string& cf) {
  say("writing " + places_.cf);
  return changes_.make(places_.cf, cf);
}

Outcome<void> Work::reload(const std::string& cf) {
  say("having sendmail read it all");
  const auto reloaded = reload_sendmail(cf);
  if (!reloaded) return reloaded.error();
  has_reloaded_ = true;
  found_no_sendmail_ = *reloaded == Reloaded::kNotRunning;
  if (found_no_sendmail_) say("    sendmail is not running");
  return {};
}

Outcome<void> Work::turn_on(const Plan& plan) {
  if (auto done = keep_originals(plan); !done) return done;
  for (const Change& change : plan.changes) {
    if (plan.mailertable && change.path == *plan.mailertable) continue;
    if (auto done = make_text(change); !done) return done;
  }
  say("making sendmail.cf of " + places_.mc);
  const auto cf = make_cf(places_.mc);
  if (!cf) return cf.error();
  for (const std::string& deaf : unheard(*cf, plan.deliveries))
    say("note: " + deaf);
  if (auto done = build(*cf, "tsmtpsite", places_.sites); !done) return done;
  if (plan.access) {
    if (auto done = build(*cf, "access", *plan.access); !done) return done;
  }
  say(fmt::format("asking sendmail -bt for {} addresses and its local names", plan.expectations.size()));
  if (auto done = prove_aside(plan, *cf); !done) return done;
  if (auto done = put_cf(*cf); !done) return done;
  if (auto done = reload(*cf); !done) return done;
  if (!plan.mailertable) return {};
  if (const Change* const change = change_of(plan, *plan.mailertable)) {
    if (auto done = make_text(*change); !done) return done;
  }
  if (auto done = build(*cf, "mailertable", *plan.mailertable); !done) return done;
  return prove(plan, places_.cf);
}

/// Takes our lines out of a file. It is as it was before, if nobody has edited it.
Outcome<void> Work::restore(const Change& change) {
  const Memory::Kept before = memory_.kept(change.path);
  std::optional<std::string> after = change.after;
  const bool was_none = before.is_known && !before.content;
  if (was_none && after && after->empty()) after.reset();
  if (before.is_known && after == before.content)
    say(after ? "restoring " + change.path + ", byte for byte as before"
              : "removing " + change.path + ", which was not there before");
  else
    say("taking our lines out of " + change.path + ", which was edited since; your changes stay");
  return changes_.make(change.path, after);
}

Outcome<std::string> Work::original_cf() {
  const auto mc = content_of(places_.mc);
  if (!mc) return mc.error();
  const Memory::Kept before_mc = memory_.kept(places_.mc);
  Memory::Kept before_cf = memory_.kept(places_.cf);
  if (before_mc.is_known && before_mc.content == *mc && before_cf.content) {
    say("restoring " + places_.cf + ", byte for byte as before");
    return Outcome<std::string>(boost::system::in_place_value, *std::move(before_cf.content));
  }
  say("making sendmail.cf of " + places_.mc);
  return make_cf(places_.mc);
}

Outcome<void> Work::restore_database(const std::string& text_path, const std::string& cf) {
  const std::string path = database_of(text_path);
  Memory::Kept before = memory_.kept(path);
  const Memory::Kept before_text = memory_.kept(text_path);
  const auto text = content_of(text_path);
  if (!text) return text.error();
  if (before.is_known && (!before_text.is_known || *text == before_text.content))
    return changes_.make(path, before.content, true);
  for (const std::string_view name : {"mailertable", "access"}) {
    const auto map = map_in(cf, name);
    if (*text && map && map->database() == path) return build(cf, name, text_path);
  }
  // No sendmail reads it now. It must not keep our routes for the day when one does.
  return before.is_known ? changes_.make(path, before.content, true) : Outcome<void>();
}

/// Removes files that did not exist before and are empty.
Outcome<void> Work::remove_empty_ones() {
  for (const std::string& path : memory_.paths) {
    const auto now = content_of(path);
    if (!now) return now.error();
    const Memory::Kept before = memory_.kept(path);
    if (!before.is_known || before.content || !*now || !(*now)->empty()) continue;
    say("removing " + path + ", which was not there before");
    if (auto done = changes_.make(path, std::nullopt); !done) return done;
  }
  return {};
}

Outcome<void> Work::turn_off(const Plan& plan) {
  // The routes go first, while sendmail still knows the mailer.
  for (const Change& change : plan.changes) {
    if (auto done = restore(change); !done) return done;
  }
  if (auto done = remove_empty_ones(); !done) return done;
  const auto cf = original_cf();
  if (!cf) return cf.error();
  for (const std::string& path : memory_.paths) {
    if (!path.ends_with(".db")) continue;
    if (auto done = restore_database(path.substr(0, path.size() - 3), *cf); !done) return done;
  }
  if (auto done = changes_.make(places_.cf, *cf); !done) return done;
  return reload(*cf);
}

bool Work::put_back() {
  if (changes_.empty()) {
    complain("nothing was changed");
    return true;
  }
  bool all = true;
  for (const Failure& failure : changes_.put_back()) {
    complain(failure.message);
    all = false;
  }
  complain(all ? "everything is put back as it was"
               : "not everything could be put back; mend that, then: tsmtp-sendmail off");
  if (!has_reloaded_) return all;
  const auto cf = content_of(places_.cf);
  if (!cf || !*cf) return all;
  if (const auto reloaded = reload_sendmail(**cf); !reloaded) complain(reloaded.error().message);
  return all;
}

}  // namespace tsmtp::sendmail
