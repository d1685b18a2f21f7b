// The entries that journald would read, read from a socket of the test's own.
#include "relayd/daemon/audit_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

#include "tests/support/temporary_directory.h"
#include "tests/unit/daemon/audit_sample.h"

namespace tsmtp::daemon {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class AuditJournalTest : public testing::Test {
 protected:
  void listen() {
    unlink(path.c_str());
    socket = base::Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  // One datagram; or what is in the file that came with it.
  std::string receive() {
    std::string bytes(1 << 20, '\0');
    iovec piece{.iov_base = bytes.data(), .iov_len = bytes.size()};
    alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))];
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = room;
    message.msg_controllen = sizeof room;
    ssize_t length = recvmsg(socket.get(), &message, MSG_DONTWAIT);
    if (const cmsghdr* header = CMSG_FIRSTHDR(&message); length == 0 && header != nullptr) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
      length = pread(fd, bytes.data(), bytes.size(), 0);
      close(fd);
    }
    return length < 0 ? "nothing" : bytes.substr(0, static_cast<std::size_t>(length));
  }

  support::TemporaryDirectory directory;
  std::string path = directory.file("journal");
  base::Descriptor socket;
};

TEST_F(AuditJournalTest, TellsTheRecordAndWhatOneSearchesBy) {
  listen();
  AuditJournal journal(path);
  EXPECT_TRUE(journal.write(sample_record("{\"a\":1}")).written);
  EXPECT_EQ(receive(),
            "SYSLOG_IDENTIFIER=tsmtp-audit\nSYSLOG_FACILITY=2\nPRIORITY=6\nTSMTP_HUB=tokyo\nTSMTP_SITE=birl\n"
            "TSMTP_DIRECTION=out\nTSMTP_TRANSACTION=01ff\nTSMTP_SENDER=a@tokyo.example\n"
            "TSMTP_RECIPIENT=b@birl.example\nTSMTP_CODE=250\nTSMTP_RESULT=delivered\nMESSAGE={\"a\":1}\n");
}

TEST_F(AuditJournalTest, ARecordTooLargeForADatagramGoesInAFile) {
  listen();
  AuditJournal journal(path);
  const std::string line(512 * 1024, 'x');
  const AuditWrite write = journal.write(sample_record(line));
  EXPECT_TRUE(write.written) << write.trouble;
  EXPECT_THAT(receive(), HasSubstr("MESSAGE=" + line + "\n"));
}

TEST_F(AuditJournalTest, FindsAJournaldThatWasStartedAnew) {
  AuditJournal journal(path);
  const AuditWrite lost = journal.write(sample_record("{1}"));
  EXPECT_FALSE(lost.written);
  EXPECT_EQ(lost.trouble, path + ": journald cannot be told: No such file or directory");
  listen();
  EXPECT_TRUE(journal.write(sample_record("{2}")).written);
  listen();
  EXPECT_TRUE(journal.write(sample_record("{3}")).written);
  EXPECT_THAT(receive(), HasSubstr("MESSAGE={3}\n"));
}

TEST_F(AuditJournalTest, NeverWaitsForAJournaldThatDoesNotRead) {
  listen();
  AuditJournal journal(path);
  bool lost = false;
  for (int i = 0; i < 100'000 && !lost; ++i)
    lost = !journal.write(sample_record("{}")).written;
  EXPECT_TRUE(lost);
  EXPECT_THAT(receive(), StartsWith("SYSLOG_IDENTIFIER="));
  EXPECT_TRUE(journal.write(sample_record("{}")).written);
}

}  // namespace
}  // namespace tsmtp::daemon
