// relayd.toml and what it includes; and whether the relayd that runs has read them.
#include <algorithm>
#include <map>

#include "relayd/base/bytes.h"
#include "relayd/diagnosis/hub/checks.h"
#include "relayd/diagnosis/hub/places.h"

namespace tsmtp::diagnosis {
namespace {

std::string place_text(const base::Location& at) {
  std::string out = base::escaped(at.file, 400);
  if (at.line > 0) out += ':' + std::to_string(at.line);
  if (at.line > 0 && at.column > 0) out += ':' + std::to_string(at.column);
  return out;
}

/// What both patterns match; empty if that is nothing.
std::string overlap_of(const std::string& a, const std::string& b) {
  if (a == b || b == ".") return a;
  if (a == ".") return b;
  if (a.starts_with('.') && b.ends_with(a)) return b;
  if (b.starts_with('.') && a.ends_with(b)) return a;
  return {};
}

// A name below another site's domain may be meant: the longest does not win, so it is said, but as a warning.
void report_overlap(const HubFacts& facts, const settings::Site& first, const settings::Site& second,
                    Report& report) {
  for (const std::string& a : first.rules.domains.patterns())
    for (const std::string& b : second.rules.domains.patterns()) {
      const std::string common = overlap_of(a, b);
      if (common.empty()) continue;
      const std::string text = in_quotes(common) + " is behind site " + in_quotes(first.name) +
                               " and behind site " + in_quotes(second.name);
      const std::string remedy = "take it out of the domains of one of them, then: relayctl reload";
      if (a == b)
        report.wrong(config_place(facts, common), text, remedy);
      else
        report.warning(config_place(facts, common), text, remedy);
    }
}

// A file system's time and relayd's are of one clock; a status has whole seconds.
constexpr std::chrono::seconds kSlack{2};

}  // namespace

void check_configuration(const HubFacts& facts, Report& report) {
  for (const base::Diagnostic& one : facts.config_findings) {
    const std::string remedy = "see relayd.toml(5); `relayd --check` says whether it is mended";
    if (one.severity == base::Severity::kError)
      report.wrong(place_text(one.location), one.message, remedy);
    else
      report.warning(place_text(one.location), one.message, remedy);
  }
}

void check_included(const HubFacts& facts, Report& report) {
  for (const std::string& path : facts.ignored_files)
    report.warning(path,
                   "relayd does not read this file: `include` in [hub] is " + joined(facts.hub.include) +
                       ", which it does not match",
                   "give it a name that ends in .toml, or move it elsewhere");
}

void check_overlaps(const HubFacts& facts, Report& report) {
  for (std::size_t i = 0; i < facts.sites.size(); ++i)
    for (std::size_t k = i + 1; k < facts.sites.size(); ++k)
      report_overlap(facts, facts.sites[i], facts.sites[k], report);
}

void check_loaded(const HubFacts& facts, Report& report) {
  const control::Json* const status = status_of(facts);
  if (status == nullptr) return;
  const std::string running = text_in(*status, "config_file");
  const bool is_other =
      !running.empty() && running != facts.config_file && !facts.config_file.ends_with('/' + running);
  if (is_other)
    report.warning(running, "the relayd that runs was started with this file, not with " + facts.config_file,
                   "`relayctl --config " + running + " doctor` looks at that one");
  if (const std::string error = text_in(*status, "last_reload_error"); !error.empty()) {
    report.wrong(facts.config_file,
                 "the last reload failed, and relayd goes on with what it had read before: " + error,
                 error.ends_with("restart relayd") ? "systemctl restart relayd, or as your init system has it"
                                                   : "mend that, then: relayctl reload");
    return;
  }
  const auto loaded = time_in(*status, "config_loaded");
  if (!loaded || is_other) return;
  std::vector<std::string> files = facts.config_files;
  for (const settings::Site& site : facts.sites)
    if (!site.rules.domains_file.empty()) files.push_back(site.rules.domains_file);
  for (const std::string& path : files) {
    const FileFact* const file = file_at(facts, path);
    if (file != nullptr && wall_time(file->changed) > *loaded + kSlack)
      report.warning(path, "it was changed after relayd had read it", "relayctl reload",
                     wall_time(file->changed));
  }
  std::vector<std::string> known;
  for (const control::Json& site : sites_in(facts))
    known.push_back(text_in(site, "name"));
  for (const settings::Site& site : facts.sites)
    if (std::find(known.begin(), known.end(), site.name) == known.end())
      report.wrong(config_place(facts, site.name),
                   "the relayd that runs does not know site " + in_quotes(site.name), "relayctl reload");
  if (!facts.has_config) return;
  for (const std::string& name : known)
    if (std::none_of(facts.sites.begin(), facts.sites.end(),
                     [&](const settings::Site& site) { return site.name == name; }))
      report.warning(facts.config_file,
                     "site " + in_quotes(name) + " is in no file any more, and relayd still serves it",
                     "relayctl reload, or put its file back");
}

}  // namespace tsmtp::diagnosis
