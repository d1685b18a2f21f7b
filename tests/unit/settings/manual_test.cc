// relayd.toml(5) says what the table of keys says: every key has its entry, in the same section and order,
// and the entry begins with the key's sentence, its form, its default, and whether a change needs a restart.
// What follows is written by hand. TSMTP_UPDATE_MANUAL=1 makes the beginnings anew, and those of new keys.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "relayd/settings/keys.h"

namespace tsmtp::settings {
namespace {

constexpr const char* kFirstOfEntry = ".It Ic ";
constexpr const char* kLastOfHead = ".Pq ";

struct Entry {
  std::string key;   // "hub.name"
  std::string head;  // to the line that says form and default, that one included
  std::string rest;
};

/// The manual, taken apart into the entries of keys and what stands before, between and after their lists.
struct Manual {
  std::vector<std::string> between{""};
  std::vector<Entry> entries;
};

std::string section_of_heading(const std::string& line) {
  for (const char* section : {"hub", "ledger", "site", "site.hub", "service", "forward"})
    if (line == ".Ss [[" + std::string(section) + "]]" || line == ".Ss [" + std::string(section) + "]")
      return section;
  return {};
}

Manual read_manual() {
  Manual manual;
  std::string section;
  bool in_entry = false;
  bool in_head = false;
  std::ifstream file(TSMTP_MANUAL);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(".Ss ")) section = section_of_heading(line);
    if (line.starts_with(".Sh ")) section.clear();
    if (in_entry && line == ".El") {
      in_entry = false;
      manual.between.emplace_back();
    }
    if (line.starts_with(kFirstOfEntry) && !section.empty()) {
      in_entry = in_head = true;
      manual.entries.push_back(
          {.key = section + '.' + line.substr(7, line.find(' ', 7) - 7), .head = {}, .rest = {}});
    }
    std::string& part = !in_entry ? manual.between.back()
                        : in_head ? manual.entries.back().head
                                  : manual.entries.back().rest;
    part += line + '\n';
    if (line.starts_with(kLastOfHead)) in_head = false;
  }
  return manual;
}

void update_manual() {
  const Manual old = read_manual();
  std::map<std::string, std::string> rests;
  for (const Entry& entry : old.entries)
    rests[entry.key] = entry.rest;
  std::ofstream file(TSMTP_MANUAL);
  std::string section;
  std::size_t part = 0;
  for (const ManualEntry& entry : manual_entries()) {
    const std::string its_section = entry.key.substr(0, entry.key.rfind('.'));
    if (its_section != std::exchange(section, its_section)) file << old.between.at(part++);
    file << entry.head << rests[entry.key];
  }
  file << old.between.at(part);
}

TEST(Manual, EntriesBeginWithWhatTheTableOfKeysSays) {
  if (std::getenv("TSMTP_UPDATE_MANUAL") != nullptr) update_manual();
  std::vector<std::string> documented;
  std::vector<std::string> known;
  std::map<std::string, std::string> heads;
  for (const Entry& entry : read_manual().entries) {
    documented.push_back(entry.key);
    heads[entry.key] = entry.head;
  }
  for (const ManualEntry& entry : manual_entries()) {
    known.push_back(entry.key);
    EXPECT_EQ(heads[entry.key], entry.head) << "TSMTP_UPDATE_MANUAL=1 mends the manual";
  }
  EXPECT_EQ(documented, known);
}

TEST(Manual, SaysADefaultOnlyByTheTable) {
  for (const Entry& entry : read_manual().entries)
    EXPECT_EQ(entry.rest.find("efault "), std::string::npos) << entry.key << " says it twice: " << entry.rest;
}

}  // namespace
}  // namespace tsmtp::settings
