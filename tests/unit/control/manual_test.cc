// relayctl(8) says of `status --json` what the table of fields says: its list is made from the rows, between
// two marks. TSMTP_UPDATE_MANUAL=1 makes it anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "relayd/control/status_fields.h"

namespace tsmtp::control {
namespace {

constexpr const char* kBegin =
    ".\\\" The list is made from relayd/control/hub_fields.cc and site_fields.cc.\n";
constexpr const char* kEnd = ".\\\" So far.\n";

std::string item(std::string_view name, std::string_view sentence) {
  return ".It Li " + std::string(name) + '\n' + std::string(sentence) + '\n';
}

template <typename Status>
std::string list(const Fields<Status>& fields) {
  std::string out = ".Bl -tag -width Ds -compact\n";
  for (const Field<Status>& field : fields) {
    out += item(field.name, field.sentence);
    if (!field.parts.empty()) {
      out += ".Bl -tag -width Ds -compact\n";
      for (const Part& part : field.parts)
        out += item(part.name, part.sentence);
      out += ".El\n";
    }
    if (field.name == "sites") out += list(site_fields());
  }
  return out + ".El\n";
}

std::string read_manual() {
  std::ifstream file(TSMTP_MANUAL);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Manual, TheFieldsOfStatusAreThoseOfTheTable) {
  const std::string wanted = list(hub_fields());
  std::string manual = read_manual();
  const std::size_t begin = manual.find(kBegin);
  const std::size_t end = manual.find(kEnd);
  ASSERT_NE(begin, manual.npos);
  ASSERT_NE(end, manual.npos);
  const std::size_t first = begin + std::string_view(kBegin).size();
  if (std::getenv("TSMTP_UPDATE_MANUAL") != nullptr) {
    manual.replace(first, end - first, wanted);
    std::ofstream(TSMTP_MANUAL) << manual;
    return;
  }
  EXPECT_EQ(manual.substr(first, end - first), wanted) << "TSMTP_UPDATE_MANUAL=1 mends the manual";
}

}  // namespace
}  // namespace tsmtp::control
