#include "relayd/daemon/standing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tsmtp::daemon {
namespace {

TEST(Standing, InOneLine) {
  const std::string down = "birl: link down since 12:03:04 (connection timed out)";
  struct Row {
    Standing standing;
    std::string line;
  };
  const std::vector<Row> rows{
      {{.hub = "tokyo"}, "hub tokyo: no site is configured"},
      {{.hub = "tokyo", .sites = 1, .links_up = 1}, "hub tokyo: link up"},
      {{.hub = "tokyo", .sites = 3, .links_up = 3}, "hub tokyo: all 3 links up"},
      {{.hub = "tokyo", .sites = 3, .links_up = 2, .first_down = down},
       "hub tokyo: 2 of 3 links up; " + down},
      {{.hub = "tokyo", .sites = 1, .first_down = down}, "hub tokyo: 0 of 1 links up; " + down},
      {{.hub = "tokyo", .sites = 1, .links_up = 1, .is_draining = true}, "hub tokyo: shutting down, link up"},
      {{.hub = "tokyo", .sites = 1, .links_up = 1, .ledger_trouble = "no space left on device, /x"},
       "hub tokyo: link up; mails are put off, the ledger cannot be written: no space left on device, /x"},
      {{.hub = "tokyo", .sites = 1, .links_up = 1, .has_reload_failed = true},
       "hub tokyo: link up; the last reload failed"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(status_line(row.standing), row.line);
}

TEST(Standing, IsPrintableAndBounded) {
  const std::string line = status_line(
      {.hub = "tokyo", .sites = 1, .first_down = "birl: a cause\nREADY=1" + std::string(5000, 'x')});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_LT(line.size(), 600U);
}

}  // namespace
}  // namespace tsmtp::daemon
