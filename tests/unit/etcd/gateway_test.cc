#include "relayd/etcd/gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "relayd/etcd/base64.h"

namespace tsmtp::etcd {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const Transaction kClaim{.when = {Compare{.range = {.key = "/t/a"}}},
                         .then = {Put{.key = "/t/a", .value = "v1"}},
                         .otherwise = {Get{.range = {.key = "/t/a"}}}};

json body_of(const Request& request) {
  return json::parse(request.body);
}

TEST(Gateway, OneTransactionIsOneRequest) {
  EXPECT_EQ(transact({&kClaim}).path, "/v3/kv/txn");
  EXPECT_EQ(body_of(transact({&kClaim})), json::parse(R"({
    "compare":[{"key":"L3QvYQ==","result":"EQUAL","target":"CREATE","create_revision":"0"}],
    "success":[{"request_put":{"key":"L3QvYQ==","value":"djE="}}],
    "failure":[{"request_range":{"key":"L3QvYQ=="}}]})"));
}

TEST(Gateway, EveryKindOfOperation) {
  const Transaction all{
      .when = {Compare{.range = {.key = "a"}, .value = "b"}, Compare{.range = all_below("/t/")}},
      .then = {Put{.key = "a", .value = {}, .lease = 77}, Delete{.range = all_below("/t/")}},
      .otherwise = {Get{.range = all_below("/t/"), .limit = 9}}};
  EXPECT_EQ(body_of(transact({&all})), json::parse(R"({
    "compare":[{"key":"YQ==","result":"EQUAL","target":"VALUE","value":"Yg=="},
               {"key":"L3Qv","range_end":"L3Qw","result":"EQUAL","target":"CREATE","create_revision":"0"}],
    "success":[{"request_put":{"key":"YQ==","value":"","lease":"77"}},
               {"request_delete_range":{"key":"L3Qv","range_end":"L3Qw"}}],
    "failure":[{"request_range":{"key":"L3Qv","range_end":"L3Qw","limit":"9"}}]})"));
}

// etcd up to 3.5 does not count puts of inner transactions against its quota; it counts one that is never
// done.
TEST(Gateway, SeveralTransactionsAreOneThatCounts) {
  const Transaction reads{.then = {Get{.range = {.key = "b"}}}};
  const json both = body_of(transact({&reads, &kClaim}));
  EXPECT_EQ(both["compare"], json::array());
  ASSERT_EQ(both["success"].size(), 2U);
  EXPECT_EQ(both["success"][0]["request_txn"], body_of(transact({&reads})));
  EXPECT_EQ(both["success"][1]["request_txn"], body_of(transact({&kClaim})));
  EXPECT_EQ(both["failure"], json::parse(R"([{"request_put":{"key":"L3QvYQ==","value":""}}])"));
  EXPECT_EQ(body_of(transact({&reads, &reads}))["failure"], json::array());
}

// As etcd 3.4.23 and 3.5.16 have answered.
constexpr char kHeader[] =
    R"("header":{"cluster_id":"324952591200643719","member_id":"3319814642761637952","revision":"3","raft_term":"2"})";
std::string with_header(const std::string& rest) {
  return '{' + std::string(kHeader) + rest + '}';
}

TEST(Gateway, RecordedAnswersToOne) {
  const auto held = answers_to(
      {&kClaim},
      with_header(R"(,"succeeded":true,"responses":[{"response_put":{"header":{"revision":"3"}}}])"));
  ASSERT_TRUE(held);
  EXPECT_TRUE(held->at(0).held);
  EXPECT_EQ(held->at(0).revision, 3);
  EXPECT_TRUE(held->at(0).got.empty());

  const auto known = answers_to(
      {&kClaim},
      with_header(
          R"(,"responses":[{"response_range":{"header":{"revision":"2"},"kvs":[{"key":"L3QvYQ==","create_revision":"2","mod_revision":"3","version":"1","value":"djE="}],"count":"1"}}])"));
  ASSERT_TRUE(known);
  EXPECT_FALSE(known->at(0).held);
  ASSERT_EQ(known->at(0).got.at(0).size(), 1U);
  EXPECT_EQ(known->at(0).got[0][0].key, "/t/a");
  EXPECT_EQ(known->at(0).got[0][0].value, "v1");
  EXPECT_EQ(known->at(0).got[0][0].created, 2);
  EXPECT_EQ(known->at(0).got[0][0].modified, 3);

  const auto gone = answers_to({&kClaim}, with_header(R"(,"responses":[{"response_range":{"header":{}}}])"));
  ASSERT_TRUE(gone);
  EXPECT_TRUE(gone->at(0).got.at(0).empty());
}

const Transaction kIfEmpty{.when = {Compare{.range = all_below("/t/")}},
                           .then = {Put{.key = "/t/b", .value = {}}},
                           .otherwise = {Get{.range = all_below("/t/")}}};
const Transaction kThree{.then = {Put{.key = "/t/c", .value = {}}, Delete{.range = {.key = "/t/zz"}},
                                  Get{.range = {.key = "/t/c"}}}};
const Transaction kNothing{.then = {Get{.range = {.key = "/t/nothing"}}}};
constexpr char kThreeAnswers[] =
    R"(,"succeeded":true,"responses":[{"response_txn":{"header":{},"responses":[{"response_range":{"header":{"revision":"2"},"kvs":[{"key":"L3QvYQ==","create_revision":"2","mod_revision":"2","version":"1","value":"djE="}],"count":"1"}}]}},{"response_txn":{"header":{},"succeeded":true,"responses":[{"response_put":{"header":{"revision":"3"}}},{"response_delete_range":{"header":{"revision":"3"}}},{"response_range":{"header":{"revision":"3"},"kvs":[{"key":"L3QvYw==","create_revision":"3","mod_revision":"3","version":"1"}],"count":"1"}}]}},{"response_txn":{"header":{},"succeeded":true,"responses":[{"response_range":{"header":{"revision":"3"}}}]}}])";

TEST(Gateway, RecordedAnswersToSeveral) {
  const auto answers = answers_to({&kIfEmpty, &kThree, &kNothing}, with_header(kThreeAnswers));
  ASSERT_TRUE(answers) << answers.error().message;
  ASSERT_EQ(answers->size(), 3U);
  EXPECT_FALSE((*answers)[0].held);
  EXPECT_EQ((*answers)[0].got.at(0).at(0).value, "v1");
  EXPECT_TRUE((*answers)[1].held);
  EXPECT_EQ((*answers)[1].got.at(0).at(0).value, "");
  EXPECT_EQ((*answers)[1].revision, 3);
  EXPECT_TRUE((*answers)[2].got.at(0).empty());
}

TEST(Gateway, AnswersToSomethingElse) {
  const std::string good = with_header(kThreeAnswers);
  EXPECT_FALSE(answers_to({&kThree, &kIfEmpty, &kNothing}, good)) << "in another order";
  EXPECT_FALSE(answers_to({&kIfEmpty, &kThree}, good)) << "to fewer";
  EXPECT_FALSE(answers_to({&kIfEmpty, &kThree, &kNothing, &kNothing}, good)) << "to more";
  EXPECT_FALSE(answers_to({&kIfEmpty}, good));
  EXPECT_FALSE(answers_to({&kIfEmpty, &kThree, &kNothing}, with_header("")));
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(answers_to({&kIfEmpty, &kThree, &kNothing}, good.substr(0, length))) << length;
}

TEST(Gateway, WrongAnswersOfEveryKind) {
  const auto range = [](const std::string& rows) {
    return with_header(R"(,"succeeded":true,"responses":[{"response_range":{"kvs":)" + rows + "}}]");
  };
  const auto row = [](const std::string& key, const std::string& rest) {
    return R"({"key":")" + to_base64(key) + '"' + rest + '}';
  };
  const std::string revisions = R"(,"create_revision":"2","mod_revision":"3")";
  const Transaction two{.then = {Get{.range = all_below("/t/"), .limit = 2}}};
  const std::string a = row("/t/a", revisions), b = row("/t/b", revisions), c = row("/t/c", revisions);
  EXPECT_TRUE(answers_to({&two}, range('[' + a + ',' + b + ']')));
  EXPECT_FALSE(answers_to({&two}, range('[' + b + ',' + a + ']'))) << "out of order";
  EXPECT_FALSE(answers_to({&two}, range('[' + a + ',' + a + ']'))) << "one twice";
  EXPECT_FALSE(answers_to({&two}, range('[' + a + ',' + b + ',' + c + ']'))) << "more than asked for";
  for (const std::string& rows :
       {std::string("{}"), std::string("7"), std::string("[7]"), std::string("[{}]"),
        '[' + row("/u", revisions) + ']', '[' + row("/t/a", "") + ']',
        '[' + row("/t/a", R"(,"create_revision":"2")") + ']',
        '[' + row("/t/a", R"(,"create_revision":"3","mod_revision":"2")") + ']',
        '[' + row("/t/a", R"(,"create_revision":"2x","mod_revision":"2")") + ']',
        '[' + row("/t/a", R"(,"create_revision":"99999999999999999999","mod_revision":"2")") + ']',
        '[' + row("/t/a", R"(,"create_revision":true,"mod_revision":"2")") + ']',
        '[' + row("/t/a", revisions + R"(,"value":"?")") + ']',
        '[' + row("/t/a", revisions + R"(,"value":7)") + ']'})
    EXPECT_FALSE(answers_to({&two}, range(rows))) << rows;
  for (const char* body : {"", "null", "7", "[]", "{}", R"({"header":7})", R"({"header":{}})",
                           R"({"header":{"revision":"0"},"succeeded":true})",
                           R"({"header":{"revision":"-3"}})", "<html>busy</html>"})
    EXPECT_FALSE(answers_to({&two}, body)) << body;
  EXPECT_FALSE(answers_to({&two}, with_header(R"(,"succeeded":"true")")));
  const auto deep =
      answers_to({&two}, R"({"a":")" + std::string(100, '[') + R"(\"[","b":)" + std::string(100, '['));
  ASSERT_FALSE(deep);
  EXPECT_THAT(deep.error().message, HasSubstr("too deeply"));
}

