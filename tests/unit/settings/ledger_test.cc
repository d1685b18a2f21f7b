// [ledger]: what its keys take, and what must hold between them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relayd/settings/ledger.h"
#include "tests/unit/settings/sample.h"

namespace tsmtp::settings {
namespace {

using testing::HasSubstr;

Outcome with_ledger(const std::string& keys) {
  return read_it(kHub + site("birl", kPinA, with_address("127.0.5.2")) + "[ledger]\n" + keys);
}

const std::string kEtcd = "engine = \"etcd\"\nendpoints = [\"https://etcd1.example:2379\"]\n";

TEST(LedgerSettings, HubAloneNeedsNone) {
  const auto [config, findings] = read_it(kHub + site("birl", kPinA, with_address("127.0.5.2")));
  ASSERT_TRUE(config) << findings;
  EXPECT_EQ(config->ledger, Ledger{});
}

TEST(LedgerSettings, EveryKeyIsRead) {
  const auto [config, findings] = with_ledger(
      "engine = \"etcd\"\nendpoints = [\"https://etcd1.example:2379/\", \"http://127.0.0.1:2379\"]\n"
      "user = \"birl\"\npassword_file = \"/etc/tsmtp/etcd.password\"\nprefix = \"/mail/birl/\"\n"
      "timeout = \"2s\"\non_engine_loss = \"local\"\non_lost_hub = \"resend\"\nresend_after = \"2h\"\n"
      "share_doubts = true\n");
  ASSERT_TRUE(config) << findings;
  const Ledger& ledger = config->ledger;
  EXPECT_EQ(ledger.engine, LedgerEngine::kEtcd);
  ASSERT_EQ(ledger.endpoints.size(), 2u);
  EXPECT_EQ(ledger.endpoints[0].to_string(), "https://etcd1.example:2379");
  EXPECT_EQ(ledger.endpoints[1].to_string(), "http://127.0.0.1:2379");
  EXPECT_EQ(ledger.user, "birl");
  EXPECT_EQ(ledger.files.password, "/etc/tsmtp/etcd.password");
  EXPECT_EQ(ledger.prefix, "/mail/birl");
  EXPECT_EQ(ledger.timeout, std::chrono::seconds(2));
  EXPECT_EQ(ledger.on_engine_loss, OnEngineLoss::kLocal);
  EXPECT_EQ(ledger.on_lost_hub, OnLostHub::kResend);
  EXPECT_EQ(ledger.resend_after, std::chrono::hours(2));
  EXPECT_TRUE(ledger.share_doubts);
}

TEST(LedgerSettings, FilesOfTls) {
  const auto [config, findings] = with_ledger(
      kEtcd + "ca = \"/etc/tsmtp/ca.pem\"\ncertificate = \"/etc/tsmtp/c.pem\"\nkey = \"/etc/tsmtp/k.pem\"\n");
  ASSERT_TRUE(config) << findings;
  EXPECT_EQ(config->ledger.files.ca, "/etc/tsmtp/ca.pem");
  EXPECT_EQ(config->ledger.files.certificate, "/etc/tsmtp/c.pem");
  EXPECT_EQ(config->ledger.files.key, "/etc/tsmtp/k.pem");
}

struct Wrong {
  std::string keys;
  std::string finding;
};

class WrongLedger : public testing::TestWithParam<Wrong> {};

TEST_P(WrongLedger, IsAnErrorThatSaysWhat) {
  const auto [config, findings] = with_ledger(GetParam().keys);
  EXPECT_FALSE(config);
  EXPECT_THAT(findings, HasSubstr(GetParam().finding));
}

INSTANTIATE_TEST_SUITE_P(
    Ledger, WrongLedger,
    testing::Values(
        Wrong{"engine = \"etcd\"\n", "missing key \"endpoints\" in [ledger]"},
        Wrong{"engine = \"postgres\"\n", "engine: "},
        Wrong{"prefix = \"/mail\"\n", "prefix: only for engine = \"etcd\""},
        Wrong{"engin = \"etcd\"\n", "unknown key \"engin\" in [ledger]; did you mean \"engine\"?"},
        Wrong{kEtcd + "user = \"birl\"\n", "user: needs \"password_file\" beside it"},
        Wrong{kEtcd + "key = \"/k.pem\"\n", "key: needs \"certificate\" beside it"},
        Wrong{kEtcd + "resend_after = \"2h\"\n", "resend_after: only for on_lost_hub = \"resend\""},
        Wrong{kEtcd + "prefix = \"mail\"\n", "prefix: \"mail\": what keys begin with"},
        Wrong{"engine = \"etcd\"\nendpoints = []\n", "at least one endpoint was expected"},
        Wrong{"engine = \"etcd\"\nendpoints = [\"etcd1:2379\"]\n", "https://HOST:PORT was expected"},
        Wrong{"engine = \"etcd\"\nendpoints = [\"https://etcd1\"]\n", "endpoints: "},
        Wrong{"engine = \"etcd\"\nendpoints = [\"http://127.0.0.1:2379\"]\nca = \"/ca.pem\"\n",
              "ca: an endpoint is http"}));

TEST(LedgerSettings, SectionStandsThereOnce) {
  const auto [config, findings] =
      read_it(kHub + site("birl", kPinA, with_address("127.0.5.2")) + "[[ledger]]\nengine = \"local\"\n");
  EXPECT_FALSE(config);
  EXPECT_THAT(findings, HasSubstr("ledger: a section [ledger] was expected, in single brackets"));
}

TEST(LedgerSettings, ClearTextBeyondThisMachineIsWarnedOf) {
  const auto [config, findings] = with_ledger("engine = \"etcd\"\nendpoints = [\"http://10.0.0.1:2379\"]\n");
  EXPECT_TRUE(config);
  EXPECT_THAT(findings, HasSubstr("is asked without TLS"));
}

}  // namespace
}  // namespace tsmtp::settings
