#include "tests/support/several_hubs.h"

#include <unistd.h>

#include <csignal>

#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

// As in two_hubs.cc: tests run side by side.
std::string own_address(int which) {
  const int pid = getpid();
  return "127." + std::to_string(which * 64 + pid / 65536 % 64) + '.' + std::to_string(pid / 256 % 256) +
         '.' + std::to_string(pid % 256);
}

void end(Hub& hub) {
  if (hub.process().running()) {
    hub.process().signal(SIGTERM);
    hub.process().signal(SIGTERM);  // at once
    EXPECT_EQ(hub.process().wait(), 0) << hub.log();
  }
  EXPECT_THAT(hub.log(), ::testing::Not(::testing::HasSubstr("runtime error")));
}

}  // namespace

void SeveralHubs::TearDown() {
  end(tokyo);
  for (const auto& one : far)
    end(one->hub);
  if (!HasFailure()) return;
  ADD_FAILURE() << "tokyo's log:\n" << tokyo.log();
  for (const auto& one : far)
    ADD_FAILURE() << one->name << "'s log:\n" << one->hub.log();
}

SeveralHubs::FarHub& SeveralHubs::add_hub() {
  far.push_back(std::make_unique<FarHub>("mail" + std::to_string(far.size() + 1)));
  configure(*far.back());
  far.back()->hub.start();
  return *far.back();
}

void SeveralHubs::configure(FarHub& one) const {
  one.hub.configure({{.name = "tokyo",
                      .pin = tokyo.pin(),
                      .dial = {},
                      .address = own_address(2),
                      .port = one.endpoint_port,
                      .deliver = one.mta_port,
                      .more = far_site_keys,
                      .local = "birl"}});
}

void SeveralHubs::configure_tokyo(const std::string& keys, const std::vector<std::size_t>& which) {
  std::string text =
      "[hub]\nname = \"tokyo\"\nidentity = \"" + tokyo.file("identity.pem") + "\"\nstate_dir = \"" +
      tokyo.file("state") + "\"\ncontrol = \"" + tokyo.file("control.sock") +
      "\"\n[[site]]\nname = \"birl\"\naddress = \"" + own_address(1) + "\"\nendpoint = [\"" + own_address(1) +
      ':' + std::to_string(endpoint_port) + "\"]\ndeliver = \"127.0.0.1:" + std::to_string(tokyo_mta_port) +
      "\"\ndomains = [\"birl.example\"]\nlocal = [\"tokyo.example\"]\n" + keys + '\n';
  for (std::size_t i = 0; i < far.size(); ++i) {
    if (!which.empty() && std::find(which.begin(), which.end(), i) == which.end()) continue;
    text += "[[site.hub]]\nname = \"" + far[i]->name + "\"\npin = [\"" + far[i]->hub.pin() +
            "\"]\ndial = [\"127.0.0.1:" + std::to_string(far[i]->path_port) + "\"]\n";
  }
  write_file(tokyo.config(), text);
}

void SeveralHubs::start(std::size_t hubs, const std::string& keys) {
  for (std::size_t i = 0; i < hubs; ++i)
    add_hub();
  configure_tokyo(keys);
  tokyo.start();
  for (const auto& one : far)
    ASSERT_TRUE(takes_mail(one->name)) << tokyo.log();
}

nlohmann::json SeveralHubs::status_of(const std::string& hub) const {
  const auto site = tokyo.site_status("birl");
  if (!site.is_object()) return {};
  for (const auto& one : site.value("hubs", nlohmann::json::array()))
    if (one.value("name", "") == hub) return one;
  return {};
}

bool SeveralHubs::takes_mail(const std::string& hub) const {
  return wait_until([&] {
    const auto status = status_of(hub);
    return status.is_object() && status["state"] == "up" && status["refusal"].is_null();
  });
}

bool SeveralHubs::takes_no_mail(const std::string& hub) const {
  return wait_until([&] {
    const auto status = status_of(hub);
    return status.is_object() && (status["state"] != "up" || !status["refusal"].is_null());
  });
}

Connection SeveralHubs::session() const {
  Connection session(own_address(1), endpoint_port);
  EXPECT_THAT(session.reply(), ::testing::StartsWith("220 "));
  EXPECT_THAT(session.command("EHLO mx.tokyo.example"), ::testing::StartsWith("250-"));
  return session;
}

std::string SeveralHubs::send_mail(Connection& session, const std::string& content) {
  for (const std::string command : {"MAIL FROM:<a@tokyo.example>", "RCPT TO:<b@birl.example>"}) {
    const std::string reply = session.command(command);
    if (!reply.starts_with("250")) return reply;
  }
  const std::string reply = session.command("DATA");
  if (!reply.starts_with("354")) return reply;
  session.send(content);
  return session.command(".");
}

std::string SeveralHubs::deliver(const std::string& content) const {
  std::string reply = "never answered";
  (void)wait_until([&] {
    try {
      Connection client(own_address(1), endpoint_port);
      if (!client.reply().starts_with("220")) return false;
      client.command("EHLO mx.tokyo.example");
      reply = send_mail(client, content);
      if (reply.starts_with("2")) (void)client.command("QUIT");
      return reply.starts_with("2") || reply.starts_with("5");
    } catch (const std::exception&) {
      return false;
    }
  });
  return reply;
}

std::size_t SeveralHubs::copies(const std::string& content) const {
  std::size_t found = 0;
  for (const auto& one : far)
    for (const Delivered& mail : one->mta.delivered())
      if (mail.content == content) ++found;
  return found;
}

}  // namespace tsmtp::support
