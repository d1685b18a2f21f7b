#include "tests/support/hub.h"

#include <csignal>
#include <stdexcept>

namespace tsmtp::support {
namespace {

std::string quoted_list(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items)
    out += (out.empty() ? "\"" : ", \"") + item + '"';
  return '[' + out + ']';
}

std::string endpoint_of(const SiteEntry& site) {
  return site.address + ':' + std::to_string(site.port);
}

// Where the test's own keys of this site say nothing else; further sites may follow them.
std::string endpoint_line(const SiteEntry& site) {
  if (site.more.find("endpoint = ") < site.more.find("[[site]]")) return "";
  return "endpoint = [\"" + endpoint_of(site) + "\"]\n";
}

std::string site_text(const SiteEntry& site, const std::string& name) {
  const std::string& hub = site.local.empty() ? name : site.local;
  return "[[site]]\nname = \"" + site.name + "\"\npin = [\"" + site.pin +
         "\"]\ndial = " + quoted_list(site.dial) + "\naddress = \"" + site.address + "\"\n" +
         endpoint_line(site) + "deliver = \"127.0.0.1:" + std::to_string(site.deliver) + "\"\ndomains = [\"" +
         site.name + ".example\", \"." + site.name + ".example\"]\nlocal = [\"" + hub + ".example\", \"." +
         hub + ".example\"]\n" + site.more + "\n";
}

}  // namespace

std::string nobodys_pin() {
  return "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
}

Hub::Hub(std::string name, std::uint16_t listen) : name_(std::move(name)), listen_(listen) {
  configure({});
  const Finished made = relayctl({"init"});
  if (made.status != 0) throw std::runtime_error(made.output);
  pin_ = relayctl({"fingerprint"}).output;
  pin_ = pin_.substr(pin_.find("sha256:"));
  pin_.pop_back();
}

void Hub::configure(const std::vector<SiteEntry>& sites, const std::string& hub_keys) {
  std::string text = "[hub]\nname = \"" + name_ + "\"\nidentity = \"" + file("identity.pem") +
                     "\"\nstate_dir = \"" + file("state") + "\"\ncontrol = \"" + file("control.sock") +
                     "\"\n";
  if (listen_ != 0) text += "listen = [\"127.0.0.1:" + std::to_string(listen_) + "\"]\n";
  text += hub_keys + "\n";
  for (const SiteEntry& site : sites)
    text += site_text(site, name_);
  write_file(config(), text);
}

void Hub::launch(const std::vector<std::string>& arguments) {
  std::vector<std::string> all{TSMTP_RELAYD, "--config", config()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  process_ = std::make_unique<Process>(all, file("log"));
}

void Hub::start() {
  launch();
  const bool serves = wait_until([&] { return !process_->running() || relayctl({"status"}).status == 0; });
  if (!serves || !process_->running()) throw std::runtime_error(name_ + " does not start:\n" + log());
}

void Hub::kill() {
  process_->signal(SIGKILL);
  (void)process_->wait();
}

bool Hub::logs(const std::string& text) const {
  return wait_until([&] { return log().find(text) != std::string::npos; });
}

Finished Hub::relayctl(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {TSMTP_RELAYCTL, "--config", config()});
  return run(arguments);
}

nlohmann::json Hub::status() const {
  const std::string output = relayctl({"status", "--json"}).output;
  const std::size_t begin = output.find('{');  // warnings of the configuration come first
  if (begin == std::string::npos) return nlohmann::json::object();  // it does not serve (yet)
  return nlohmann::json::parse(output.substr(begin), nullptr, false);
}

nlohmann::json Hub::site_status(const std::string& site) const {
  for (const auto& entry : status().value("sites", nlohmann::json::array()))
    if (entry.value("name", "") == site) return entry;
  return {};
}

bool Hub::wait_for_link(const std::string& site) const {
  return wait_until([&] {
    const auto entry = site_status(site);
    return entry.is_object() && entry["state"] == "up" && entry["far_mta"].is_string() &&
           entry["far_mta"].get<std::string>().starts_with("reachable");
  });
}

bool Hub::wait_for_link_down(const std::string& site) const {
  return wait_until([&] {
    const auto entry = site_status(site);
    return entry.is_object() && entry["state"] != "up";
  });
}

}  // namespace tsmtp::support
