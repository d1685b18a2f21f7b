// Both sides have several hubs: each hub has a link to each of the other side's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <memory>

#include "tests/support/connection.h"
#include "tests/support/fake_mta.h"
#include "tests/support/hub.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

using ::testing::StartsWith;

// As in two_hubs.cc: tests run side by side.
std::string own_address(int which) {
  const int pid = getpid();
  return "127." + std::to_string(which * 64 + pid / 65536 % 64) + '.' + std::to_string(pid / 256 % 256) +
         '.' + std::to_string(pid % 256);
}

struct Node {
  explicit Node(const std::string& its_name) : name(its_name), hub(its_name, link_port) {}

  std::string name;
  std::uint16_t link_port = free_port();
  std::uint16_t endpoint_port = free_port();
  std::uint16_t mta_port = free_port();
  FakeMta mta{mta_port};
  Hub hub;
};
using Side = std::vector<std::unique_ptr<Node>>;

class Mesh : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    for (int i = 1; i <= GetParam(); ++i) {
      near_.push_back(std::make_unique<Node>("near" + std::to_string(i)));
      far_.push_back(std::make_unique<Node>("far" + std::to_string(i)));
    }
    configure(near_, far_, "near", "far", own_address(1));
    configure(far_, near_, "far", "near", own_address(2));
    for (const Side* side : {&near_, &far_})
      for (const auto& node : *side)
        node->hub.launch();
    EXPECT_TRUE(are_linked(near_, "far"));
    EXPECT_TRUE(are_linked(far_, "near"));
  }
  void TearDown() override {
    for (const Side* side : {&near_, &far_})
      for (const auto& node : *side) {
        if (node->hub.process().running()) {
          node->hub.process().signal(SIGTERM);
          node->hub.process().signal(SIGTERM);  // at once
          EXPECT_EQ(node->hub.process().wait(), 0) << node->hub.log();
        }
        if (HasFailure()) ADD_FAILURE() << node->name << "'s log:\n" << node->hub.log();
      }
  }

  /// All hubs of `side` know the other side as one site; both dial.
  static void configure(const Side& side, const Side& others, const std::string& own,
                        const std::string& other, const std::string& address) {
    for (const auto& node : side) {
      std::string text =
          "[hub]\nname = \"" + node->name + "\"\nidentity = \"" + node->hub.file("identity.pem") +
          "\"\nstate_dir = \"" + node->hub.file("state") + "\"\ncontrol = \"" +
          node->hub.file("control.sock") + "\"\nlisten = [\"127.0.0.1:" + std::to_string(node->link_port) +
          "\"]\n[[site]]\nname = \"" + other + "\"\naddress = \"" + address + "\"\nendpoint = [\"" + address +
          ':' + std::to_string(node->endpoint_port) +
          "\"]\ndeliver = \"127.0.0.1:" + std::to_string(node->mta_port) + "\"\ndomains = [\"" + other +
          ".example\"]\nlocal = [\"" + own + ".example\"]\nprefer = \"spread\"\n";
      for (const auto& one : others)
        text += "[[site.hub]]\nname = \"" + one->name + "\"\npin = [\"" + one->hub.pin() +
                "\"]\ndial = [\"127.0.0.1:" + std::to_string(one->link_port) + "\"]\n";
      write_file(node->hub.config(), text);
    }
  }
  [[nodiscard]] static bool are_linked(const Side& side, const std::string& site) {
    return wait_until([&] {
      for (const auto& node : side) {
        const auto status = node->hub.site_status(site);
        if (!status.is_object()) return false;
        for (const auto& hub : status["hubs"])
          if (hub["state"] != "up" || !hub["refusal"].is_null()) return false;
      }
      return true;
    });
  }
  /// From that hub's MTA; the final reply.
  static std::string send(const Node& node, const std::string& address, const std::string& from,
                          const std::string& to) {
    Connection client(address, node.endpoint_port);
    std::string reply = client.reply();
    for (const std::string& command : {"EHLO mx." + from + ".example", "MAIL FROM:<a@" + from + ".example>",
                                       "RCPT TO:<b@" + to + ".example>", std::string("DATA")})
      if (reply.starts_with("2")) reply = client.command(command);
    if (!reply.starts_with("354")) return reply;
    static int number = 0;
    client.send("Subject: " + std::to_string(++number) + "\r\n\r\ntext\r\n");
    return client.command(".");
  }
  [[nodiscard]] static std::size_t delivered_to(const Side& side) {
    std::size_t all = 0;
    for (const auto& node : side)
      all += node->mta.count();
    return all;
  }

  Side near_, far_;
};

TEST_P(Mesh, EachReachesEachAndAnyMayDie) {
  for (const auto& node : near_)
    for (int i = 0; i < GetParam(); ++i)
      EXPECT_THAT(send(*node, own_address(1), "near", "far"), StartsWith("250 "));
  for (const auto& node : far_) {
    EXPECT_EQ(node->mta.count(), static_cast<std::size_t>(GetParam())) << "one of each hub of the other side";
    EXPECT_THAT(send(*node, own_address(2), "far", "near"), StartsWith("250 "));
  }
  EXPECT_EQ(delivered_to(near_), static_cast<std::size_t>(GetParam()));

  const std::size_t before = delivered_to(far_);
  near_.front()->hub.kill();
  far_.front()->hub.kill();
  for (std::size_t i = 1; i < near_.size(); ++i)
    EXPECT_TRUE(
        wait_until([&] { return send(*near_[i], own_address(1), "near", "far").starts_with("250 "); }));
  EXPECT_EQ(delivered_to(far_), before + near_.size() - 1);
}

INSTANTIATE_TEST_SUITE_P(Of, Mesh, ::testing::Values(2, 3));

}  // namespace
}  // namespace tsmtp::support
