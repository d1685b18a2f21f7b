#include "sendmail/plan/plan.h"

#include <algorithm>
#include <utility>

#include "mailertable/hub/sendmail_cf.h"
#include "mailertable/text/parser.h"
#include "relayd/base/bytes.h"
#include "sendmail/plan/only.h"
#include "sendmail/plan/table_plan.h"
#include "sendmail/text/marked_block.h"

namespace tsmtp::sendmail {
namespace {

bool holds(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

Comment comment_of(const std::string& path) {
  return path.ends_with(".mc") ? Comment::kDnl : Comment::kHash;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// A change that makes the file of `own` text and a block at its end. A file that is neither there nor has
/// anything in it is no file.
Change at_end(const std::string& path, const Texts& texts, const std::string& own, const std::string& body) {
  const auto now = texts.find(path);
  Change change{path, std::nullopt, std::nullopt, {}};
  if (now != texts.end()) change.before = now->second;
  std::string after = with_block(own, own.size(), body, Comment::kHash);
  // A file that held only our block goes with it; host/ keeps a file that was empty before.
  if (now != texts.end() || !after.empty()) change.after = std::move(after);
  return change;
}

class Planner {
 public:
  explicit Planner(const Input& input) : input_(input), places_(input.places) {}

  Plan plan() {
    plan_.findings = input_.hub.findings;
    plan_.notes = input_.hub.notes;
    if (!take_blocks_out()) return std::move(plan_);
    const auto mc = own_.find(places_.mc);
    if (mc == own_.end()) {
      plan_.findings.push_back("there is no " + places_.mc +
                               ", which sendmail.cf is made of; this is for sendmail: docs/peers.md has the "
                               "lines for Postfix, Exim and OpenSMTPD");
      return std::move(plan_);
    }
    mc_ = look_at_mc(mc->second, places_.mc, [this](const std::string& path) -> std::optional<std::string> {
      const auto found = input_.included.find(path);
      return found == input_.included.end() ? std::nullopt : std::optional(found->second);
    });
    if (!mc_.has_mailertable) plan_.absent_maps.emplace_back("mailertable");
    if (!mc_.access) plan_.absent_maps.emplace_back("access");
    plan_.deliveries = input_.hub.deliveries;
    plan_.findings.insert(plan_.findings.end(), mc_.findings.begin(), mc_.findings.end());
    plan_.notes.insert(plan_.notes.end(), mc_.notes.begin(), mc_.notes.end());
    routes_ = only_routes(input_.wish.only, input_.hub.sites, plan_.findings);
    plan_domains();
    if (input_.hub.sites.empty() && plan_.kept_domains.empty()) return without_sites();
    plan_own_domains();
    plan_tables();
    plan_mc(mc->second);
    expect();
    return std::move(plan_);
  }

 private:
  [[nodiscard]] bool is_trial() const { return !input_.wish.only.empty(); }

  std::string own(const std::string& path) const {
    const auto found = own_.find(path);
    return found == own_.end() ? "" : found->second;
  }

  bool take_blocks_out() {
    for (const auto& [path, text] : input_.texts) {
      auto rest = without_blocks(text, comment_of(path));
      if (!rest)
        plan_.findings.push_back(path + ": " + rest.error().message +
                                 "; mend or remove the lines of tsmtp-sendmail there");
      else
        own_[path] = *std::move(rest);
    }
    return plan_.findings.empty();
  }

  Plan without_sites() {
    Plan off = plan_off(input_.texts, places_);
    off.notes = std::move(plan_.notes);
    off.notes.emplace_back("relayd.toml has no site yet: sendmail is left alone until there is one");
    off.findings = std::move(plan_.findings);
    return off;
  }

  void add(Change change, std::vector<std::string> why) {
    if (!change.changes_anything()) return;
    change.why = std::move(why);
    plan_.changes.push_back(std::move(change));
  }

  void add(const std::string& path, TableBlock block, std::vector<std::string> why) {
    plan_.findings.insert(plan_.findings.end(), block.findings.begin(), block.findings.end());
    why.insert(why.end(), block.why.begin(), block.why.end());
    add(at_end(path, input_.texts, own(path), block.body), std::move(why));
  }

  std::vector<std::string> site_names() const {
    std::vector<std::string> names;
    for (const SiteFacts& site : input_.hub.sites) {
      for (const std::string& name : site.names()) {
        if (!holds(names, name)) names.push_back(name);
      }
    }
    return names;
  }

  /// Domains of sites that are gone stay listed: their mail must not leave in clear because a file went.
  void plan_domains() {
    if (is_trial()) return;
    const auto now = input_.texts.find(places_.domains);
    if (now == input_.texts.end()) return;
    const std::vector<std::string> names = site_names();
    for (const std::string& domain : words_of(blocks_of(now->second, Comment::kHash))) {
      if (holds(names, domain) || holds(input_.hub.own_domains, domain) ||
          input_.wish.released.contains(domain))
        continue;
      plan_.kept_domains.push_back(domain);
      plan_.notes.push_back(
          domain +
          " belongs to no site any more: its mail waits, so that none leaves in clear by mistake. "
          "`tsmtp-sendmail update --release " +
          domain + "' lets it go as any other");
    }
  }

  /// Names that sendmail takes mail for, or hands on, by lines that are not ours.
  mailertable::SendmailCf known_names() const {
    const auto cf_text = input_.texts.find(places_.cf);
    auto cf =
        mailertable::parse_sendmail_cf(cf_text == input_.texts.end() ? "" : cf_text->second, places_.cf);
    // The names in our own block will be gone with it.
    for (const McCall& call : calls_of(blocks_of(text_of(places_.mc), Comment::kDnl)))
      if (call.macro == "LOCAL_DOMAIN") cf.local_names.erase(call.argument(0));
    for (const std::string& word : words_of(own(mc_.local_names)))
      cf.local_names.insert(word);
    for (const std::string& word : words_of(own(places_.relay_domains)))
      cf.relayed_names.insert(word);
    if (mc_.access) mailertable::add_access(cf, own(mc_.access->text));
    mailertable::add_host_names(cf, input_.host_name, own(places_.hosts));
    return cf;
  }

  bool is_relayed(const mailertable::SendmailCf& cf, std::string domain) const {
    while (true) {
      if (cf.relayed_names.contains(domain)) return true;
      const std::size_t dot = domain.find('.');
      if (dot == std::string::npos) return false;
      domain.erase(0, dot + 1);
    }
  }

  void plan_own_domains() {
    const auto cf = known_names();
    base::Diagnostics ignored;
    const std::string table_text = own(mc_.mailertable.text);
    const mailertable::Table table = mailertable::parse(table_text, mc_.mailertable.text, ignored);
    const auto is_routed = [&](const std::string& domain) {
      return std::any_of(table.entries.begin(), table.entries.end(),
                         [&](const mailertable::Entry& entry) { return entry.key == domain; });
    };
    std::vector<std::string> missing;
    for (const std::string& domain : input_.hub.own_domains) {
      if (is_relayed(cf, domain) || is_routed(domain)) continue;
      plan_.own_domains.push_back(domain);
      if (!cf.local_names.contains(domain)) missing.push_back(domain);
    }
    for (const std::string& name : site_names()) {
      if (cf.local_names.contains(name))
        plan_.findings.push_back(
            name + " is a site's domain, but sendmail takes its mail for this host's own: take it out of " +
            mc_.local_names + " or of the site");
    }
    // A file that no sendmail reads may hold anything, and sendmail must not take mail for all of it.
    if (!mc_.reads_local_names && !words_of(own(mc_.local_names)).empty())
      local_domains_ = missing;
    else
      names_ = words_for(own(mc_.local_names), missing);
    if (!missing.empty())
      (local_domains_.empty() ? names_.why : mc_why_)
          .push_back("sendmail did not take mail for " + joined(missing) +
                     ", this hub's own: the first mail from a site would have bounced (Relaying denied)");
  }

  void plan_tables() {
    const auto& sites = input_.hub.sites;
    if (own(mc_.mailertable.text).starts_with("# Made by `mailertable generate --ldap`"))
      plan_.findings.push_back(
          mc_.mailertable.text +
          " is made by tsmtp-routes, which would write it anew: let that write its table elsewhere (`output` "
          "in routes.conf), and remove the lines that it made");
    else if (own(mc_.mailertable.text).starts_with("# Made by `mailertable generate"))
      plan_.findings.push_back(mc_.mailertable.text +
                               " is made by the GNUmakefile in /etc/mail, which would write it anew: remove "
                               "that, and the lines that it made");
    add(places_.hosts, host_names_for(own(places_.hosts), sites), {});
    add(mc_.local_names, names_, {});
    add(places_.sites, entries_for(places_.sites, own(places_.sites), senders_of(sites)),
        {"tells which senders may come from which site's address"});
    plan_access();
    if (is_trial()) {
      add(places_.domains, TableBlock{}, {"in a trial, other mail for these domains goes as it always did"});
      add(mc_.mailertable.text, TableBlock{},
          {"in a trial, other mail for these domains goes as it always did"});
      return;
    }
    std::vector<std::string> names = site_names();
    names.insert(names.end(), plan_.kept_domains.begin(), plan_.kept_domains.end());
    add(places_.domains, words_for(own(places_.domains), names),
        {"mail for these domains leaves by tsmtp or waits"});
    const bool is_new_map = !mc_.has_mailertable && !words_of(own(mc_.mailertable.text)).empty();
    if (is_new_map)
      plan_.notes.push_back(mc_.mailertable.text + " was not used until now, and will be with all its lines");
    const auto cut_off = routes_cut_off(mc_.mailertable.text, own(mc_.mailertable.text), sites);
    plan_.findings.insert(plan_.findings.end(), cut_off.begin(), cut_off.end());
    plan_.mailertable = mc_.mailertable.text;
    add(mc_.mailertable.text, entries_for(mc_.mailertable.text, own(mc_.mailertable.text), routes_of(sites)),
        {"routes mail for the sites to their addresses"});
  }

  void plan_access() {
    const auto& sites = input_.hub.sites;
    const bool lists =
        std::any_of(sites.begin(), sites.end(), [](const SiteFacts& site) { return site.any_sender; });
    if (!mc_.access) {
      if (lists)
        plan_.notes.emplace_back(
            "there is no access map, so all sites may send foreign senders, as any_sender of one of them "
            "asks");
      if (is_trial())
        plan_.findings.push_back(
            "a trial needs an access map, which says that the sites' senders may come by other ways too: add "
            "FEATURE(`access_db') to " +
            places_.mc);
      return;
    }
    const auto wanted = access_of(sites, own(mc_.access->text), {mc_.limits_clients, is_trial()});
    if (!mc_.access->is_file) return say_entries(wanted);
    if (wanted.empty() && blocks_of(text_of(mc_.access->text), Comment::kHash).empty()) return;
    plan_.access = mc_.access->text;
    add(mc_.access->text, entries_for(mc_.access->text, own(mc_.access->text), wanted),
        {"exceptions for the sites: see docs/sendmail.md"});
  }

  /// An access map that is no file here, as in LDAP, is its owner's to fill.
  void say_entries(const std::vector<WantedEntry>& wanted) {
    std::string entries;
    for (const WantedEntry& entry : wanted)
      entries += (entries.empty() ? "" : ", ") + entry.key + ' ' + entry.value;
    if (entries.empty()) return;
    auto& said = is_trial() ? plan_.findings : plan_.notes;
    said.push_back("your access map is no file that can be written here; these entries should be in it: " +
                   entries);
  }

  std::string text_of(const std::string& path) const {
    const auto found = input_.texts.find(path);
    return found == input_.texts.end() ? "" : found->second;
  }

  void plan_mc(const std::string& mc) {
    if (!mc_.findings.empty()) return;
    McWish wish;
    wish.port = input_.hub.port;
    wish.add_local_names = !names_.body.empty() && !mc_.reads_local_names;
    wish.local_domains = local_domains_;
    wish.lists_for_all = !mc_.access && std::any_of(input_.hub.sites.begin(), input_.hub.sites.end(),
                                                    [](const SiteFacts& site) { return site.any_sender; });
    wish.only = routes_;
    Change change{places_.mc, text_of(places_.mc), with_blocks(mc, mc_, wish), {}};
    mc_why_.insert(mc_why_.begin(),
                   "the features stand before the mailers, and the mailer tsmtp behind them");
    add(std::move(change), std::move(mc_why_));
  }

  void expect() {
    for (const McWish::Route& route : routes_)
      plan_.expectations.push_back({route.user + '@' + route.domain, '[' + route.host + ']', false});
    for (const SiteFacts& site : input_.hub.sites) {
      for (const std::string& pattern : site.patterns) {
        if (is_trial()) break;
        const std::string domain = pattern.starts_with('.') ? "tsmtp-proof" + pattern : pattern;
        plan_.expectations.push_back({"tsmtp-proof@" + domain, '[' + site.host + ']', false});
      }
      if (is_trial() && !site.names().empty())
        plan_.expectations.push_back({"tsmtp-proof@" + site.names().front(), "", false});
    }
    for (const std::string& domain : plan_.kept_domains)
      plan_.expectations.push_back({"tsmtp-proof@" + domain, "", true});
    plan_.expectations.push_back({"tsmtp-proof@foreign.invalid", "", false});
  }

  const Input& input_;
  const Places& places_;
  Texts own_;  ///< the texts without our blocks
  McFacts mc_;
  std::vector<McWish::Route> routes_;       ///< of a trial
  TableBlock names_;                        ///< of local-host-names
  std::vector<std::string> local_domains_;  ///< of the .mc, instead of those
  std::vector<std::string> mc_why_;
  Plan plan_;
};

}  // namespace

bool Plan::changes_anything() const {
  return !changes.empty();
}

std::vector<std::string> files_of_interest(const std::string& mc, const Places& places,
                                           const Included& included) {
  const auto own = without_blocks(mc, Comment::kDnl);
  const McFacts facts = look_at_mc(own ? *own : mc, places.mc, included);
  std::vector<std::string> files{places.mc,   places.cf, places.sites, places.domains, places.relay_domains,
                                 places.hosts};
  files.push_back(facts.mailertable.text);
  files.push_back(facts.local_names);
  if (facts.access && facts.access->is_file) files.push_back(facts.access->text);
  return files;
}

Plan plan_on(const Input& input) {
  return Planner(input).plan();
}

Plan plan_off(const Texts& texts, const Places& places) {
  Plan plan;
  for (const auto& [path, text] : texts) {
    if (path == places.cf) continue;
    auto rest = without_blocks(text, comment_of(path));
    if (!rest) {
      plan.findings.push_back(path + ": " + rest.error().message +
                              "; mend or remove the lines of tsmtp-sendmail there");
    } else if (*rest != text) {
      plan.changes.push_back({path, text, *std::move(rest), {"our lines are taken out"}});
    }
  }
  return plan;
}

}  // namespace tsmtp::sendmail
