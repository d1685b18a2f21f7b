// What remains of a connection when it is over: a record in the audit of both hubs, and what status counts.
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/integration/forward_fixture.h"

namespace tsmtp::support {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class ForwardRecord : public Forwarding {
 protected:
  void SetUp() override {}

  void set_up_with_audit(const std::string& service_keys = "") {
    configure_forward(service_keys);
    for (const Hub* hub : {&tokyo, &birl}) {
      const std::string text = read_file(hub->config());
      write_file(hub->config(), "[hub]\naudit = \"" + audit_of(*hub) + '"' + text.substr(text.find('\n')));
    }
    birl.start();
    tokyo.start();
    ASSERT_TRUE(link_is_up());
    ASSERT_TRUE(opens());
  }
  [[nodiscard]] static std::string audit_of(const Hub& hub) { return hub.file("audit/audit.jsonl"); }
  /// The records of a hub, when there are so many.
  [[nodiscard]] static std::vector<json> records_of(const Hub& hub, std::size_t count) {
    std::vector<json> records;
    EXPECT_TRUE(wait_until([&] {
      records.clear();
      std::istringstream lines(read_file(audit_of(hub)));
      for (std::string line; std::getline(lines, line) && !lines.eof();)
        records.push_back(json::parse(line));
      return records.size() >= count;
    })) << hub.log();
    records.resize(count);
    return records;
  }
};

TEST_F(ForwardRecord, EachConnectionIsOnRecordAtBothHubs) {
  set_up_with_audit();
  Pair pair = connect();
  pair.service.send("welcome\n");
  EXPECT_EQ(pair.program.line(), "welcome\n");
  finish(pair.program);
  EXPECT_EQ(ending_of(pair.service), Ending::kInOrder);
  finish(pair.service);
  EXPECT_EQ(ending_of(pair.program), Ending::kInOrder);
  const json near = records_of(tokyo, 1)[0], far = records_of(birl, 1)[0];
  for (const json& record : {near, far}) {
    EXPECT_EQ(record["kind"], "connection");
    EXPECT_EQ(record["service"], "echo");
    EXPECT_EQ(record["to_service"], 6);
    EXPECT_EQ(record["from_service"], 8);
    EXPECT_EQ(record["user"], std::to_string(geteuid()));
    EXPECT_THAT(record["client"].get<std::string>(), HasSubstr("127.0.0.1:"));
    EXPECT_EQ(record["result"], "connected");
    EXPECT_EQ(record["end"], "closed by the program");
    EXPECT_TRUE(record["approved_by"].is_null());
    EXPECT_LE(record["begun"], record["time"]);
    EXPECT_GE(record["milliseconds"]["total"], 0);
  }
  EXPECT_EQ(near["direction"], "out");
  EXPECT_EQ(near["hub"], "tokyo");
  EXPECT_EQ(near["site"], "birl");
  EXPECT_EQ(far["direction"], "in");
  EXPECT_EQ(far["hub"], "birl");
  EXPECT_EQ(far["site"], "tokyo");
  EXPECT_EQ(near["connection"], far["connection"]);
  EXPECT_EQ(tokyo.status()["audit"]["written"], 1);
}

TEST_F(ForwardRecord, BothSayWhoApprovedAndWhyOneWasRefused) {
  set_up_with_audit("approve = \"ask\"\napprove_command = [\"/bin/sh\", \"-c\", \"exit $((TSMTP_ID - 1))\"]");
  Connection first = program();
  first.send("hello\n");
  Connection server = service.accept();
  EXPECT_EQ(server.line(), "hello\n");
  server.reset();
  EXPECT_EQ(ending_of(first), Ending::kReset);
  Connection second = program();
  EXPECT_EQ(ending_of(second), Ending::kReset);
  const auto near = records_of(tokyo, 2), far = records_of(birl, 2);
  for (const auto& records : {near, far}) {
    EXPECT_EQ(records[0]["approved_by"], "approve_command");
    EXPECT_EQ(records[0]["result"], "connected");
    EXPECT_EQ(records[1]["result"], "refused");
    EXPECT_TRUE(records[1]["approved_by"].is_null());
  }
  EXPECT_EQ(near[1]["end"], "not approved");
  EXPECT_EQ(far[1]["end"], "approve_command said no (exit status 1)");
}

TEST_F(ForwardRecord, StatusCountsConnectionsAndBytesWhileTheyGo) {
  set_up_with_audit("max_connections = 1");
  Pair pair = connect();
  Connection too_many = program();
  EXPECT_EQ(ending_of(too_many), Ending::kReset);
  const auto counts = [](const Hub& hub, const std::string& site, const char* list) {
    return hub.site_status(site)[list][0];
  };
  EXPECT_TRUE(wait_until([&] { return counts(tokyo, "birl", "forwards")["connections"]["refused"] == 1; }));
  const json near = counts(tokyo, "birl", "forwards"), far = counts(birl, "tokyo", "services");
  for (const json& one : {near, far}) {
    EXPECT_EQ(one["service"], "echo");
    EXPECT_TRUE(one["cause"].is_null()) << one;
    EXPECT_EQ(one["connections"]["open"], 1);
    EXPECT_EQ(one["connections"]["refused"], 1);
    EXPECT_EQ(one["connections"]["to_service"], 6);
    EXPECT_EQ(one["connections"]["from_service"], 0);
  }
  EXPECT_EQ(near["listen"].size(), 2U);
  EXPECT_EQ(far["to"], "127.0.0.1:" + std::to_string(service.port()));
  EXPECT_THAT(tokyo.relayctl({"status"}).output, HasSubstr("forward to echo, 127.0.0.1:"));
  EXPECT_THAT(birl.relayctl({"status"}).output, HasSubstr("service echo, 127.0.0.1:"));
  finish(pair.program);
  finish(pair.service);
  EXPECT_TRUE(wait_until([&] { return counts(birl, "tokyo", "services")["connections"]["open"] == 0; }));
  EXPECT_EQ(counts(birl, "tokyo", "services")["connections"]["to_service"], 6);
}

TEST_F(ForwardRecord, StatusSaysWhyNothingListensAndSinceWhen) {
  set_up_with_audit();
  service.close();
  ASSERT_TRUE(closes());
  EXPECT_TRUE(wait_until([&] { return !tokyo.site_status("birl")["forwards"][0]["cause"].is_null(); }));
  EXPECT_THAT(tokyo.site_status("birl")["forwards"][0]["cause"].get<std::string>(),
              HasSubstr("the service does not answer there"));
  EXPECT_FALSE(birl.site_status("tokyo")["services"][0]["cause"].is_null());
  EXPECT_THAT(tokyo.relayctl({"status"}).output, HasSubstr("CLOSED since"));
  EXPECT_THAT(birl.relayctl({"status"}).output, HasSubstr("DOES NOT ANSWER since"));
}

}  // namespace
}  // namespace tsmtp::support
