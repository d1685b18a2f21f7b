#include "tests/support/two_hubs.h"

#include <unistd.h>

#include <csignal>

namespace tsmtp::support {
namespace {

// Tests run side by side, so each has addresses of its own: the whole process number, of at most 22 bits, is
// in them, and `which` (1 to 3) makes them differ within the test. 127.0 to 127.63 are left to others.
std::string own_address(int which) {
  const int pid = getpid();
  return "127." + std::to_string(which * 64 + pid / 65536 % 64) + '.' + std::to_string(pid / 256 % 256) +
         '.' + std::to_string(pid % 256);
}

}  // namespace

TwoHubs::TwoHubs() = default;

void TwoHubs::TearDown() {
  for (Hub* hub : {&tokyo, &birl}) {
    if (hub->process().running()) {
      hub->process().signal(SIGTERM);
      hub->process().signal(SIGTERM);  // at once
      EXPECT_EQ(hub->process().wait(), 0) << hub->log();
    }
    EXPECT_THAT(hub->log(), ::testing::Not(::testing::HasSubstr("runtime error")));
  }
  if (HasFailure()) ADD_FAILURE() << "tokyo's log:\n" << tokyo.log() << "birl's log:\n" << birl.log();
}

void TwoHubs::configure(const std::string& tokyo_site_keys, const std::string& tokyo_hub_keys) {
  tokyo.configure({{.name = "birl",
                    .pin = birl.pin(),
                    .dial = {"127.0.0.1:" + std::to_string(proxy_port)},
                    .address = own_address(1),
                    .port = endpoint_port,
                    .deliver = tokyo_mta_port,
                    .more = tokyo_site_keys}},
                  tokyo_hub_keys);
  birl.configure({{.name = "tokyo",
                   .pin = tokyo.pin(),
                   .dial = {},
                   .address = own_address(2),
                   .port = endpoint_port,
                   .deliver = birl_mta_port,
                   .more = birl_site_keys}});
}

std::string TwoHubs::endpoint_address() {
  return own_address(1);
}

std::string TwoHubs::far_endpoint_address() {
  return own_address(2);
}

std::string TwoHubs::third_address() {
  return own_address(3);
}

void TwoHubs::start(const std::string& keys) {
  configure(keys);
  birl.start();
  tokyo.start();
  ASSERT_TRUE(link_is_up()) << tokyo.log() << birl.log();
}

Connection TwoHubs::raw_session() {
  Connection session(own_address(1), endpoint_port);
  EXPECT_THAT(session.reply(), ::testing::StartsWith("220 "));
  return session;
}

Connection TwoHubs::session() {
  Connection session = raw_session();
  EXPECT_THAT(session.command("EHLO mx.tokyo.example"), ::testing::StartsWith("250-"));
  return session;
}

void TwoHubs::begin_mail(Connection& session, const std::string& content) {
  EXPECT_THAT(session.command("MAIL FROM:<a@tokyo.example>"), ::testing::StartsWith("250 "));
  EXPECT_THAT(session.command("RCPT TO:<b@birl.example>"), ::testing::StartsWith("250 "));
  EXPECT_THAT(session.command("DATA"), ::testing::StartsWith("354 "));
  EXPECT_TRUE(session.send(content));
}

std::string TwoHubs::send_mail(Connection& session, const std::string& content, const std::string& from,
                               const std::string& to) {
  for (const std::string& command :
       {"MAIL FROM:<" + from + "> SIZE=" + std::to_string(content.size()), "RCPT TO:<" + to + ">"}) {
    const std::string reply = session.command(command);
    if (!reply.starts_with("250")) return reply;
  }
  const std::string reply = session.command("DATA");
  if (!reply.starts_with("354")) return reply;
  session.send(content);
  return session.command(".");
}

}  // namespace tsmtp::support
