// sendmail's tables and lists: whether they are built of their texts, and whether they say of the sites what
// relayd.toml says.
#include <algorithm>
#include <set>

#include "mailertable/checks/checks.h"
#include "mailertable/checks/domain_list.h"
#include "mailertable/checks/own_domain_checks.h"
#include "mailertable/database/table_reader.h"
#include "mailertable/text/parser.h"
#include "relayd/base/bytes.h"
#include "relayd/diagnosis/hub/cf_reading.h"
#include "relayd/diagnosis/hub/checks.h"
#include "relayd/diagnosis/hub/places.h"

namespace tsmtp::diagnosis {
namespace {

bool is_file(const sendmail::CfMap& map) {
  return (map.type == "hash" || map.type == "btree") && map.path.starts_with('/');
}

std::string without_db(const sendmail::CfMap& map) {
  return map.path.ends_with(".db") ? map.path.substr(0, map.path.size() - 3) : map.path;
}

std::string line_place(const std::string& path, int line) {
  return path + ':' + std::to_string(line);
}

std::string build_command(const std::string& name, const sendmail::CfMap& map) {
  const std::string text = without_db(map);
  return name == "mailertable" ? "mailertable build " + text
                               : "makemap " + map.type + ' ' + text + " <" + text;
}

/// Whether the database has other entries than its text.
class Comparison {
 public:
  Comparison(const std::string& name, const sendmail::CfMap& map, Report& report)
      : map_(map), remedy_(build_command(name, map)), report_(report) {}

  void judge(std::string_view text, std::string_view database) {
    const auto stored = mailertable::parse_table(database);
    if (!stored) {
      report_.wrong(map_.database(), "sendmail cannot read it: " + stored.error().message, remedy_);
      return;
    }
    const bool is_btree = stored->type == mailertable::TableType::kBtree;
    if (is_btree != (map_.type == "btree"))
      report_.wrong(map_.database(),
                    std::string("it is of type ") + (is_btree ? "btree" : "hash") +
                        ", and sendmail.cf wants " + map_.type,
                    remedy_);
    if (stored->allows_duplicates) return;
    std::map<std::string, std::string> built;
    for (const auto& [key, value] : stored->pairs)
      built.emplace(plain(key), plain(value));
    compare(text, built);
  }

 private:
  static std::string plain(std::string_view stored) {
    if (stored.ends_with('\0')) stored.remove_suffix(1);
    return base::ascii_lower(stored);
  }

  // One difference is enough: a table is built whole.
  void compare(std::string_view text, std::map<std::string, std::string>& built) {
    base::Diagnostics ignored;
    const mailertable::Table table = mailertable::parse(text, map_.path, ignored);
    std::set<std::string> seen;
    for (const mailertable::Entry& entry : table.entries) {
      const std::string key(entry.key);
      if (!seen.insert(key).second) continue;
      const auto found = built.find(key);
      if (found != built.end() && found->second == base::ascii_lower(entry.value)) continue;
      report_.wrong(line_place(without_db(map_), entry.line),
                    in_quotes(key) + (found == built.end() ? " is not in " : " is another in ") +
                        map_.database() + ", which was not built anew after the text was changed",
                    remedy_);
      return;
    }
    for (const auto& [key, value] : built)
      if (!seen.contains(key)) {
        report_.wrong(
            map_.database(),
            "it has " + in_quotes(key) + ", which its text has not (any more), and sendmail goes by it",
            remedy_);
        return;
      }
  }

