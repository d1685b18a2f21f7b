#include "relayd/daemon/lacks.h"

#include <array>
#include <string_view>

namespace tsmtp::daemon {
namespace {

struct Row {
  bool (mux::Hello::*knows)() const;
  std::string_view what;
};

// The words for people; docs/operations.md says what each is good for.
constexpr std::array kRows{
    Row{&mux::Hello::answers_enquiries, "questions about mails in doubt"},
    Row{&mux::Hello::knows_rotation, "rotation of keys"},
    Row{&mux::Hello::knows_services, "forwards"},
    Row{&mux::Hello::knows_forwards, "notices of services"},
    Row{&mux::Hello::knows_reasons, "reasons why an outcome is pending"},
    Row{&mux::Hello::knows_beside, "upgrades without an interruption"},
    Row{&mux::Hello::answers_traces, "traces"},
    Row{&mux::Hello::knows_versions, "versions"},
};

}  // namespace

std::vector<std::string> lacks(const mux::Hello& peer) {
  std::vector<std::string> out;
  for (const Row& row : kRows)
    if (!(peer.*row.knows)()) out.emplace_back(row.what);
  return out;
}

}  // namespace tsmtp::daemon
