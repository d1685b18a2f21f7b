#include "relayd/etcd/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::etcd {
namespace {

using Kind = Refusal::Kind;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string said(const std::string& message, int code) {
  return R"({"error":")" + message + R"(","message":")" + message + R"(","code":)" + std::to_string(code) +
         '}';
}

TEST(Refusal, EachKindOfTrouble) {
  struct Case {
    const char* message;
    Kind kind;
    bool may_be_done;
  };
  for (const Case& one :
       {Case{"etcdserver: no leader", Kind::kMember, false},
        Case{"etcdserver: request timed out, possibly due to previous leader failure", Kind::kMember, true},
        Case{"etcdserver: request timed out", Kind::kMember, true},
        Case{"etcdserver: server stopped", Kind::kMember, true},
        Case{"etcdserver: too many requests", Kind::kMember, false},
        Case{"etcdserver: mvcc: database space exceeded", Kind::kFull, true},
        Case{"etcdserver: invalid auth token", Kind::kLogin, false},
        Case{"etcdserver: permission denied", Kind::kEngine, false},
        Case{"etcdserver: user name is empty", Kind::kEngine, false},
        Case{"etcdserver: authentication failed, invalid user ID or password", Kind::kEngine, false},
        Case{"etcdserver: corrupt cluster", Kind::kEngine, true},
        Case{"etcdserver: requested lease not found", Kind::kRequest, false},
        Case{"etcdserver: duplicate key given in txn request", Kind::kRequest, false},
        Case{"etcdserver: request is too large", Kind::kRequest, false},
        Case{"something new", Kind::kMember, true}, Case{"transport is closing", Kind::kMember, true}}) {
    const Refusal refusal = refusal_of(503, said(one.message, 14));
    EXPECT_EQ(refusal.kind, one.kind) << one.message;
    EXPECT_EQ(refusal.may_be_done, one.may_be_done) << one.message;
    EXPECT_THAT(refusal.text, HasSubstr(one.message));
  }
  EXPECT_THAT(refusal_of(400, said("etcdserver: mvcc: database space exceeded", 8)).text,
              HasSubstr("etcdctl alarm disarm"));
}

TEST(Refusal, FormsOfOneMessage) {
  EXPECT_EQ(refusal_of(503, R"({"code":14,"message":"etcdserver: no leader","details":[]})").may_be_done,
            false);
  EXPECT_EQ(
      refusal_of(
          200,
          R"({"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader","http_status":"Service Unavailable"}})")
          .may_be_done,
      false);
}

TEST(Refusal, NoEtcdAtAll) {
  EXPECT_THAT(refusal_of(404, "Not Found\n").text, AllOf(HasSubstr("404"), HasSubstr("gateway")));
  EXPECT_FALSE(refusal_of(404, "Not Found\n").may_be_done);
  EXPECT_TRUE(refusal_of(502, "<html>").may_be_done);
  EXPECT_TRUE(refusal_of(500, R"({"error":7})").may_be_done);
}

TEST(Refusal, WordsFromOutsideAreEscaped) {
  const auto text = refusal_of(500, R"({"error":"a\r\nb\u0000)" + std::string(500, 'x') + "\"}").text;
  EXPECT_THAT(text, AllOf(Not(HasSubstr("\n")), Not(HasSubstr("\r"))));
  EXPECT_LT(text.size(), 300U);
}

TEST(Refusal, NobodyHasToLogIn) {
  EXPECT_TRUE(needs_no_login(said("etcdserver: authentication is not enabled", 9)));
  EXPECT_FALSE(needs_no_login(said("etcdserver: authentication failed, invalid user ID or password", 3)));
}

}  // namespace
}  // namespace tsmtp::etcd
