// A site's part in an upgrade: whose its clients are, and what becomes of their sessions.
#include "relayd/net/site_succession.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "relayd/net/site.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/net/linked_hubs.h"

namespace tsmtp::net {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// Our MTA, at an endpoint.
class MtaAtEndpoint {
 public:
  explicit MtaAtEndpoint(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), std::begin(address.sun_path));
    EXPECT_EQ(connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  void say(const std::string& line) {
    heard_.clear();
    (void)!send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL);
  }
  /// Since it said something.
  [[nodiscard]] const std::string& heard() {
    std::array<char, 4096> buffer;
    const ssize_t bytes = recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (bytes > 0) heard_.append(buffer.data(), static_cast<std::size_t>(bytes));
    return heard_;
  }

 private:
  base::Descriptor socket_{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::string heard_;
};

class SuccessionOfASite : public LinkedHubs {
 protected:
  SuccessionOfASite() {
    settings_.endpoints = {{.host = {}, .port = 0, .unix_path = path_}};
    settings_.deliver = {.host = {}, .port = 0, .unix_path = directory_.file("mta")};
    site_ = std::make_unique<Site>(tokyo.shared, settings_);
    birl.own_mta = mail::FarMta{.reachable = true, .extensions = {}, .cause = {}};
    birl.hub->start();
    bound_ = *Site::bind(settings_, {}, {.executor = io.get_executor(), .held = held_});
  }
  void TearDown() override {
    site_.reset();
    LinkedHubs::TearDown();
  }
  SiteSuccession& succession() { return site_->succession(); }
  [[nodiscard]] bool is_in_touch() {
    return run_until([&] { return !succession().hubs_in_touch().empty(); });
  }
  [[nodiscard]] bool hears(MtaAtEndpoint& client, const std::string& begin) {
    return run_until([&] { return client.heard().starts_with(begin); });
  }

  support::TemporaryDirectory directory_;
  const std::string path_ = directory_.file("endpoint");
  class NoLog : public base::Logger {
   public:
    void log(base::LogLevel, std::string_view) override {}
  } log_;
  HeldEndpoints held_{"", log_};
  settings::Site settings_ = tokyo.site;
  Site::Bound bound_;
  std::unique_ptr<Site> site_;
};

TEST_F(SuccessionOfASite, ClientsOfASuspendedSiteAreTheOthers) {
  site_->start_suspended(bound_);
  ASSERT_TRUE(is_in_touch());
  MtaAtEndpoint client(path_);
  pass(std::chrono::milliseconds(20));
  EXPECT_THAT(client.heard(), IsEmpty());
  succession().resume();
  EXPECT_TRUE(hears(client, "220 "));

  succession().suspend();
  MtaAtEndpoint next(path_);
  pass(std::chrono::milliseconds(20));
  EXPECT_THAT(next.heard(), IsEmpty());
  EXPECT_EQ(site_->sessions(), 1U);
}

TEST_F(SuccessionOfASite, WhatIsLentIsTheSocketOfEachEndpoint) {
  site_->start(bound_);
  const auto lent = succession().listening();
  ASSERT_EQ(lent.size(), 1U);
  EXPECT_EQ(lent.front().address.unix_path, path_);
  EXPECT_EQ(lent.front().descriptor, site_->endpoints().front()->descriptor());
}

TEST_F(SuccessionOfASite, ASessionGoesOverBetweenTwoMails) {
  site_->start(bound_);
  ASSERT_TRUE(is_in_touch());
  MtaAtEndpoint client(path_);
  ASSERT_TRUE(hears(client, "220 "));
  client.say("EHLO mx.tokyo.example\r\n");
  ASSERT_TRUE(hears(client, "250-"));
  EXPECT_FALSE(succession().is_idle());

  struct Given {
    RestingSession session;
    base::Descriptor socket;
  };
  std::optional<Given> given;
  succession().give_sessions_to([&](const base::HostPort& at, const RestingSession& session, int socket) {
    EXPECT_EQ(at.unix_path, path_);
    given.emplace(Given{session, base::Descriptor(fcntl(socket, F_DUPFD_CLOEXEC, 0))});
    return true;
  });
  succession().let_go_of_idle(std::chrono::hours(1));
  ASSERT_TRUE(given);
  EXPECT_TRUE(run_until([&] { return succession().is_idle(); }));

  succession().give_sessions_to(nullptr);
  succession().go_on_with(given->session, std::move(given->socket));
  client.say("MAIL FROM:<a@tokyo.example>\r\n");
  EXPECT_TRUE(hears(client, "250 ")) << "it has said EHLO before";
}

TEST_F(SuccessionOfASite, ASessionThatNobodyTakesIsToldToComeAgain) {
  site_->start(bound_);
  ASSERT_TRUE(is_in_touch());
  MtaAtEndpoint client(path_);
  ASSERT_TRUE(hears(client, "220 "));
  succession().let_go_of_idle(std::chrono::hours(1));
  EXPECT_EQ(site_->sessions(), 1U) << "it has not been idle for long";
  succession().let_go_of_idle({});
  EXPECT_TRUE(run_until([&] { return client.heard().find("421 4.3.2 ") != std::string::npos; }));
  EXPECT_THAT(client.heard(), HasSubstr("this relayd has been upgraded"));
}

}  // namespace
}  // namespace tsmtp::net
