#include "relayd/control/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::control {
namespace {

using testing::HasSubstr;

TEST(Request, EveryRequestComesBack) {
  for (const Request request : {Request::kStatus, Request::kStatusJson, Request::kReload, Request::kDrain,
                                Request::kDoubts, Request::kDoubtsJson, Request::kForget, Request::kApprovals,
                                Request::kApprovalsJson, Request::kApprove, Request::kDeny}) {
    const auto parsed = parse_request(request_line(request));
    ASSERT_TRUE(parsed);
    ASSERT_TRUE(*parsed);
    EXPECT_EQ((*parsed)->request, request);
  }
}

TEST(Request, ForgetHasAnArgument) {
  const auto parsed = parse_request(request_line(Request::kForget, "3f6c"));
  ASSERT_TRUE(parsed);
  ASSERT_TRUE(*parsed);
  EXPECT_EQ((*parsed)->request, Request::kForget);
  EXPECT_EQ((*parsed)->argument, "3f6c");
  EXPECT_EQ((*parse_request("forget \n"))->argument, "");
}

TEST(Request, WaitsForTheLineEnd) {
  EXPECT_FALSE(parse_request(""));
  EXPECT_FALSE(parse_request("status --jso"));
  EXPECT_FALSE(parse_request(std::string(kMaxRequestBytes - 1, 'x')));
}

std::string error_of(std::string_view received) {
  const auto parsed = parse_request(received);
  return parsed && !*parsed ? parsed->error().message : "no error";
}

TEST(Request, BadRequests) {
  EXPECT_THAT(error_of(std::string(kMaxRequestBytes, 'x')), HasSubstr("longer than 256 bytes"));
  EXPECT_THAT(error_of(std::string(kMaxRequestBytes, 'x') + "\n"), HasSubstr("longer than 256 bytes"));
  EXPECT_THAT(error_of("status\nreload\n"), HasSubstr("nothing behind its line"));
  EXPECT_THAT(error_of("\n"), HasSubstr("unknown request \"\""));
  EXPECT_THAT(error_of("stop\x1b\n"),
              HasSubstr("unknown request \"stop\\x1b\"; status, status --json, status --html, reload"));
  EXPECT_THAT(error_of("STATUS\n"), HasSubstr("unknown request"));
  EXPECT_THAT(error_of("forget\n"), HasSubstr("approve, deny, claims, resolve or forget ID was expected"));
  EXPECT_THAT(error_of("forgetall\n"), HasSubstr("unknown request"));
  EXPECT_THAT(error_of("doubts birl\n"), HasSubstr("unknown request"));
  EXPECT_THAT(error_of("status\r\n"), HasSubstr("unknown request"));
}

TEST(Reply, Ok) {
  const auto body = parse_reply(reply_ok("a\nb\n"));
  ASSERT_TRUE(body);
  EXPECT_EQ(*body, "a\nb\n");
  EXPECT_EQ(*parse_reply(reply_ok("")), "");
}

TEST(Reply, Error) {
  const auto body = parse_reply(reply_error("relayd.toml:3:1: error: x\nrelayd.toml:4:1: error: y\n"));
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().message, "relayd.toml:3:1: error: x\nrelayd.toml:4:1: error: y");
}

TEST(Reply, ErrorWithAnExitStatus) {
  const std::string received = reply_error("no such mail", 65);
  EXPECT_EQ(received, "error 65\nno such mail\n");
  EXPECT_EQ(parse_reply(received).error().message, "no such mail");
  EXPECT_EQ(reply_exit_status(received), 65);
  EXPECT_FALSE(reply_exit_status(reply_error("no such mail")));
  EXPECT_FALSE(reply_exit_status(reply_ok("error 65\n")));
  for (const char* bad :
       {"error \nx\n", "error 0\nx\n", "error 256\nx\n", "error 6x\nx\n", "error -1\nx\n", "error 65"}) {
    EXPECT_FALSE(reply_exit_status(bad)) << bad;
    EXPECT_THAT(parse_reply(bad).error().message, HasSubstr("not a reply")) << bad;
  }
}

TEST(Reply, NotAReply) {
  EXPECT_THAT(parse_reply("").error().message, HasSubstr("without a reply"));
  EXPECT_THAT(parse_reply("o").error().message, HasSubstr("not a reply"));
  EXPECT_THAT(parse_reply("HTTP/1.1 400 Bad Request\r\n").error().message, HasSubstr("not a reply"));
  EXPECT_THAT(parse_reply("error\n").error().message, HasSubstr("without a reason"));
}

}  // namespace
}  // namespace tsmtp::control
