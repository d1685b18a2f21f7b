// relayd's own client beside real members of etcd: what is asked of them, over TLS and with a password too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/integration/etcd_fixture.h"
#include "tests/support/fake_etcd.h"

namespace tsmtp::net {
namespace {

using namespace std::chrono_literals;
using etcd::Compare;
using etcd::Delete;
using etcd::Get;
using etcd::Lease;
using etcd::Put;
using etcd::Transaction;
using support::EtcdCluster;
using Security = EtcdCluster::Security;
using ::testing::HasSubstr;

TEST(EtcdClient, EverythingThatIsAskedOfOneMember) {
  EtcdCluster cluster;
  Client client(settings_for(cluster.urls()));

  const auto first = client.ask(Client::claim("/tsmtp/a", std::string("\0\xff\"1", 4)));
  ASSERT_TRUE(first) << first.error().cause;
  EXPECT_TRUE(first->held);
  const auto second = client.ask(Client::claim("/tsmtp/a", "2"));
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->held);
  ASSERT_EQ(second->got.at(0).size(), 1U);
  EXPECT_EQ(second->got[0][0].value, std::string("\0\xff\"1", 4));
  EXPECT_EQ(second->got[0][0].modified, first->revision);
  EXPECT_FALSE(client.etcd.trouble());

  // Many at once, some for one key: each has its own answer, in order.
  std::map<int, bool> held;
  for (int i = 0; i < 500; ++i)
    client.etcd.submit(Client::claim("/tsmtp/many/" + std::to_string(i / 2), std::to_string(i)),
                       [&, i](const etcd::Result& result) { held[i] = result && result->held; });
  ASSERT_TRUE(client.until([&] { return held.size() == 500; }));
  for (int i = 0; i < 500; ++i)
    EXPECT_EQ(held[i], i % 2 == 0) << i;
  const auto range = client.ask({.then = {Get{.range = etcd::all_below("/tsmtp/many/")}}});
  ASSERT_TRUE(range);
  EXPECT_EQ(range->got.at(0).size(), 250U);
  const auto some = client.ask({.when = {Compare{.range = etcd::all_below("/tsmtp/none/")},
                                         Compare{.range = {.key = "/tsmtp/many/1"}, .value = "2"}},
                                .then = {Get{.range = etcd::all_below("/tsmtp/many/"), .limit = 3},
                                         Delete{.range = etcd::all_below("/tsmtp/many/")}}});
  ASSERT_TRUE(some);
  EXPECT_TRUE(some->held);
  EXPECT_EQ(some->got.at(0).size(), 3U);
  EXPECT_FALSE(cluster.value("/tsmtp/many/1"));