  const sendmail::CfMap& map_;
  std::string remedy_;
  Report& report_;
};

void judge_map(const HubFacts& facts, const std::string& name, const sendmail::CfMap& map, Report& report) {
  if (!is_file(map)) return;
  const auto database = facts.files.find(map.database());
  if (database != facts.files.end() && database->second.kind == FileFact::Kind::kAbsent) {
    report.wrong(map.database(), "sendmail.cf reads it, and it is not there", build_command(name, map));
    return;
  }
  const std::string text = without_db(map);
  if (!facts.texts.contains(map.database()) || !facts.texts.contains(text)) return;
  Comparison(name, map, report).judge(text_of(facts, text), text_of(facts, map.database()));
}

void report_all(const base::Diagnostics& findings, const std::string& remedy, Report& report) {
  for (const base::Diagnostic& one : findings.all()) {
    std::string place = one.location.file;
    if (one.location.line > 0) place += ':' + std::to_string(one.location.line);
    if (one.severity == base::Severity::kError)
      report.wrong(place, one.message, remedy);
    else
      report.warning(place, one.message, remedy);
  }
}

/// The lines of a table of ours, by their first word.
struct Line {
  int number;
  std::string value;
};
std::map<std::string, Line> lines_in(std::string_view text) {
  std::map<std::string, Line> out;
  for_lines(text, [&](std::string_view line, int number) {
    if (line.starts_with('#')) return;
    const std::vector<std::string> words = words_in(line);
    if (words.size() >= 2)
      out.try_emplace(base::ascii_lower(words[0]),
                      Line{.number = number, .value = joined({words.begin() + 1, words.end()}, " ")});
  });
  return out;
}

bool is_refusal(const std::string& value) {
  const std::string upper = base::ascii_upper(value);
  return upper.starts_with("REJECT") || upper.starts_with("DISCARD") || upper.starts_with("ERROR") ||
         upper.starts_with("QUARANTINE") || upper.starts_with('4') || upper.starts_with('5');
}

/// "127.0.5.2", "127.0.5", "127.0", "127": as the access map is asked.
std::vector<std::string> with_nets(const std::string& address) {
  std::vector<std::string> out{address};
  for (std::size_t dot = address.rfind('.'); dot != address.npos && dot > 0;
       dot = address.rfind('.', dot - 1))
    out.push_back(address.substr(0, dot));
  return out;
}

/// The line of the access map that answers: the most particular, one with the tag before one without.
const std::pair<const std::string, Line>* answer_for(const std::map<std::string, Line>& access,
                                                     const std::string& tag,
                                                     const std::vector<std::string>& keys) {
  for (const std::string& key : keys)
    for (const std::string& wanted : {tag + key, key})
      if (const auto found = access.find(wanted); found != access.end()) return &*found;
  return nullptr;
}

std::string place_of_name(const HubFacts& facts, const CfReading& cf, const std::string& name) {
  for (const std::string& path : {cf.local_names_file, facts.cf_file, std::string("/etc/hosts")})
    if (std::string place = path.empty() ? path : place_of(facts, path, name); place != path) return place;
  return facts.cf_file;
}

}  // namespace

void check_tables_built(const HubFacts& facts, Report& report) {
  const CfReading cf = read_cf(text_of(facts, facts.cf_file));
  if (cf.mailertable) judge_map(facts, "mailertable", *cf.mailertable, report);
  if (cf.access) judge_map(facts, "access", *cf.access, report);
  if (cf.senders) judge_map(facts, "tsmtp-sites", *cf.senders, report);
}

void check_mailertable(const HubFacts& facts, Report& report) {
  const CfReading cf = read_cf(text_of(facts, facts.cf_file));
  if (!cf.mailertable || cf.is_trial || !is_file(*cf.mailertable)) return;
  const std::string path = without_db(*cf.mailertable);
  const auto text = facts.texts.find(path);
  if (text == facts.texts.end()) return;
  mailertable::Knowledge knowledge;
  knowledge.cf = names_of_sendmail(facts, cf);
  knowledge.mailers = mailertable::Mailers(knowledge.cf->mailers);
  knowledge.mailers.file = facts.cf_file;
  knowledge.sites = facts.for_table;
  mailertable::add_hosts(*knowledge.sites, text_of(facts, "/etc/hosts"));
  const std::vector<mailertable::Source> sources{{.name = path, .text = text->second}};
  const mailertable::CheckedTable checked = mailertable::check_sources(sources, knowledge);
  report_all(checked.findings, "correct that, then: mailertable build " + path, report);
}

void check_closed_domains(const HubFacts& facts, Report& report) {
  const CfReading cf = read_cf(text_of(facts, facts.cf_file));
  if (cf.closed_file.empty()) return;
  if (const auto found = facts.files.find(cf.closed_file);
      found != facts.files.end() && found->second.kind == FileFact::Kind::kAbsent) {
    report.wrong(cf.closed_file,
                 "sendmail.cf reads it, and it is not there: no domain of a site is held back",
                 "put the sites' domains into it, one a line; make sendmail.cf anew, restart sendmail");
    return;
  }
  if (!facts.texts.contains(cf.closed_file)) return;
  base::Diagnostics findings;
  const auto list = mailertable::read_domain_list(text_of(facts, cf.closed_file), cf.closed_file, findings);
  report_all(findings, "correct that line, make sendmail.cf anew, restart sendmail", report);
  const auto is_listed = [&](const std::string& domain) {
    return std::find(list.domains.begin(), list.domains.end(), domain) != list.domains.end();
  };
  for (const sendmail::SiteFacts& site : facts.for_sendmail.sites)
    for (const std::string& name : site.names()) {
      const std::vector<std::string> names = with_parents(name);
      if (std::none_of(names.begin(), names.end(), is_listed))
        report.wrong(cf.closed_file,
                     name + ", a domain of site " + in_quotes(site.name) +
                         ", is not in it: if the mailertable fails, its mail leaves in clear",
                     "add the line " + name + "; make sendmail.cf anew, restart sendmail");
    }
  if (!facts.has_config) return;
  for (const std::string& domain : list.domains) {
    const bool is_known =
        std::any_of(facts.sites.begin(), facts.sites.end(), [&](const settings::Site& site) {
          const auto& patterns = site.rules.domains.patterns();
          return site.rules.domains.contains(domain) ||
                 std::any_of(patterns.begin(), patterns.end(), [&](const std::string& one) {
                   return one == '.' + domain || one.ends_with('.' + domain);
                 });
        });
    if (!is_known)
      report.warning(
          place_of(facts, cf.closed_file, domain), domain + " belongs to no site, and its mail waits",
          "tsmtp-sendmail update --release " + domain + ", or take the line out and restart sendmail");
  }
}

void check_local_names(const HubFacts& facts, Report& report) {
  const std::string_view text = text_of(facts, facts.cf_file);
  if (text.empty()) return;
  const CfReading cf = read_cf(text);
  const mailertable::SendmailCf names = names_of_sendmail(facts, cf);
  for (const sendmail::SiteFacts& site : facts.for_sendmail.sites)
    for (const std::string& name : site.names()) {
      if (names.local_names.contains(name))
        report.wrong(place_of_name(facts, cf, name),
                     name + " is a domain of site " + in_quotes(site.name) +
                         ", and sendmail takes its mail for this host's own (class w)",
                     "take it out, then restart sendmail");
      else if (names.relayed_names.contains(name)) {
        std::string place = cf.relay_file.empty() ? "" : place_of(facts, cf.relay_file, name);
        if ((place.empty() || place == cf.relay_file) && cf.access)
          place = place_of(facts, cf.access->path, name);
        report.warning(place,
                       name + " is a domain of site " + in_quotes(site.name) +
                           ", and sendmail relays for it: anybody may send to it through this host",
                       "take it out, then restart sendmail; leave it only if that is meant");
      }
    }
  // The check of the mailertable has said it, where there is one.
  if (!cf.mailertable || !facts.texts.contains(without_db(*cf.mailertable))) {
    base::Diagnostics findings;
    mailertable::check_own_domains(facts.for_table, names, findings);
    report_all(findings, "then restart sendmail", report);
  }
}

void check_senders(const HubFacts& facts, Report& report) {
  const CfReading cf = read_cf(text_of(facts, facts.cf_file));
  if (!cf.senders || !is_file(*cf.senders)) return;
  const std::string path = without_db(*cf.senders);
  if (!facts.texts.contains(path)) return;
  const auto lines = lines_in(text_of(facts, path));
  const std::string remedy = ", then: makemap " + cf.senders->type + ' ' + path + " <" + path;
  for (const sendmail::SiteFacts& site : facts.for_sendmail.sites) {
    if (const auto found = lines.find(site.address); found == lines.end())
      report.wrong(path,
                   site.address + ", the address of site " + in_quotes(site.name) +
                       ", is not in it: sendmail does not know whose mail comes from there",
                   "add the line " + site.address + '\t' + site.name + remedy);
    for (const std::string& name : site.names()) {
      const std::vector<std::string> keys = with_parents(name);
      const auto key =
          std::find_if(keys.begin(), keys.end(), [&](const auto& one) { return lines.contains(one); });
      if (key == keys.end()) {
        if (!site.any_sender)
          report.wrong(path,
                       name + ", a domain of site " + in_quotes(site.name) +
                           ", is not in it: mail from there is refused, and others may send in its name",
                       "add the line " + name + '\t' + site.address + remedy);
      } else if (const Line& line = lines.at(*key); line.value.find(site.address) == std::string::npos) {
        report.wrong(line_place(path, line.number),
                     *key + " is said to come from " + line.value + ", and is behind site " +
                         in_quotes(site.name) + " at " + site.address + ": its mail is refused",
                     "write there " + *key + '\t' + site.address + remedy);
      }
    }
  }
}

void check_access(const HubFacts& facts, Report& report) {
  const CfReading cf = read_cf(text_of(facts, facts.cf_file));
  if (!cf.access || !is_file(*cf.access)) return;
  const std::string path = without_db(*cf.access);
  const auto lines = lines_in(text_of(facts, path));
  const std::string build = "; then: makemap " + cf.access->type + ' ' + path + " <" + path;
  for (const sendmail::SiteFacts& site : facts.for_sendmail.sites) {
    const std::string of_site = " site " + in_quotes(site.name);
    if (const auto* const found = answer_for(lines, "connect:", with_nets(site.address))) {
      const auto& [key, line] = *found;
      if (is_refusal(line.value))
        report.wrong(line_place(path, line.number),
                     key + ' ' + line.value + " refuses all mail from" + of_site + ", which comes from " +
                         site.address,
                     "add Connect:" + site.address + "\tSKIP, or take the line out" + build);
      else if (base::ascii_upper(line.value) == "RELAY" && !cf.senders)
        report.wrong(
            line_place(path, line.number),
            key + " RELAY lets" + of_site + " send anywhere through this host, by " + site.address,
            "add Connect:" + site.address + "\tSKIP, or FEATURE(`tsmtp_inbound') to sendmail.mc" + build);
    }
    for (const std::string& name : site.names())
      for (const char* const tag : {"from:", "to:"})
        if (const auto* const found = answer_for(lines, tag, with_parents(name));
            found && is_refusal(found->second.value))
          report.wrong(line_place(path, found->second.number),
                       found->first + ' ' + found->second.value + " refuses mail of " + name +
                           ", a domain of" + of_site,
                       "take the line out" + build);
  }
}

}  // namespace tsmtp::diagnosis
