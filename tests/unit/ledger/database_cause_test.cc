// Errors of Berkeley DB in an administrator's words, over all codes that it has.
#include "relayd/ledger/database_cause.h"

#include <db.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

#include "relayd/ledger/room.h"

namespace tsmtp::ledger {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;

TEST(DatabaseCause, OfEveryCodeWithoutNamesOfMacrosAndPointers) {
  std::size_t known = 0;
  for (int code = -31'000; code <= 133; ++code) {
    for (const char* message : {"", "BDB0061 PANIC: DB_RUNRECOVERY: 0x7f1200aa, Input/output error"}) {
      const std::string cause = plain_cause(code, message);
      EXPECT_THAT(cause,
                  AllOf(Not(IsEmpty()), Not(HasSubstr("DB_")), Not(HasSubstr("BDB")), Not(HasSubstr("0x"))))
          << code;
    }
    known += words_for(code).empty() ? 0 : 1;
  }
  EXPECT_EQ(known, 44U);
}

// Those that db_strerror(3) has words for are all in the table.
TEST(DatabaseCause, NoCodeOfTheLibraryIsMissing) {
  for (int code = -31'000; code < 0; ++code)
    if (std::string(db_strerror(code)).find("Unknown error") == std::string::npos) {
      EXPECT_THAT(words_for(code), Not(IsEmpty())) << code << ' ' << db_strerror(code);
    }
}

TEST(DatabaseCause, WantOfRoomIsAlwaysTheSame) {
  for (const int code : {ENOSPC, EDQUOT, EFBIG})
    EXPECT_EQ(plain_cause(code, ""), kNoRoom);
  EXPECT_EQ(plain_cause(DB_RUNRECOVERY, "BDB0151 fsync: No space left on device"), kNoRoom);
}

TEST(DatabaseCause, SaysWhatLedToIt) {
  EXPECT_EQ(plain_cause(DB_RUNRECOVERY, "BDB0151 fsync: Input/output error"), "fsync: Input/output error");
  EXPECT_EQ(plain_cause(DB_RUNRECOVERY, ""),
            "Berkeley DB has given its files up after an error; relayd opens them anew");
  EXPECT_EQ(plain_cause(DB_CHKSUM_FAIL, ""),
            "a page fails its checksum: the disk, or another program, has changed it");
  EXPECT_THAT(plain_cause(EIO, ""), MatchesRegex("Input/output error \\(.*kernel's log.*\\)"));
  EXPECT_EQ(plain_cause(EACCES, ""), "Permission denied") << "Store adds what to do";
}

}  // namespace
}  // namespace tsmtp::ledger
