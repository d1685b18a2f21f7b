#include "relayd/control/audit_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tsmtp::control {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

const base::WallTime kNow = base::WallTime(milliseconds(1'772'366'584'007));  // 2026-03-01T12:03:04.007Z

smtp::Reply reply(int code, const std::string& text) {
  return {.code = code, .lines = {text}};
}

mail::Summary sample() {
  mail::Summary s;
  s.direction = mail::Direction::kOut;
  s.site = "birl";
  s.transaction = std::string("\x00\x5a\xff", 3);
  s.helo = "mx.tokyo.example";
  s.sender = "a@tokyo.example";
  s.recipients = {{.address = "b@birl.example", .reply = reply(250, "2.1.5 Ok")},
                  {.address = "c@birl.example", .reply = reply(550, "5.1.1 no such user")}};
  s.size_bytes = 4096;
  s.link_bytes = 1300;
  s.reply = reply(250, "2.0.0 queued as 17");
  s.took = {.total = milliseconds(120),
            .near_mta = milliseconds(20),
            .ledger = milliseconds(0),
            .link = milliseconds(70),
            .far_mta = milliseconds(30)};
  return s;
}

nlohmann::json parsed(const mail::Summary& summary) {
  return nlohmann::json::parse(audit_record(summary, "tokyo", kNow), nullptr, false);
}

std::string result_for(std::vector<int> recipients, int final_code) {
  mail::Summary s = sample();
  s.recipients.clear();
  for (const int code : recipients)
    s.recipients.push_back({.address = "x@birl.example", .reply = reply(code, "")});
  s.reply = reply(final_code, "");
  return parsed(s)["result"];
}

TEST(AuditRecord, Golden) {
  EXPECT_EQ(
      audit_record(sample(), "tokyo", kNow),
      R"({"time":"2026-03-01T12:03:04.007Z","kind":"mail","hub":"tokyo","site":"birl","site_hub":null,"direction":"out",)"
      R"("transaction":"005aff","protocol":"smtp","helo":"mx.tokyo.example","sender":"a@tokyo.example",)"
      R"("recipients":[{"address":"b@birl.example","code":250,"enhanced":"2.1.5","reply":"250 2.1.5 Ok"},)"
      R"({"address":"c@birl.example","code":550,"enhanced":"5.1.1","reply":"550 5.1.1 no such user"}],)"
      R"("size":4096,"link_bytes":1300,"code":250,"enhanced":"2.0.0","reply":"250 2.0.0 queued as 17","result":"partly",)"
      R"("repeated":false,"without_etcd":false,)"
      R"("milliseconds":{"total":120,"near_mta":20,"ledger":0,"link":70,"far_mta":30}})");
}

TEST(AuditRecord, Results) {
  EXPECT_EQ(result_for({250, 250}, 250), "delivered");
  EXPECT_EQ(result_for({250, 550}, 250), "partly");
  EXPECT_EQ(result_for({450, 250}, 250), "partly");
  EXPECT_EQ(result_for({550, 551}, 550), "refused");
  EXPECT_EQ(result_for({550, 450}, 550), "deferred");
  EXPECT_EQ(result_for({451}, 451), "deferred");
  EXPECT_EQ(result_for({}, 550), "refused");
  EXPECT_EQ(result_for({}, 451), "deferred");
}

TEST(AuditRecord, EnhancedStatusOnlyWhereThereIsOne) {
  for (const char* text :
       {"", "ok", "2.0 x", "2.0.0x", "5.0.0 other class", "2.0.1234567 x", "2..00 x", "2.0. x", "2.0.0.0"}) {
    mail::Summary s = sample();
    s.reply = reply(250, text);
    EXPECT_TRUE(parsed(s)["enhanced"].is_null()) << text;
  }
  mail::Summary s = sample();
  s.reply = reply(450, "4.7.100");
  EXPECT_EQ(parsed(s)["enhanced"], "4.7.100");
  s.reply.lines.clear();
  EXPECT_TRUE(parsed(s)["enhanced"].is_null());
}

TEST(AuditRecord, OtherDirectionOtherProtocol) {
  mail::Summary s = sample();
  s.direction = mail::Direction::kIn;
  s.lmtp = true;
  EXPECT_EQ(parsed(s)["direction"], "in");
  EXPECT_EQ(parsed(s)["protocol"], "lmtp");
}

TEST(AuditRecord, P8_AnyBytesMakeOneLineOfValidJson) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte)
    bytes += static_cast<char>(byte);
  bytes += "\xe2\x80\xa8\xed\xa0\x80\xf4\x90\x80\x80";  // a line separator, a surrogate, beyond U+10FFFF
  mail::Summary s = sample();
  s.site = s.transaction = s.helo = s.sender = s.recipients[0].address = bytes;
  s.reply = s.recipients[0].reply = reply(250, bytes);
  const std::string line = audit_record(s, bytes, kNow);
  for (const char c : line)
    EXPECT_TRUE(c >= 0x20 && c < 0x7f);
  const auto record = nlohmann::json::parse(line, nullptr, false);
  ASSERT_TRUE(record.is_object());
  EXPECT_EQ(record["sender"].get<std::string>().substr(0, 128), bytes.substr(0, 128));
  EXPECT_THAT(record["sender"].get<std::string>(), HasSubstr("\xef\xbf\xbd"));

  const std::string entry = journal_entry(s, bytes, line);
  EXPECT_EQ(std::count(entry.begin(), entry.end(), '\n'), 13) << entry;
  EXPECT_THAT(entry, HasSubstr("\nTSMTP_SENDER=\\x00"));
}

// A peer that sends kilobytes must not fill the disk with them.
TEST(AuditRecord, P6_WhatIsLongIsCutShort) {
  mail::Summary s = sample();
  const std::string x(100'000, 'x');
  s.reply = s.recipients[0].reply = reply(250, x);
  s.helo = s.sender = s.recipients[0].address = x;
  const auto record = parsed(s);
  const auto recipient = record["recipients"][0];
  for (const nlohmann::json& text :
       {record["reply"], record["helo"], record["sender"], recipient["address"], recipient["reply"]})
    EXPECT_EQ(text.get<std::string>().size(), 1024U);
  EXPECT_LT(journal_entry(s, "tokyo", "").size(), 4000U);
}

}  // namespace
}  // namespace tsmtp::control
