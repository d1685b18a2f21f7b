// What belongs to a mail in an MTA's log: sendmail's, Postfix's, Exim's.
#include "relayd/diagnosis/mta_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::diagnosis {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<std::string> kSendmail{
    "Nov 30 07:03:04 tokyo sm-mta[812]: 4AU734ab000812: from=<taro@tokyo.example>, size=321, "
    "msgid=<x.1@tokyo.example>, proto=ESMTP",
    "Nov 30 07:03:04 tokyo sm-mta[813]: 4AU734ab000999: to=<other@birl.example>, stat=Sent (other)",
    "Nov 30 07:03:05 tokyo sm-mta[814]: 4AU734ab000812: to=<fritz@birl.example>, mailer=tsmtp, dsn=2.0.0, "
    "stat=Sent "
    "(4AU735cd000017 Message accepted for delivery)"};
const std::vector<std::string> kPostfix{
    "2026-11-30T07:03:04.123+00:00 tokyo postfix/smtpd[9]: 3F2A9B1C2D: client=localhost[127.0.0.1]",
    "2026-11-30T07:03:04.124+00:00 tokyo postfix/cleanup[9]: 3F2A9B1C2D: message-id=<x.1@tokyo.example>",
    "2026-11-30T07:03:05.001+00:00 tokyo postfix/smtp[9]: 3F2A9B1C2D: to=<fritz@birl.example>, status=sent "
    "(250 2.0.0 17)",
    "2026-11-30T07:03:05.002+00:00 tokyo postfix/qmgr[9]: 3F2A9B1C2E: removed"};
const std::vector<std::string> kExim{
    "2026-11-30 07:03:04 1tHx2y-000Abc-1q <= taro@tokyo.example H=localhost id=x.1@tokyo.example",
    "2026-11-30 07:03:05 1tHx2y-000Abc-1q => fritz@birl.example R=r T=t C=\"250 2.0.0 17\"",
    "2026-11-30 07:03:05 1tHx2y-000Abc-1r Completed"};

MtaLog read(const std::string& id, const std::vector<std::string>& lines) {
  MtaLog log(id);
  for (const std::string& line : lines)
    log.look_for_queue_ids(line);
  for (const std::string& line : lines)
    log.read(line);
  return log;
}

TEST(MtaLog, QueueIds) {
  EXPECT_EQ(queue_id_of(kSendmail[0]), "4AU734ab000812");
  EXPECT_EQ(queue_id_of(kPostfix[0]), "3F2A9B1C2D");
  EXPECT_EQ(queue_id_of(kExim[0]), "1tHx2y-000Abc-1q");
  for (const char* line : {"", "x", "Nov 30 07:03:04 tokyo sm-mta[812]: starting daemon: x",
                           "2026-11-30 07:03:04 exim started", "Nov 30 07:03:04 tokyo sm-mta[812]: "})
    EXPECT_EQ(queue_id_of(line), "") << line;
}

TEST(MtaLog, ByQueueId) {
  EXPECT_THAT(read("4AU734ab000812", kSendmail).lines(), ElementsAre(kSendmail[0], kSendmail[2]));
  EXPECT_THAT(read("4AU734ab000812", kSendmail).replies(), ElementsAre(kSendmail[2]));
  EXPECT_THAT(read("4AU734ab00081", kSendmail).lines(), IsEmpty());
}

TEST(MtaLog, ByMessageId) {
  EXPECT_THAT(read("<x.1@tokyo.example>", kSendmail).lines(), ElementsAre(kSendmail[0], kSendmail[2]));
  EXPECT_THAT(read("<x.1@tokyo.example>", kPostfix).lines(),
              ElementsAre(kPostfix[0], kPostfix[1], kPostfix[2]));
  EXPECT_THAT(read("x.1@tokyo.example", kExim).lines(), ElementsAre(kExim[0], kExim[1]));
  EXPECT_THAT(read("x.1@tokyo.example", kExim).replies(), ElementsAre(kExim[1]));
}

TEST(MtaLog, IsBounded) {
  std::vector<std::string> many(1000, kSendmail[2] + std::string(5000, 'x'));
  const MtaLog log = read("4AU734ab000812", many);
  EXPECT_EQ(log.lines().size(), MtaLog::kMostLines);
  EXPECT_EQ(log.lines().front().size(), MtaLog::kMostLineBytes);
}

}  // namespace
}  // namespace tsmtp::diagnosis
