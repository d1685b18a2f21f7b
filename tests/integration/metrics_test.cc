// What a scraper and a browser get of a real relayd: who took how long, and that each trouble is seen by the
// metric that its alert looks at (contrib/prometheus/tsmtp.rules.yml).
#include <atomic>
#include <chrono>
#include <csignal>
#include <map>
#include <memory>
#include <sstream>
#include <thread>

#include "tests/support/gunzipped.h"
#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::StartsWith;

constexpr char kContent[] = "Subject: x\r\n\r\ntext\r\n";

class Scraped : public TwoHubs {
 protected:
  void SetUp() override {
    birl_site_keys = "resume_window = \"0s\"\n";
    configure("resume_window = \"0s\"", "metrics = \"127.0.0.1:" + std::to_string(port_) + '"');
    birl.start();
    tokyo.start();
    ASSERT_TRUE(link_is_up());
  }

  [[nodiscard]] std::string get(const std::string& page, const std::string& header = "") const {
    Connection client("127.0.0.1", port_);
    client.send("GET " + page + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + header + "\r\n");
    std::string all;
    while (const auto line = client.line())
      all += *line;
    return all;
  }
  struct Answer {
    std::string header;
    std::string body;
  };
  /// Of an answer that says its length, and behind which nothing comes.
  [[nodiscard]] Answer ask(const std::string& request) const {
    Connection client("127.0.0.1", port_);
    client.send(request);
    Answer answer;
    while (const auto line = client.line()) {
      answer.header += *line;
      if (*line == "\r\n") break;
    }
    constexpr std::string_view kLength = "\r\nContent-Length: ";
    const std::size_t at = answer.header.find(kLength);
    if (at == std::string::npos) return answer;
    if (!request.starts_with("HEAD"))
      answer.body = client.bytes(std::stoul(answer.header.substr(at + kLength.size()))).value_or("");
    EXPECT_FALSE(client.bytes(1));
    return answer;
  }
  /// Values by name and labels.
  [[nodiscard]] std::map<std::string, double> scrape() const {
    std::map<std::string, double> out;
    std::istringstream lines(get("/metrics"));
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("tsmtp_"))
        out[line.substr(0, line.rfind(' '))] = std::stod(line.substr(line.rfind(' ')));
    return out;
  }
  [[nodiscard]] bool becomes(const std::string& metric, double value) const {
    return wait_until([&] { return scrape()[metric] == value; });
  }
  [[nodiscard]] bool appears(const std::string& metric) const {
    return wait_until([&] { return scrape().contains(metric); });
  }

 private:
  std::uint16_t port_ = free_port();
};

TEST_F(Scraped, SaysHowLongAMailTookAndWhere) {
  EXPECT_THAT(
      scrape(),
      Not(Contains(Key(std::string("tsmtp_last_mail_timestamp_seconds{site=\"birl\",direction=\"out\"}")))));
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  const auto values = scrape();
  for (const char* part : {"near_mta", "ledger", "link", "far_mta"}) {
    const std::string labels = std::string("{direction=\"out\",part=\"") + part + "\"}";
    EXPECT_EQ(values.at("tsmtp_mail_delay_seconds_count" + labels), 1) << part;
    EXPECT_GE(values.at(std::string(R"(tsmtp_site_delay_seconds_total{site="birl",direction="out",part=")") +
                        part + "\"}"),
              0);
  }
  EXPECT_GT(values.at("tsmtp_site_delay_seconds_total{site=\"birl\",direction=\"out\",part=\"ledger\"}"), 0);
  EXPECT_EQ(values.at("tsmtp_mail_delay_seconds_count{direction=\"in\",part=\"total\"}"), 0);
  EXPECT_GT(values.at("tsmtp_last_mail_timestamp_seconds{site=\"birl\",direction=\"out\"}"), 1e9);
}

TEST_F(Scraped, IsOpenMetricsForWhoAsks) {
  const std::string page =
      get("/metrics", "Accept: application/openmetrics-text;version=1.0.0,*/*;q=0.1\r\n");
  EXPECT_THAT(page,
              HasSubstr("\r\nContent-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"));
  EXPECT_THAT(page, HasSubstr("# TYPE tsmtp_mails counter\n"));
  EXPECT_TRUE(page.ends_with("# EOF\n"));
}