TEST(Gateway, Leases) {
  EXPECT_EQ(body_of(grant(std::chrono::seconds(30))), json::parse(R"({"TTL":"30"})"));
  EXPECT_EQ(*granted(with_header(R"(,"ID":"2324035710101714441","TTL":"30")")), 2324035710101714441);
  EXPECT_FALSE(granted(with_header("")));
  EXPECT_EQ(body_of(keep_alive(77)), json::parse(R"({"ID":"77"})"));
  EXPECT_EQ(*kept(77, R"({"result":)" + with_header(R"(,"ID":"77","TTL":"30")") + "}\n"), 77);
  EXPECT_EQ(*kept(78, R"({"result":)" + with_header(R"(,"ID":"78")") + "}\n"), 0);
  EXPECT_FALSE(kept(79, R"({"result":)" + with_header(R"(,"ID":"78")") + "}\n"));
  EXPECT_FALSE(kept(77, with_header("")));
  EXPECT_EQ(body_of(revoke(77)), json::parse(R"({"ID":"77"})"));
}

TEST(Gateway, Logins) {
  EXPECT_EQ(body_of(log_in("relayd", "\"\xff")),
            json::parse("{\"name\":\"relayd\",\"password\":\"\\\"\xef\xbf\xbd\"}"));
  EXPECT_EQ(*token(with_header(R"(,"token":"aZJVHvHRvFXnYlJW.17")")), "aZJVHvHRvFXnYlJW.17");
  for (const char* rest : {"", R"(,"token":"")", R"(,"token":7)", R"(,"token":"a\r\nX: b")"})
    EXPECT_FALSE(token(with_header(rest))) << rest;
}

TEST(Gateway, WatchesShareAStream) {
  EXPECT_EQ(watch({{.id = 5, .range = all_below("/t/"), .from = 2}, {.id = 6, .range = {.key = "/u"}}}).body,
            R"({"create_request":{"key":"L3Qv","range_end":"L3Qw","watch_id":"5","start_revision":"2"}})"
            R"({"create_request":{"key":"L3U=","watch_id":"6"}})");
}

}  // namespace
}  // namespace tsmtp::etcd