  // Leases, and one that nobody has among others in one request.
  const auto lease = client.grant(60s);
  ASSERT_TRUE(lease);
  EXPECT_EQ(*client.keep_alive(*lease), *lease);
  std::map<int, bool> done;
  for (const auto& [number, which] : std::map<int, Lease>{{1, *lease}, {2, 4711}, {3, 0}})
    client.etcd.submit(Client::put("/tsmtp/" + std::to_string(number), "x", which),
                       [&, i = number](const etcd::Result& result) { done[i] = static_cast<bool>(result); });
  ASSERT_TRUE(client.until([&] { return done.size() == 3; }));
  EXPECT_TRUE(done[1]);
  EXPECT_FALSE(done[2]);
  EXPECT_TRUE(done[3]);
  EXPECT_FALSE(client.etcd.trouble());
  client.etcd.revoke(*lease);
  EXPECT_TRUE(client.until([&] { return *client.keep_alive(*lease) == 0; }));
  EXPECT_FALSE(cluster.value("/tsmtp/1"));
  EXPECT_EQ(cluster.value("/tsmtp/3"), "x");
}

// The etcd in memory, on which other tests stand, says what a real one says, refusals included.
TEST(EtcdClient, TheOneInMemoryAgrees) {
  EtcdCluster cluster;
  Client client(settings_for(cluster.urls()));
  support::FakeEtcdData fake;
  std::mt19937 random(4711);
  const auto pick = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  const auto key = [&] { return "/tsmtp/" + std::to_string(pick(12)); };
  const auto range = [&] { return pick(3) == 0 ? etcd::all_below("/tsmtp/1") : etcd::Range{.key = key()}; };
  const auto granted = client.grant(600s);
  ASSERT_TRUE(granted);
  const Lease fake_lease = fake.grant(600s);
  std::vector<Transaction> asked;
  std::vector<etcd::Result> expected;
  for (int i = 0; i < 300; ++i) {
    Transaction one;
    if (pick(2) == 0) one.when.push_back({.range = range()});
    if (pick(3) == 0) one.when.push_back({.range = range(), .value = std::to_string(pick(3))});
    const unsigned lease = pick(8);  // ours, or one that nobody has
    for (auto* operations : {&one.then, &one.otherwise}) {
      for (unsigned puts = pick(3); puts > 0; --puts)
        operations->emplace_back(Put{.key = key(),
                                     .value = std::to_string(pick(3)),
                                     .lease = lease == 0   ? 99
                                              : lease == 1 ? fake_lease
                                                           : 0});
      if (pick(3) == 0) operations->emplace_back(Delete{.range = range()});
      if (pick(2) == 0) operations->emplace_back(Get{.range = range(), .limit = pick(3)});
    }
    expected.push_back(fake.apply(one));
    for (auto* operations : {&one.then, &one.otherwise})
      for (auto& operation : *operations)
        if (auto* put = std::get_if<Put>(&operation); put != nullptr && put->lease == fake_lease)
          put->lease = *granted;
    asked.push_back(one);
  }
  // All at once: so the batches are seen to be right, too.
  std::vector<std::optional<etcd::Result>> said(asked.size());
  for (std::size_t i = 0; i < asked.size(); ++i)
    client.etcd.submit(asked[i], [&, i](const etcd::Result& result) { said[i] = result; });
  ASSERT_TRUE(client.until(
      [&] { return std::all_of(said.begin(), said.end(), [](auto& one) { return one.has_value(); }); }));
  std::size_t refused = 0;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    SCOPED_TRACE(i);
    ASSERT_EQ(said[i]->has_value(), expected[i].has_value())
        << (said[i]->has_error() ? said[i]->error().cause : "");
    if (said[i]->has_error()) {
      ++refused;
      EXPECT_FALSE(said[i]->error().may_be_done);
      continue;
    }
    EXPECT_EQ((*said[i])->held, expected[i]->held);
    ASSERT_EQ((*said[i])->got.size(), expected[i]->got.size());
    for (std::size_t get = 0; get < expected[i]->got.size(); ++get) {
      const auto& rows = (*said[i])->got[get];
      ASSERT_EQ(rows.size(), expected[i]->got[get].size());
      for (std::size_t row = 0; row < rows.size(); ++row) {
        EXPECT_EQ(rows[row].key, expected[i]->got[get][row].key);
        EXPECT_EQ(rows[row].value, expected[i]->got[get][row].value);
      }
    }
  }
  EXPECT_GT(refused, 10U);
  EXPECT_LT(refused, 250U);
}