// As Prometheus asks, and as browsers do.
TEST_F(Scraped, ComesCompressedToWhoTakesThat) {
  const auto get = [this](const std::string& page, const std::string& coding, const char* method = "GET ") {
    return ask(method + page + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: " + coding + "\r\n\r\n");
  };
  for (const auto& [page, sign] :
       {std::pair{"/metrics", "# TYPE tsmtp_link_up gauge\n"}, std::pair{"/", "1 of 1 links up"}}) {
    const Answer plain = get(page, "gzip;q=0, deflate");
    EXPECT_THAT(plain.header, Not(HasSubstr("Content-Encoding")));
    EXPECT_THAT(plain.body, HasSubstr(sign));
    const Answer small = get(page, "gzip");
    EXPECT_THAT(small.header, HasSubstr("\r\nContent-Encoding: gzip\r\n"));
    EXPECT_THAT(small.header, HasSubstr("Accept-Encoding\r\n"));
    EXPECT_THAT(gunzipped(small.body).value_or("not gzip"), HasSubstr(sign));
    EXPECT_LT(2 * small.body.size(), plain.body.size());
    const Answer head = get(page, "gzip", "HEAD ");
    EXPECT_THAT(head.header, HasSubstr("\r\nContent-Encoding: gzip\r\n"));
    EXPECT_THAT(get(page, "identity", "HEAD ").header, Not(HasSubstr("Content-Encoding")));
  }
}

TEST_F(Scraped, APageIsThereForPeople) {
  const std::string page = get("/");
  EXPECT_THAT(page, HasSubstr("\r\nContent-Type: text/html; charset=utf-8\r\n"));
  EXPECT_THAT(page, HasSubstr("1 of 1 links up"));
  const Finished printed = tokyo.relayctl({"status", "--html"});
  EXPECT_EQ(printed.status, 0);
  EXPECT_THAT(printed.output, StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(printed.output, HasSubstr("<summary>birl</summary>"));
}

TEST_F(Scraped, TroubleIsSeenByItsMetric) {
  const auto healthy = scrape();
  for (const auto& [metric, value] :
       {std::pair{"tsmtp_link_up{site=\"birl\"}", 1.0},
        std::pair{"tsmtp_hub_takes_mail{site=\"birl\",hub=\"birl\"}", 1.0},
        std::pair{"tsmtp_ledger_writable", 1.0}, std::pair{"tsmtp_witness", 1.0},
        std::pair{"tsmtp_mta_away_sites", 0.0}, std::pair{"tsmtp_older_sites", 0.0},
        std::pair{"tsmtp_config_reload_failed", 0.0}, std::pair{"tsmtp_draining", 0.0}}) {
    ASSERT_TRUE(healthy.contains(metric)) << metric;
    EXPECT_EQ(healthy.at(metric), value) << metric;
  }
  EXPECT_EQ(healthy.at("tsmtp_endpoints_held"), 0) << "the test starts no holder";

  const std::string config = read_file(tokyo.config());
  write_file(tokyo.config(), config + "\nnothing = 1\n");
  tokyo.process().signal(SIGHUP);  // relayctl would look at the file itself
  EXPECT_TRUE(becomes("tsmtp_config_reload_failed", 1));
  write_file(tokyo.config(), config);
  EXPECT_EQ(tokyo.relayctl({"reload"}).status, 0);
  EXPECT_EQ(scrape()["tsmtp_config_reload_failed"], 0);

  Connection slow = session();
  begin_mail(slow, kContent);
  EXPECT_TRUE(appears("tsmtp_oldest_mail_under_way_timestamp_seconds"));
  birl.kill();
  EXPECT_TRUE(becomes("tsmtp_link_up{site=\"birl\"}", 0));
  EXPECT_GT(scrape()["tsmtp_link_since_seconds{site=\"birl\"}"],
            healthy.at("tsmtp_link_since_seconds{site=\"birl\"}"));
}

TEST_F(Scraped, AMailInDoubtHasAnAge) {
  const auto has_it = std::make_shared<std::atomic<bool>>(false);  // the MTA's thread may outlive this test
  const auto goes_on = std::make_shared<std::atomic<bool>>(false);
  birl_mta.set_script([has_it, goes_on](const std::string& command) {
    if (command == ".") *has_it = true;
    while (command == "." && !*goes_on)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return std::string();
  });
  Connection client = session();
  begin_mail(client, kContent);
  client.send(".\r\n");
  EXPECT_TRUE(wait_until([&] { return has_it->load(); }));
  birl.kill();  // and so cannot be asked in the background
  EXPECT_THAT(client.reply(), StartsWith("451 4.4.2"));
  EXPECT_TRUE(appears("tsmtp_oldest_doubt_timestamp_seconds{site=\"birl\"}"));
  EXPECT_EQ(scrape()["tsmtp_in_doubt{site=\"birl\"}"], 1);
  *goes_on = true;
}

TEST_F(Scraped, AnMtaThatIsAwayIsSeenAtBothEnds) {
  tokyo.kill();
  tokyo_mta.set_greeting("421 busy\r\n");
  birl_mta.set_greeting("421 busy\r\n");
  birl.kill();
  birl.start();
  tokyo.start();
  EXPECT_TRUE(becomes("tsmtp_mta_away_sites", 1));
  EXPECT_TRUE(becomes("tsmtp_link_up{site=\"birl\"}", 1));
  EXPECT_TRUE(becomes("tsmtp_hub_takes_mail{site=\"birl\",hub=\"birl\"}", 0));
}

}  // namespace
}  // namespace tsmtp::support
