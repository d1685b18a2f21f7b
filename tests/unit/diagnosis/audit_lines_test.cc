#include "relayd/diagnosis/host/audit_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::diagnosis {
namespace {

using testing::Contains;
using testing::Not;
using testing::StartsWith;

TEST(AuditLines, AWholeTransactionIsFoundByItsField) {
  const auto question = journal_question({.id = "00112233445566778899AABBCCDDEEFF"}, 990);
  EXPECT_THAT(question, Contains("TSMTP_TRANSACTION=00112233445566778899aabbccddeeff"));
  EXPECT_THAT(question, Not(Contains("--grep")));
}

TEST(AuditLines, WordsAreFoundLiterally) {
  EXPECT_EQ(journal_question({.id = "3AU7.x"}, 990).back(), R"(3AU7\.x)");
  EXPECT_EQ(journal_question({.id = "b@birl.example"}, 990).back(), R"(\"b\@birl\.example\")");
  EXPECT_EQ(journal_question({.id = "abcd"}, 990).back(), "abcd");
}

TEST(AuditLines, WhatTheMtaSaidIsComparedHere) {
  for (const control::TraceRequest& request :
       {control::TraceRequest{.id = "b@birl.example", .said = {"stat=Sent"}},
        control::TraceRequest{.id = R"("a\b"@birl.example)"}}) {
    const auto question = journal_question(request, 990);
    EXPECT_THAT(question, Not(Contains("--grep")));
    EXPECT_THAT(question, Contains(StartsWith("--lines=")));
  }
}

// Any local user can send the journal an entry with that identifier.
TEST(AuditLines, OnlyRelaydsOwnRecordsCount) {
  for (const char* id : {"00112233445566778899aabbccddeeff", "abcd", "b@birl.example"}) {
    const auto question = journal_question({.id = id}, 990);
    EXPECT_THAT(question, Contains("_UID=990"));
    EXPECT_THAT(question, Contains("--identifier=tsmtp-audit"));
    EXPECT_EQ(question.front(), "timeout");
  }
}

TEST(AuditLines, WithoutARecordThereIsNothing) {
  const auto never = [](std::string_view line) { ADD_FAILURE() << line; };
  EXPECT_TRUE(for_each_record({}, {.id = "abcd"}, never));
  EXPECT_FALSE(for_each_record({.target = "journald", .state_dir = "/nowhere"}, {.id = "abcd"}, never));
}

}  // namespace
}  // namespace tsmtp::diagnosis
