// What an administrator, a log rotation or a full disk can do to the file.
#include "relayd/daemon/audit_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"
#include "tests/unit/daemon/audit_sample.h"

namespace tsmtp::daemon {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class AuditFileTest : public testing::Test {
 protected:
  AuditFile opened() {
    auto file = AuditFile::open(path);
    if (!file) throw std::runtime_error(file.error().message);
    return std::move(*file);
  }
  static std::string content(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  support::TemporaryDirectory directory;
  std::string path = directory.file("audit.jsonl");
};

TEST_F(AuditFileTest, AppendsLinesAndLetsNobodyElseRead) {
  {
    AuditFile file = opened();
    EXPECT_TRUE(file.write(sample_record("{1}")).written);
  }
  AuditFile again = opened();
  EXPECT_TRUE(again.write(sample_record("{2}")).written);
  EXPECT_EQ(content(path), "{1}\n{2}\n");
  EXPECT_EQ(fs::status(path).permissions() & fs::perms::others_all, fs::perms::none);
}

TEST_F(AuditFileTest, FollowsARotation) {
  AuditFile file = opened();
  EXPECT_TRUE(file.write(sample_record("{1}")).written);
  fs::rename(path, path + ".1");
  EXPECT_TRUE(file.write(sample_record("{2}")).written);
  EXPECT_EQ(content(path + ".1"), "{1}\n");
  EXPECT_EQ(content(path), "{2}\n");
  fs::remove(path);
  EXPECT_TRUE(file.write(sample_record("{3}")).written);
  EXPECT_EQ(content(path), "{3}\n");
}

TEST_F(AuditFileTest, GoesOnInTheRotatedFileWhileNoNewOneCanBeMade) {
  AuditFile file = opened();
  fs::rename(path, path + ".1");
  fs::create_directory(path);  // as good as a directory without permission, for root too
  const AuditWrite first = file.write(sample_record("{1}"));
  EXPECT_TRUE(first.written);
  EXPECT_THAT(first.trouble, HasSubstr(path + ": cannot be opened: Is a directory"));
  EXPECT_EQ(content(path + ".1"), "{1}\n");
  fs::remove(path);
  EXPECT_EQ(file.write(sample_record("{2}")).trouble, "");
  EXPECT_EQ(content(path), "{2}\n");
}

TEST_F(AuditFileTest, NothingIsWrittenIntoAFileThatIsRemoved) {
  AuditFile file = opened();
  fs::remove(path);
  fs::create_directory(path);
  const AuditWrite lost = file.write(sample_record("{1}"));
  EXPECT_FALSE(lost.written);
  EXPECT_THAT(lost.trouble, HasSubstr("the old one is removed"));
}

TEST_F(AuditFileTest, AFullDiskLosesLinesAndNothingElse) {
  fs::create_symlink("/dev/full", path);
  AuditFile file = opened();
  const AuditWrite lost = file.write(sample_record("{1}"));
  EXPECT_FALSE(lost.written);
  EXPECT_EQ(lost.trouble, path + ": cannot be written: No space left on device");
  fs::remove(path);
  EXPECT_TRUE(file.write(sample_record("{2}")).written);
  EXPECT_EQ(content(path), "{2}\n");
}

// The limit on the size of a file stands for a disk with room for half a line.
TEST_F(AuditFileTest, NoLineIsLeftHalfWritten) {
  const auto limit = [](rlim_t bytes) {
    rlimit now{};
    getrlimit(RLIMIT_FSIZE, &now);
    now.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &now);
  };
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  AuditFile file = opened();
  EXPECT_TRUE(file.write(sample_record("{1}")).written);
  limit(6);
  EXPECT_FALSE(file.write(sample_record("{2222222}")).written);
  limit(RLIM_INFINITY);
  EXPECT_EQ(content(path), "{1}\n");
  EXPECT_TRUE(file.write(sample_record("{3}")).written);
  EXPECT_EQ(content(path), "{1}\n{3}\n");
  std::signal(SIGXFSZ, before);
}

TEST_F(AuditFileTest, NeverWaitsForAReaderOfAFifo) {
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const auto file = AuditFile::open(path);
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, HasSubstr(path + ": cannot be opened: "));
}

}  // namespace
}  // namespace tsmtp::daemon
