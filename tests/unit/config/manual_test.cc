// The manual and the table of keys say the same: every key has its entry in relayd.toml(5), in the same
// section and order, and the manual has no other.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "relayd/config/reader.h"

namespace tsmtp::config {
namespace {

// "hub.name" for each ".It Ic name" below ".Ss [hub]".
std::vector<std::string> keys_in_manual() {
  std::vector<std::string> keys;
  std::string section;
  std::ifstream manual(TSMTP_MANUAL);
  for (std::string line; std::getline(manual, line);) {
    if (line.rfind(".Ss ", 0) == 0)
      section = line == ".Ss [hub]" ? "hub" : line == ".Ss [[site]]" ? "site" : "";
    if (line.rfind(".Sh ", 0) == 0) section.clear();
    if (line.rfind(".It Ic ", 0) == 0 && !section.empty())
      keys.push_back(section + '.' + line.substr(7, line.find(' ', 7) - 7));
  }
  return keys;
}

TEST(Manual, DocumentsEveryKeyAndNoOther) {
  std::vector<std::string> keys;
  for (const KeyDoc& key : documented_keys())
    keys.push_back(std::string(key.section) + '.' + std::string(key.name));
  EXPECT_EQ(keys_in_manual(), keys);
}

}  // namespace
}  // namespace tsmtp::config
