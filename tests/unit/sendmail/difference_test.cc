#include "sendmail/text/difference.h"

#include <gtest/gtest.h>

#include <string>

namespace tsmtp::sendmail {
namespace {

TEST(Difference, OfEqualTextsIsEmpty) {
  EXPECT_EQ(difference("f", "a\n", "a\n"), "");
}

TEST(Difference, ShowsAChangeWithThreeLinesAround) {
  EXPECT_EQ(difference("f", "1\n2\n3\n4\n5\n", "1\n2\n3\n4\nx\n5\n"),
            "--- f\n+++ f\n@@ -2,4 +2,5 @@\n 2\n 3\n 4\n+x\n 5\n");
}

TEST(Difference, OfANewFileBeginsAtNoLine) {
  EXPECT_EQ(difference("f", "", "x\n"), "--- f\n+++ f\n@@ -0,0 +1,1 @@\n+x\n");
}

TEST(Difference, ChangesFarApartAreTwoHunks) {
  const std::string between = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
  EXPECT_EQ(difference("f", "a\n" + between + "b\n", "A\n" + between + "B\n"),
            "--- f\n+++ f\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -8,4 +8,4 @@\n 7\n 8\n 9\n-b\n+B\n");
}

TEST(Difference, TellsOfAMissingLineEnd) {
  EXPECT_EQ(difference("f", "a", "a\nb\n"),
            "--- f\n+++ f\n@@ -1,1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n");
}

}  // namespace
}  // namespace tsmtp::sendmail
