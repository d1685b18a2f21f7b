#include "mailertable/following/publication.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <utility>

#include "mailertable/checks/findings_text.h"
#include "mailertable/files/input.h"
#include "mailertable/output/text_writer.h"
#include "mailertable/routes/checked_routes.h"
#include "mailertable/text/parser.h"
#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

constexpr std::string_view kOfTsmtpSendmail = "# tsmtp-sendmail begin";

/// The text that was written last; empty if there is none. Somebody else's file is not ours to replace.
Outcome<std::string> old_text(const std::string& path) {
  if (path.empty() || ::access(path.c_str(), F_OK) != 0)
    return Outcome<std::string>(boost::system::in_place_value);
  auto text = read_input(path);
  if (!text) return text;
  base::Diagnostics findings;
  (void)parse(*text, path, findings);
  if (findings.has_errors())
    return Failure{EX_CANTCREAT, path + " is not the text of a mailertable, and is not replaced", false};
  if (text->starts_with(kOfTsmtpSendmail) || text->find('\n' + std::string(kOfTsmtpSendmail)) != text->npos)
    return Failure{EX_CANTCREAT,
                   path +
                       " has lines of tsmtp-sendmail, and is not replaced: write the table elsewhere, with "
                       "text-only and domains-dir, and tsmtp-sendmail follows the domains of the sites",
                   false};
  return text;
}

}  // namespace

/// What is to be written, and what it was made of.
struct Publication::Plan {
  Knowledge knowledge;
  std::string old_text;
  std::vector<Source> local;
  std::string local_text;  ///< all of it, for comparison
  Routes routes;
  SiteDomains::Domains domains;
  CheckedRoutes checked;
};

std::string Published::text() const {
  std::string text = findings_text(findings, {}, FindingsFormat::kText);
  if (failure) text += failure->message + '\n';
  return text;
}

Outcome<void> Publication::learn_hub(Plan& plan, Published& result) const {
  Job job;
  if (auto learnt = learn(what_.checks, job, result.findings); !learnt) return learnt;
  plan.knowledge = std::move(job.knowledge);
  auto old = old_text(what_.text);
  if (!old) return old.error();
  plan.old_text = *std::move(old);
  for (const std::string& path : what_.local) {
    auto text = read_input(path);
    if (!text) return text.error();
    plan.local_text += *text + '\0';
    plan.local.push_back({path, *std::move(text)});
  }
  if (what_.tables.empty()) return {};
  const TableTarget target = target_of(what_.tables.front(), plan.knowledge);
  plan.knowledge.wanted =
      Wanted{target.path, target.type == TableType::kBtree ? std::string_view("btree") : "hash"};
  return {};
}

Outcome<void> Publication::make_routes(const Content& content, Plan& plan) const {
  base::Diagnostics told_elsewhere;  // of the old text when it was made, of local ones by the check
  const Table old = parse(plan.old_text, what_.text, told_elsewhere);
  Table local;
  for (const Source& source : plan.local)
    parse_into(local, source.text, source.name, told_elsewhere);
  plan.routes = compile_entries(content.entries(), *plan.knowledge.sites, what_.rules);
  for (const std::string& domain : what_.let_go)
    plan.routes.let_go.insert(base::ascii_lower(domain));
  if (auto lost = too_much_lost(plan.routes, old.entries, what_.loss); lost)
    plan.routes.findings.error({"directory", 0, 0}, *lost);
  hold_what_is_gone(plan.routes, old.entries, local.entries);
  auto domains = domains_.wanted(plan.routes, *plan.knowledge.sites);
  if (!domains) return domains.error();
  plan.domains = *std::move(domains);
  if (what_.domains_dir.empty()) return {};
  for (Site& site : plan.knowledge.sites->all) {
    if (const auto found = plan.domains.find(site.name); found != plan.domains.end())
      site.domains = found->second;
  }
  return {};
}

bool Publication::prepare(const Content& content, Plan& plan, Published& result) const {
  auto done = learn_hub(plan, result);
  if (done) done = make_routes(content, plan);
  if (!done) {
    result.failure = done.error();
    return false;
  }
  plan.checked = check_routes(plan.routes, plan.local, plan.knowledge);
  for (const base::Diagnostic& one : plan.checked.findings.all()) {
    if (one.severity == base::Severity::kError || what_.checks.strict)
      result.findings.error(one.location, one.message);
    else
      result.findings.warning(one.location, one.message);
  }
  result.lines = plan.routes.lines.size();
  return !result.findings.has_errors();
}

TableTarget Publication::target_of(const std::string& path, const Knowledge& knowledge) const {
  std::string type = what_.type;
  const auto& cf = knowledge.cf;
  if (type.empty() && cf && cf->mailertable && path == cf->mailertable->path + ".db")
    type = cf->mailertable->type;
  return {path, type == "btree" ? TableType::kBtree : TableType::kHash};
}

// The text comes first: what it says went through a link is not forgotten, whenever this process is killed.
Outcome<void> Publication::write(const Plan& plan, Published& result) {
  const std::string& text = plan.checked.sources.front().text;
  if (text != plan.old_text) {
    if (auto written = replace_text(what_.text, text); !written) return written;
    result.is_changed = true;
  }
  if (is_built_ && !result.is_changed && plan.local_text == local_when_built_) return {};
  for (const std::string& path : what_.tables) {
    is_built_ = false;
    if (auto written = write_table(target_of(path, plan.knowledge), plan.checked.checked.table.entries);
        !written)
      return written;
    result.is_changed = true;
  }
  is_built_ = true;
  local_when_built_ = plan.local_text;
  return {};
}

Published Publication::publish(const Content& content) {
  Published result;
  Plan made;
  if (!prepare(content, made, result)) return result;
  if (what_.text.empty()) {
    fmt::print("{}", made.checked.sources.front().text);
    return result;
  }
  // relayd refuses mail for domains that it does not know, so it learns of new ones before sendmail does, and
  // forgets those that are gone after it.
  auto done = domains_.widen(made.domains, result.is_changed);
  if (done) done = write(made, result);
  if (done) done = domains_.settle(made.domains, result.is_changed);
  if (!done) result.failure = done.error();
  return result;
}

}  // namespace tsmtp::mailertable
