#include "sendmail/plan/table_plan.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <sstream>

#include "mailertable/text/key_index.h"
#include "mailertable/text/parser.h"
#include "relayd/base/bytes.h"

namespace tsmtp::sendmail {
namespace {

bool is_same_value(std::string_view a, std::string_view b) {
  const auto end = b.find_last_not_of(mailertable::kBlanks);
  return a == b.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

/// Whether an access map's own text limits clients at `address` by itself: an entry for it or for a part of
/// it.
bool says(const std::set<std::string, std::less<>>& keys, const std::string& tag, std::string address) {
  while (true) {
    if (keys.contains(tag + ':' + address)) return true;
    const std::size_t dot = address.rfind('.');
    if (dot == std::string::npos) return false;
    address.resize(dot);
  }
}

}  // namespace

TableBlock entries_for(const std::string& path, std::string_view own,
                       const std::vector<WantedEntry>& wanted) {
  TableBlock block;
  base::Diagnostics ignored;  // of the owner's lines: mistakes there do not matter here
  const mailertable::Table table = mailertable::parse(own, path, ignored);
  const mailertable::KeyIndex index(table.entries);
  for (const WantedEntry& entry : wanted) {
    const mailertable::Entry* there = index.find(base::ascii_lower(entry.key));
    if (there == nullptr) {
      block.body += entry.key + '\t' + entry.value + '\n';
    } else if (!is_same_value(entry.value, there->value)) {
      block.findings.push_back(path + ':' + std::to_string(there->line) + ": " +
                               base::escaped(there->written_key) + " has " + base::escaped(there->value, 80) +
                               ", and would have to have " + entry.value +
                               ": take that line out or change it");
    }
  }
  return block;
}

std::vector<std::string> words_of(std::string_view list) {
  std::vector<std::string> words;
  std::istringstream lines{std::string(list)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream parts(line.substr(0, line.find('#')));
    if (std::string word; parts >> word) words.push_back(base::ascii_lower(word));
  }
  return words;
}

TableBlock words_for(std::string_view own, const std::vector<std::string>& wanted) {
  TableBlock block;
  const std::vector<std::string> there = words_of(own);
  for (const std::string& word : wanted) {
    if (std::find(there.begin(), there.end(), word) == there.end()) block.body += word + '\n';
  }
  return block;
}

TableBlock host_names_for(std::string_view own, const std::vector<SiteFacts>& sites) {
  TableBlock block;
  const std::vector<std::string> addresses = words_of(own);
  for (const SiteFacts& site : sites) {
    if (std::find(addresses.begin(), addresses.end(), site.address) != addresses.end()) continue;
    block.body += site.address + '\t' + site.alias + '\n';
    block.why.push_back("logs and Received lines call " + site.address + " by the name " + site.alias);
  }
  return block;
}

std::vector<WantedEntry> routes_of(const std::vector<SiteFacts>& sites) {
  std::vector<WantedEntry> entries;
  for (const SiteFacts& site : sites) {
    for (const std::string& pattern : site.patterns)
      entries.push_back({pattern, "tsmtp:[" + site.host + ']'});
  }
  return entries;
}

std::vector<std::string> routes_cut_off(const std::string& path, std::string_view own,
                                        const std::vector<SiteFacts>& sites) {
  // Mailers that send nothing to another host, and ours.
  constexpr std::array<std::string_view, 4> kStay{"tsmtp:", "local:", "error:", "discard:"};
  std::set<std::string, std::less<>> names;
  std::set<std::string, std::less<>> routed;
  for (const SiteFacts& site : sites) {
    for (const std::string& name : site.names())
      names.insert(name);
    routed.insert(site.patterns.begin(), site.patterns.end());
  }
  base::Diagnostics ignored;
  const mailertable::Table table = mailertable::parse(own, path, ignored);
  std::vector<std::string> said;
  for (const mailertable::Entry& entry : table.entries) {
    const std::string value = base::ascii_lower(entry.value);
    const bool stays = std::any_of(kStay.begin(), kStay.end(),
                                   [&](std::string_view mailer) { return value.starts_with(mailer); });
    if (stays || routed.contains(entry.key)) continue;
    // ".birl.example" is below birl.example too.
    for (std::size_t dot = entry.key.find('.'); dot != std::string_view::npos;
         dot = entry.key.find('.', dot + 1)) {
      const std::string_view above = entry.key.substr(dot + 1);
      if (!names.contains(above)) continue;
      said.push_back(
          path + ':' + std::to_string(entry.line) + ": " + base::escaped(entry.written_key) + " has " +
          base::escaped(entry.value, 80) + ", but it is below " + std::string(above) +
          ", which is a site's, and its mail would wait: take that line out, or add its domain to the "
          "site's");
      break;
    }
  }
  return said;
}

std::vector<WantedEntry> senders_of(const std::vector<SiteFacts>& sites) {
  std::vector<WantedEntry> entries;
  std::map<std::string, std::size_t> at;
  for (const SiteFacts& site : sites) {
    entries.push_back({site.address, base::escaped(site.name)});
    for (const std::string& name : site.names()) {
      const auto [known, is_new] = at.try_emplace(name, entries.size());
      if (is_new)
        entries.push_back({name, site.address});
      else
        entries[known->second].value += ' ' + site.address;
    }
  }
  return entries;
}

std::vector<WantedEntry> access_of(const std::vector<SiteFacts>& sites, std::string_view own,
                                   const AccessWish& wish) {
  std::vector<WantedEntry> entries;
  base::Diagnostics ignored;
  const mailertable::Table table = mailertable::parse(own, "access", ignored);
  std::set<std::string, std::less<>> keys;
  for (const mailertable::Entry& entry : table.entries)
    keys.emplace(entry.key);
  for (const SiteFacts& site : sites) {
    if (site.any_sender) entries.push_back({"TsmtpLists:" + site.address, "OK"});
    for (const std::string_view tag : {"GreetPause", "ClientRate", "ClientConn"}) {
      if (wish.limits_clients && !says(keys, base::ascii_lower(tag), site.address))
        entries.push_back({std::string(tag) + ':' + site.address, "0"});
    }
    if (!wish.any_way_in) continue;
    for (const std::string& name : site.names())
      entries.push_back({"TsmtpFrom:" + name, "OK"});
  }
  return entries;
}

}  // namespace tsmtp::sendmail
