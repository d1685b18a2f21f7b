#include "relayd/base/diagnostic.h"

#include <gtest/gtest.h>

namespace tsmtp::base {
namespace {

TEST(Diagnostic, IsWrittenAsCompilersWriteIt) {
  EXPECT_EQ(to_string(Diagnostic{Severity::kError, {"relayd.toml", 3, 8}, "unknown key"}),
            "relayd.toml:3:8: error: unknown key");
  EXPECT_EQ(to_string(Diagnostic{Severity::kWarning, {"relayd.toml", 3, 0}, "odd"}),
            "relayd.toml:3: warning: odd");
  EXPECT_EQ(to_string(Diagnostic{Severity::kError, {"relayd.toml", 0, 0}, "no such file"}),
            "relayd.toml: error: no such file");
  EXPECT_EQ(to_string(Diagnostic{Severity::kError, {"sites.d/a\x1b[2J\nb.toml", 1, 1}, "odd"}),
            "sites.d/a\\x1b[2J\\x0ab.toml:1:1: error: odd");
}

TEST(Diagnostics, KeepTheirOrderAndKnowErrorsFromWarnings) {
  Diagnostics diagnostics;
  EXPECT_FALSE(diagnostics.has_errors());
  diagnostics.warning({"f", 1, 1}, "a");
  EXPECT_FALSE(diagnostics.has_errors());
  diagnostics.error({"f", 2, 1}, "b");
  EXPECT_TRUE(diagnostics.has_errors());
  EXPECT_EQ(diagnostics.all().size(), 2U);
  EXPECT_EQ(diagnostics.to_string(), "f:1:1: warning: a\nf:2:1: error: b\n");
}

}  // namespace
}  // namespace tsmtp::base
