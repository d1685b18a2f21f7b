#include "mailertable/checks/checks.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "mailertable/checks/entry_report.h"
#include "mailertable/checks/key_checks.h"
#include "mailertable/checks/other_kinds.h"
#include "mailertable/checks/own_domain_checks.h"
#include "mailertable/checks/relation_checks.h"
#include "mailertable/checks/site_checks.h"
#include "mailertable/checks/value_checks.h"
#include "mailertable/text/key_index.h"
#include "mailertable/text/parser.h"
#include "mailertable/text/route.h"
#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

/// Checks each entry by itself. Tables say few different things of many keys, so values are remembered.
class EntryChecker {
 public:
  EntryChecker(const Table& table, const Mailers& mailers, base::Diagnostics& findings)
      : table_(table), mailers_(mailers), findings_(findings) {}

  void check(const Entry& entry) {
    EntryReport report(table_.files[entry.file], entry, findings_);
    check_key(entry, report);
    if (faultless_.contains(entry.value)) return;
    const std::size_t before = findings_.all().size();
    check_value(entry, mailers_, report);
    if (findings_.all().size() == before && faultless_.size() < kMostRemembered)
      faultless_.insert(entry.value);
  }

 private:
  static constexpr std::size_t kMostRemembered = 10'000;

  const Table& table_;
  const Mailers& mailers_;
  base::Diagnostics& findings_;
  std::unordered_set<std::string_view> faultless_;
};

// An empty map is not an error to sendmail: it routes everything by MX.
void check_emptiness(const Table& table, base::Diagnostics& findings) {
  if (!table.entries.empty() || findings.has_errors()) return;
  findings.warning({table.files.back(), 0, 0},
                   "no entries: sendmail would send everything out by plain SMTP");
}

// Once for a file, not for each of its lines.
void check_line_ends(const Table& table, base::Diagnostics& findings) {
  std::vector<bool> told(table.files.size());
  for (const Entry& entry : table.entries) {
    if (!entry.value.ends_with('\r') || told[entry.file]) continue;
    told[entry.file] = true;
    findings.warning(
        {table.files[entry.file], entry.line, entry.value_column + static_cast<int>(entry.value.size()) - 1},
        "lines end in CR LF, and the CR becomes part of the value; convert the file (dos2unix)");
  }
}

// The path of a K line is without ".db", which sendmail adds.
bool is_read_by(const MapLine& line, const std::string& path) {
  return path == line.path + ".db" || path == line.path;
}

void check_cf_map(const MapLine& map, const Knowledge& knowledge, base::Diagnostics& findings) {
  const SendmailCf& cf = *knowledge.cf;
  const bool fails_open = map.options.find("-o") != std::string::npos;
  const std::string spec = base::escaped(map.type, 20) + ' ' + base::escaped(map.path, 200);
  if (fails_open)
    findings.warning({cf.file, map.line, 1},
                     "with -o sendmail sends all mail out in clear when the table is missing or damaged; say "
                     "FEATURE(`mailertable', `" +
                         spec + "') in sendmail.mc");
  if (!knowledge.wanted) return;
  const Wanted& wanted = *knowledge.wanted;
  if (!is_read_by(map, wanted.path)) {
    if (knowledge.is_cf_named)
      findings.warning({cf.file, map.line, 1}, "sendmail reads the mailertable " +
                                                   base::escaped(map.path, 200) + ", and not " +
                                                   base::escaped(wanted.path, 200) + ", which is built here");
    return;
  }
  if (map.type == wanted.type || map.type == "implicit") return;
  const std::string consequence =
      fails_open ? "and would send all mail out in clear" : "and would defer all mail";
  if (map.type == "hash" || map.type == "btree")
    findings.error({cf.file, map.line, 1}, "sendmail reads this table as " + map.type + ", " + consequence +
                                               " if it were " + std::string(wanted.type) +
                                               "; build it with -t " + map.type);
  else
    findings.error({cf.file, map.line, 1},
                   "sendmail reads a mailertable of type " + base::escaped(map.type, 20) +
                       ", and would never look into this one; say FEATURE(`mailertable', `" +
                       std::string(wanted.type) + ' ' + base::escaped(map.path, 200) + "') in sendmail.mc");
}

void check_cf(const Table& table, const Knowledge& knowledge, base::Diagnostics& findings) {
  const SendmailCf& cf = *knowledge.cf;
  if (cf.mailertable)
    check_cf_map(*cf.mailertable, knowledge, findings);
  else
    findings.warning({cf.file, 0, 0}, "there is no mailertable: say FEATURE(`mailertable') in sendmail.mc");
  const bool has_mailer = std::any_of(cf.mailers.begin(), cf.mailers.end(),
                                      [](const Mailer& mailer) { return mailer.name == "tsmtp"; });
  const auto needs_it = [](const Entry& entry) {
    const auto route = parse_route(entry.value);
    return route && base::ascii_lower(route->mailer) == "tsmtp";
  };
  if (!knowledge.is_cf_named && !has_mailer &&
      std::any_of(table.entries.begin(), table.entries.end(), needs_it))
    findings.warning(
        {cf.file, 0, 0},
        "has no mailer tsmtp, so sendmail would bounce mail for these lines: make it anew from sendmail.mc "
        "with MAILER(`tsmtp'), then restart sendmail");
}

/// By the order of the files, then by line and column.
base::Diagnostics in_order(const base::Diagnostics& findings, const std::vector<std::string>& files) {
  std::map<std::string_view, std::size_t> order;
  for (const std::string& file : files)
    order.try_emplace(file, order.size());
  const auto rank = [&](const base::Location& place) {
    const auto found = order.find(place.file);
    return std::tuple(found == order.end() ? files.size() : found->second, place.line, place.column);
  };
  std::vector<const base::Diagnostic*> all;
  for (const base::Diagnostic& one : findings.all())
    all.push_back(&one);
  std::stable_sort(all.begin(), all.end(),
                   [&](const auto* a, const auto* b) { return rank(a->location) < rank(b->location); });
  base::Diagnostics sorted;
  for (const base::Diagnostic* one : all) {
    if (one->severity == base::Severity::kError)
      sorted.error(one->location, one->message);
    else
      sorted.warning(one->location, one->message);
  }
  return sorted;
}

}  // namespace

CheckedTable check_sources(std::span<const Source> sources, const Knowledge& knowledge, Progress* progress) {
  CheckedTable checked;
  base::Diagnostics findings;
  for (const Source& source : sources) {
    if (const auto other = looks_like_another_kind(source.text)) {
      findings.error({source.name, 0, 0}, *other);
      checked.table.files.push_back(source.name);
    } else {
      parse_into(checked.table, source.text, source.name, findings);
    }
  }
  EntryChecker checker(checked.table, knowledge.mailers, findings);
  if (progress != nullptr) progress->begin("checking", checked.table.entries.size());
  for (std::size_t i = 0; i < checked.table.entries.size(); ++i) {
    checker.check(checked.table.entries[i]);
    if (progress != nullptr) progress->at(i);
  }
  check_line_ends(checked.table, findings);
  const KeyIndex index(checked.table.entries);
  check_relations(checked.table, index, knowledge, findings);
  if (knowledge.sites) check_sites(checked.table, index, *knowledge.sites, findings);
  if (knowledge.cf) check_cf(checked.table, knowledge, findings);
  if (knowledge.sites && knowledge.cf) check_own_domains(*knowledge.sites, *knowledge.cf, findings);
  check_emptiness(checked.table, findings);
  checked.findings = in_order(findings, checked.table.files);
  return checked;
}

}  // namespace tsmtp::mailertable
