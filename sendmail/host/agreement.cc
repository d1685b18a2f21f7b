#include "sendmail/host/agreement.h"

#include <set>
#include <sstream>

#include "mailertable/database/table_reader.h"
#include "mailertable/text/parser.h"
#include "relayd/base/bytes.h"
#include "sendmail/host/file_changes.h"
#include "sendmail/host/sendmail_control.h"
#include "sendmail/plan/cf_maps.h"

namespace tsmtp::sendmail {
namespace {

std::multiset<std::string> settings_in(std::string_view cf) {
  std::multiset<std::string> settings;
  std::istringstream lines{std::string(cf)};
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.front() != '#') settings.insert(line);
  }
  return settings;
}

std::string text_in(const Texts& texts, const std::string& path) {
  const auto found = texts.find(path);
  return found == texts.end() ? "" : found->second;
}

}  // namespace

std::string first_edit(std::string_view cf, std::string_view made) {
  std::multiset<std::string> known = settings_in(made);
  std::istringstream lines{std::string(cf)};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    const auto found = known.find(line);
    if (found == known.end()) return line;
    known.erase(found);
  }
  return known.empty() ? "" : *known.begin();
}

std::string lost_key(std::string_view bytes, std::string_view text) {
  const auto stored = mailertable::parse_table(bytes);
  if (!stored) return "";
  base::Diagnostics ignored;
  const mailertable::Table table = mailertable::parse(text, "text", ignored);
  std::set<std::string_view> keys;
  for (const mailertable::Entry& entry : table.entries)
    keys.insert(entry.key);
  for (const auto& [key, value] : stored->pairs) {
    if (!keys.contains(base::ascii_lower(key))) return key;
  }
  return "";
}

std::vector<std::string> disagreements(const Plan& plan, const Texts& texts, const Places& places) {
  std::vector<std::string> found;
  const auto made = make_cf(places.mc);
  if (!made) return {made.error().message};
  for (const std::string& map : plan.absent_maps) {
    if (const auto there = map_in(*made, map))
      found.push_back(
          "sendmail.cf reads " + there->path + " as its map " + map + ", but " + places.mc +
          " has no FEATURE for it where this program can see it, as within ifdef(): write that on "
          "a line of its own");
  }
  const std::string cf = text_in(texts, places.cf);
  if (const std::string line = cf.empty() ? "" : first_edit(cf, *made); !line.empty())
    found.push_back(places.cf + " is not what m4 makes of " + places.mc + " (see \"" +
                    base::escaped(line, 80) + "\"): put your edits into " + places.mc +
                    ", or, if there are none, make it anew: make -C /etc/mail");
  std::vector<std::string> maps{places.sites};
  if (plan.mailertable) maps.push_back(*plan.mailertable);
  if (plan.access) maps.push_back(*plan.access);
  for (const std::string& path : maps) {
    const auto bytes = content_of(path + ".db");
    if (!bytes || !*bytes) continue;
    if (const std::string key = lost_key(**bytes, text_in(texts, path)); !key.empty())
      found.push_back(path + ".db has \"" + base::escaped(key, 80) + "\", and " + path +
                      " has not: it was made of another text. `mailertable dump " + path +
                      ".db' shows all; put it into " + path);
  }
  return found;
}

}  // namespace tsmtp::sendmail
