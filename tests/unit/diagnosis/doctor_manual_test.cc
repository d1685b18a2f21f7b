// relayctl(8) lists the checks of the doctor as their table does: its list is made from the rows, between two
// marks. TSMTP_UPDATE_MANUAL=1 makes it anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "relayd/diagnosis/hub/checks.h"

namespace tsmtp::diagnosis {
namespace {

constexpr const char* kBegin = ".\\\" The list is made from relayd/diagnosis/hub/checks.cc.\n";
constexpr const char* kEnd = ".\\\" No more checks.\n";

std::string list_of_checks() {
  std::string out = ".Bl -tag -width Ds -compact\n";
  for (const Check& check : checks())
    out.append(".It Li ").append(check.name).append("\n").append(check.sentence).append("\n");
  return out + ".El\n";
}

TEST(DoctorManual, ListsTheChecksOfTheTable) {
  std::ifstream file(TSMTP_MANUAL);
  std::string manual{std::istreambuf_iterator<char>(file), {}};
  const std::size_t begin = manual.find(kBegin);
  const std::size_t end = manual.find(kEnd);
  ASSERT_NE(begin, manual.npos);
  ASSERT_NE(end, manual.npos);
  const std::size_t first = begin + std::string_view(kBegin).size();
  if (std::getenv("TSMTP_UPDATE_MANUAL") != nullptr) {
    manual.replace(first, end - first, list_of_checks());
    std::ofstream(TSMTP_MANUAL) << manual;
    return;
  }
  EXPECT_EQ(manual.substr(first, end - first), list_of_checks()) << "TSMTP_UPDATE_MANUAL=1 mends the manual";
}

TEST(DoctorManual, NamesOfChecksDiffer) {
  std::set<std::string_view> names;
  for (const Check& check : checks())
    EXPECT_TRUE(names.insert(check.name).second) << check.name;
}

}  // namespace
}  // namespace tsmtp::diagnosis