TEST(EtcdClient, CertificatesOfBothEnds) {
  EtcdCluster cluster({.security = Security::kClientCertificates});
  auto settings = settings_for(cluster.urls());
  settings.files = {
      .ca = cluster.ca_file(), .certificate = cluster.client_certificate(), .key = cluster.client_key()};
  {
    Client client(settings);
    const auto result = client.ask(Client::put("/tsmtp/a", "1"));
    ASSERT_TRUE(result) << result.error().cause;
    // Files are read anew for each connection: one that is replaced counts from then on, in both directions.
    cluster.make_authority("other");
    cluster.make_certificate("client", "DNS:relayd", "other");
    cluster.restart(0, false);
    ASSERT_TRUE(client.until([&] {
      return client.etcd.trouble() && client.etcd.trouble()->cause.find("certificate") != std::string::npos;
    }));
    EXPECT_THAT(client.etcd.trouble()->cause, HasSubstr("ledger.certificate"));
    cluster.make_certificate("client", "DNS:relayd");
    EXPECT_TRUE(client.serves());
  }
  const auto cause_with = [&](const settings::Ledger& wrong) {
    Client client(wrong);
    const auto result = client.ask(Client::put("/tsmtp/b", "1"));
    EXPECT_FALSE(result);
    if (result) return std::string();
    EXPECT_FALSE(result.error().may_be_done);
    EXPECT_THAT(result.error().cause, HasSubstr("etcd at http"));
    return result.error().cause;
  };
  settings.timeout = 2s;
  auto wrong = settings;
  wrong.files.certificate.clear();
  wrong.files.key.clear();
  EXPECT_THAT(cause_with(wrong), HasSubstr("ledger.certificate"));
  wrong = settings;
  wrong.files.ca = cluster.file("other.pem");
  EXPECT_THAT(cause_with(wrong), HasSubstr("not trusted"));
  wrong = settings;
  wrong.files.ca = cluster.file("none.pem");
  EXPECT_THAT(cause_with(wrong), HasSubstr("ledger.ca"));
  wrong = settings;
  wrong.endpoints[0].address.host = "127.0.0.2";
  wrong.endpoints[0].address.port = settings.endpoints[0].address.port;
  EXPECT_THAT(cause_with(wrong), HasSubstr("refuses connections"));
  wrong.endpoints[0].is_clear = true;
  wrong.endpoints[0].address.host = "127.0.0.1";
  EXPECT_THAT(cause_with(wrong), HasSubstr("does it want https?"));
  EXPECT_FALSE(cluster.value("/tsmtp/b"));
}

TEST(EtcdClient, NobodyElsesName) {
  EtcdCluster cluster({.security = Security::kTls});
  cluster.make_certificate("server", "DNS:etcd.example,IP:127.0.0.9");
  cluster.restart(0, false);
  auto settings = settings_for(cluster.urls(), 2s);
  settings.files.ca = cluster.ca_file();
  Client client(settings);
  ASSERT_TRUE(client.until([&] {
    const auto result = client.ask(Client::put("/tsmtp/b", "1"));
    EXPECT_FALSE(result);
    return result || result.error().cause.find("for another name") != std::string::npos;
  }));
}

TEST(EtcdClient, UserAndPassword) {
  EtcdCluster cluster;
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"user", "add", "root:r00t"},
           {"user", "add", "relayd:s3cret"},
           {"role", "add", "tsmtp"},
           {"role", "grant-permission", "tsmtp", "readwrite", "/tsmtp/", "/tsmtp0"},
           {"user", "grant-role", "relayd", "tsmtp"},
           {"user", "grant-role", "root", "root"},
           {"auth", "enable"}})
    ASSERT_EQ(cluster.ctl(command).status, 0) << command[1];
  auto settings = settings_for(cluster.urls());
  settings.user = "relayd";
  settings.files.password = cluster.file("password");
  support::write_file(settings.files.password, "s3cret\n");
  Client client(settings);
  const auto first = client.ask(Client::put("/tsmtp/a", "1"));
  ASSERT_TRUE(first) << first.error().cause;
  // A member knows no token any more that it gave before it was started anew.
  cluster.restart(0, false);
  EXPECT_TRUE(client.serves());

  const auto elsewhere = client.ask(Client::put("/other/a", "1"));
  ASSERT_FALSE(elsewhere);
  EXPECT_FALSE(elsewhere.error().may_be_done);
  EXPECT_THAT(elsewhere.error().cause, HasSubstr("ledger.prefix"));
  EXPECT_TRUE(client.serves());

  settings.timeout = 2s;
  support::write_file(settings.files.password, "wrong\n");
  Client wrong(settings);
  const auto refused = wrong.ask(Client::put("/tsmtp/b", "1"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().cause, HasSubstr("ledger.password_file"));
  // The right one is taken without a restart.
  support::write_file(settings.files.password, "s3cret\n");
  EXPECT_TRUE(wrong.serves());
  settings.user.clear();
  Client nobody(settings);
  const auto unnamed = nobody.ask(Client::put("/tsmtp/b", "1"));
  ASSERT_FALSE(unnamed);
  EXPECT_THAT(unnamed.error().cause, HasSubstr("ledger.user"));
}

}  // namespace
}  // namespace tsmtp::net
